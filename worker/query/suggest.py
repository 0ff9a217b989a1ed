"""What a person may mean who has typed the beginning of a tag, or a name in any script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from parsers.gazetteer import TAGGED, builtin
from parsers.script import fold
from worker.query.facets import tag_counts
from worker.query.language import TAG_FIELDS
from worker.query.search import HasStore

NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag (kind/name), how many kept articles have it, and the written form by which it was found ("" when it was
    found by its own name)."""

    tag: str
    count: int
    form: str = ""


def suggest(
    store: HasStore,
    typed: str,
    limit: int = 10,
    kinds: Sequence[str] = TAG_FIELDS,
    names: Mapping[str, str] = NO_NAMES,
) -> list[Suggestion]:
    """Tags that articles have and whose name, or a word of it, begins with `typed`, or that the gazetteer writes
    so in one of its languages: `anw`, `john l`, `李家`, `person/j`; Chinese may begin anywhere. `names`: how a reader's
    language calls some tags. Those found by their own name first, then the most frequent."""
    wanted = fold(typed).strip()
    if not wanted:
        return []
    found = []
    for counts in tag_counts(store, kinds).values():
        for one in counts:
            form = _begins(one.value, wanted, names.get(one.value, ""))
            if form is not None:
                found.append(Suggestion(one.value, one.count, form))
    return sorted(found, key=lambda one: (one.form != "", -one.count, one.tag))[:limit]


def _begins(tag: str, wanted: str, name: str) -> str | None:
    """The form that begins so, empty for the tag's own name; None when nothing does."""
    own = tag.partition("/")[2].replace("-", " ")
    if tag.startswith(wanted) or _has(own, wanted.replace("-", " ")) or _has(fold(name), wanted):
        return ""
    return next((form for folded, form in _forms().get(tag, ()) if _has(folded, wanted)), None)


def _has(name: str, wanted: str) -> bool:
    return f" {wanted}" in f" {name}" or (wanted[0] >= "\u2e80" and wanted in name)


@cache
def _forms() -> dict[str, tuple[tuple[str, str], ...]]:
    """The written forms of every tag of the gazetteer: folded, and as they are."""
    return {
        name.tag: tuple((fold(form.text), form.text) for form in name.forms)
        for name in builtin().names
        if name.kind in TAGGED
    }
