"""The gazetteer: what is named, in which written forms, and what each form needs to count.

Files beside this one are TOML, one table per entry, the table's name being the kind:

    [[office]]                      # office, person, org, company, place, agreement, event, third, cue, topic
    id = "hketo-kl"                 # English short name, lower case with hyphens; the tag is kind/id
    name = "Hong Kong Economic and Trade Office in Kuala Lumpur"
    sides = ["hk", "my"]            # which side the name stands for; both: it is a link by itself
    role = "eto"                    # eto, mission, leader, official, government, airline, exchange, index ...
    implies = ["office/hketo"]      # tags that come with this one
    from = 2025                     # years of office or existence
    en = ["..."]                    # written forms: Latin forms of one word keep their capitals
    ms = ["..."]
    hant = ["..."]                  # folded to Simplified when read, so `hans` holds only other wordings
    hans = ["..."]
    needs = [{ forms = ["KL ETO"], any = ["@hk"] }]   # these forms count only beside one of `any`
    excludes = ["..."]              # longer strings in which a form of this entry means something else

`any` holds plain words or one of @hk, @my (that side is named beyond doubt, or the source is of that side),
@both, @source-hk, @source-my, @source-sg ... `forms = ["*"]` means all forms of the entry. Names of kind event,
third, cue and topic give no tag of their own kind here; topics are tagged by `parsers.topics`.

Topics and cues put their words in `strong` and `weak` tables by language instead of the lists above; `names` of
a topic are the roles and tags that speak for it ("role/airline", "org/hktdc").
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

KINDS = ("office", "person", "org", "company", "place", "agreement", "event", "third", "cue", "topic")
TAGGED = frozenset(KINDS[:6])
LANGUAGES = ("en", "ms", "hant", "hans")
_TEXT_FIELDS = {"id", "name", "role", "note", "group"}
_FIELDS = _TEXT_FIELDS | {
    "sides",
    "implies",
    "names",
    "from",
    "to",
    "needs",
    "excludes",
    "strong",
    "weak",
    *LANGUAGES,
}


class GazetteerError(ValueError):
    """A gazetteer or rules file that cannot be used; the message names file, entry and what to do."""


@dataclass(frozen=True, slots=True)
class Form:
    """One written form. `any_of` is empty when the form counts by itself; `weak` words only support."""

    text: str
    any_of: tuple[str, ...] = ()
    weak: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One entry with all its forms, compared by identity. `sides` holds "hk", "my", both, or nothing; `speaks`
    holds what a topic may list it by: its tag and its role."""

    kind: str
    id: str
    name: str
    tag: str
    speaks: tuple[str, ...]
    sides: tuple[str, ...] = ()
    role: str = ""
    group: str = ""
    implies: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    excludes: tuple[str, ...] = ()
    years: tuple[int, int] = (0, 9999)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All names, and the weights of the rules. `version` is a short hash of everything read."""

    names: tuple[Name, ...]
    weights: Mapping[str, float]
    publishers: Mapping[str, str]
    version: str


@cache
def builtin() -> Gazetteer:
    """The gazetteer of this package, read once."""
    folder = resources.files(__package__)
    sources = [
        (item.name, item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".toml")
    ]
    return read(sorted(sources))


def read(sources: Iterable[tuple[str, str]], base: Gazetteer | None = None) -> Gazetteer:
    """A gazetteer of (file name, TOML text) pairs, added to `base`: an entry of the same kind and id replaces
    the base's, a weight of the same name too. Raises GazetteerError."""
    names = {(name.kind, name.id): name for name in base.names} if base else {}
    weights = dict(base.weights) if base else {}
    publishers = dict(base.publishers) if base else {}
    digest = hashlib.sha256((base.version if base else "").encode())
    for file, text in sources:
        digest.update(text.encode())
        document = _document(file, text)
        weights |= _weights(file, document.pop("weights", {}))
        publishers |= _publishers(file, document.pop("publishers", {}))
        own: set[tuple[str, str]] = set()
        for name in _names(file, document):
            key = (name.kind, name.id)
            if key in own:
                raise GazetteerError(
                    f"{file}: {name.kind} {name.id!r} stands there twice; join the two entries"
                )
            own.add(key)
            names[key] = name
    return Gazetteer(tuple(names.values()), weights, publishers, digest.hexdigest()[:12])


def _document(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GazetteerError(f"{file}: not valid TOML: {error}") from error


def _weights(file: str, table: object) -> dict[str, float]:
    if not isinstance(table, dict):
        raise GazetteerError(f"{file}: [weights] must be a table of numbers")
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise GazetteerError(f"{file}: weight {key!r} must be a number, not {value!r}")
    return {key: float(value) for key, value in table.items()}


def _publishers(file: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise GazetteerError(f"{file}: [publishers] must be a table of country = [names]")
    found: dict[str, str] = {}
    for country, publishers in table.items():
        if not _is_strings(publishers):
            raise GazetteerError(f"{file}: publishers of {country!r} must be a list of names")
        found |= dict.fromkeys(publishers, country)
    return found


def _names(file: str, document: dict[str, Any]) -> Iterator[Name]:
    for kind, entries in document.items():
        if kind not in KINDS:
            raise GazetteerError(f"{file}: unknown table [[{kind}]]; known are {', '.join(KINDS)}")
        if not isinstance(entries, list):
            raise GazetteerError(f"{file}: write [[{kind}]] with two brackets, one table per entry")
        for number, entry in enumerate(entries, 1):
            yield _name(f"{file}: {kind} {entry.get('id', f'number {number}')!r}", kind, entry)


def _name(where: str, kind: str, entry: dict[str, Any]) -> Name:
    _check_fields(where, entry)
    forms = tuple(_forms(where, entry))
    if not forms:
        raise GazetteerError(f"{where}: no written form; give at least one of {', '.join(LANGUAGES)}")
    return Name(
        kind=kind,
        id=entry["id"],
        name=entry.get("name", entry["id"]),
        tag=f"{kind}/{entry['id']}",
        speaks=(f"{kind}/{entry['id']}", *([f"role/{entry['role']}"] if entry.get("role") else [])),
        sides=tuple(entry.get("sides", ())),
        role=entry.get("role", ""),
        group=entry.get("group", ""),
        implies=tuple(entry.get("implies", ())),
        speakers=tuple(entry.get("names", ())),
        forms=forms,
        excludes=tuple(entry.get("excludes", ())),
        years=(entry.get("from", 0), entry.get("to", 9999)),
    )


def _check_fields(where: str, entry: dict[str, Any]) -> None:
    if not isinstance(entry.get("id"), str) or not entry["id"]:
        raise GazetteerError(f"{where}: needs an id")
    if unknown := sorted(entry.keys() - _FIELDS):
        raise GazetteerError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}")
    for key in entry.keys() & _TEXT_FIELDS:
        if not isinstance(entry[key], str):
            raise GazetteerError(f"{where}: {key} must be text")
    for key in entry.keys() & {"sides", "implies", "names", "excludes", *LANGUAGES}:
        if not _is_strings(entry[key]):
            raise GazetteerError(f"{where}: {key} must be a list of texts, none of them empty")
    if bad := set(entry.get("sides", ())) - {"hk", "my"}:
        raise GazetteerError(f"{where}: side {sorted(bad)[0]!r}; a side is hk or my")


def _forms(where: str, entry: dict[str, Any]) -> Iterator[Form]:
    contexts = list(_contexts(where, entry.get("needs", [])))
    every = tuple(word for forms, words in contexts if "*" in forms for word in words)
    plain = [form for language in LANGUAGES for form in entry.get(language, ())]
    for text in dict.fromkeys(plain):
        any_of = every + tuple(word for forms, words in contexts if text in forms for word in words)
        yield Form(text, any_of)
    for key, weak in (("strong", False), ("weak", True)):
        table = entry.get(key, {})
        if not isinstance(table, dict) or not all(_is_strings(words) for words in table.values()):
            raise GazetteerError(f"{where}: {key} must be a table of word lists by language")
        for words in table.values():
            yield from (Form(word, every, weak) for word in words)


def _contexts(where: str, needs: object) -> Iterator[tuple[set[str], tuple[str, ...]]]:
    if not isinstance(needs, list):
        raise GazetteerError(f"{where}: needs must be a list of {{ forms = [...], any = [...] }}")
    for need in needs:
        if (
            not isinstance(need, dict)
            or need.keys() != {"forms", "any"}
            or not all(map(_is_strings, need.values()))
        ):
            raise GazetteerError(f"{where}: each need is {{ forms = [...], any = [...] }} with texts in both")
        yield set(need["forms"]), tuple(need["any"])


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
