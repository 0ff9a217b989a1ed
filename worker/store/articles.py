"""Articles in the store: the atomic put, and reading them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple, TypeVar, cast

import orjson

from parsers.agency import credit
from parsers.script import language
from worker.store.blocks import Ref, leads, number_of, records, ref_of, ref_of_number
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.packing import pack, unpack
from worker.store.postings import written

T = TypeVar("T")
Fate = str
STORED, UPDATED, DUPLICATE, SEEN = "stored", "updated", "duplicate", "seen"
OFF_TOPIC, TOO_OLD, UNREADABLE = "off-topic", "too-old", "unreadable"
#: Every end an entry can have, exactly one per entry and poll.
FATES: tuple[Fate, ...] = (STORED, UPDATED, DUPLICATE, SEEN, OFF_TOPIC, TOO_OLD, UNREADABLE)


@dataclass(frozen=True, slots=True)
class WantedAlert:
    """A watch that this article should be told to, if its story was not told to it yet.

    `due`: when it goes out, seconds since 1970; 0 for at once. `brief`: the id of the brief it is gathered in,
    empty for a message of its own; `why` says what held it back. `window`: seconds for which the watch's throttle
    must remember the message, 0 without one; it counts at `counted` (seconds since 1970).
    `held`: the watch wants to hear of the story, but not of its first article."""

    watch: str
    channels: tuple[str, ...]
    matched: str
    shadow: bool = False
    due: float = 0.0
    brief: str = ""
    why: str = ""
    window: float = 0.0
    counted: float = 0.0
    held: bool = False


@dataclass(frozen=True, slots=True)
class Prior:
    """A dropped entry's record in its block."""

    ref: Ref
    record: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PutRequest:
    """One entry, decided. `fate` is what becomes of it if nobody knows it: stored, off-topic, too-old, unreadable.

    `fields` are the article's fields, all strings; `fields["ts"]` (seconds) is where it stands in time.
    `keys` are further duplicate keys (`kind:digest`) in the order they are tried. `keep` in seconds.
    """

    poll: str
    index: int
    source: str
    fate: Fate
    guid_key: str
    entry_hash: str
    keys: tuple[str, ...]
    fields: Mapping[str, str]
    text: str
    grade: int
    tags: tuple[str, ...]
    terms: tuple[str, ...]
    keep: int
    sighting: str
    alerts: tuple[WantedAlert, ...] = ()
    reused: bool = False  # its source gave it the id of an earlier document
    again: bool = False  # an entry that was put before, with what its page says
    near: int = 0  # number of the article that this is a near-duplicate of
    best: float = 0.0  # how good a version it is: parsers.versions.Version.standing
    prior: Prior | None = None  # what was dropped and is met again

    @property
    def ts(self) -> float:
        return float(self.fields["ts"])


class PutResult(NamedTuple):
    """A tuple, because dozens are made of each body."""

    fate: Fate
    number: int
    channels: tuple[str, ...]  # those with a new delivery
    revised: bool = False  # an article that was known took this version


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source showing the article. Times in seconds since 1970; `published` as in StoredArticle; `why`: what makes
    it the same document, where address and text do not."""

    source: str
    publisher: str
    guid: str
    url: str
    title: str
    published: str
    seen: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class StoredReason:
    rule: str
    words: tuple[str, ...]
    where: str
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as the store has it. Times are seconds since 1970 UTC; `published` is RFC 3339 or
    YYYY-MM-DD when only the day is known, empty when unknown. `fate` tells whether it was kept."""

    number: int
    id: str
    guid: str
    url: str
    link: str
    title: str
    summary: str
    text: str
    lang: str
    publisher: str
    source: str
    country: str
    author: str
    published: str
    ts: float
    first_seen: float
    stored: float
    grade: int
    score: float
    tags: tuple[str, ...]
    reasons: tuple[StoredReason, ...]
    sentence: str
    version: str
    story: str
    fate: Fate
    detail: str
    sightings: int
    versions: int
    seen_by: tuple[Sighting, ...] = field(default=())
    judged: float = 0.0  # 0 when unknown
    page: str = ""  # how the reading of its page ended, if that was wanted: `name: sentence`
    story_why: str = ""  # what made it part of its story
    best: str = ""  # the standing of this version among others: `number:source`
    agencies: tuple[str, ...] = ()  # ids of the news agencies whose text it is


class Fingerprint(NamedTuple):
    """What tells an entry from all others, and whether it changed since its source last showed it.

    `identity` is what stands for the entry where it has no address: its id, with its title where the id stands
    twice in one document."""

    index: int  # type: ignore[assignment]  # a tuple's own `index` is not asked for
    guid_key: str
    entry_hash: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a source showed before under an id that it shows again: canonical address, title, text."""

    url: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Prints:
    """What tells the entries of the body of one poll."""

    poll: str
    marks: Sequence[Fingerprint]


#: Indexes of the entries of a body that were shown before, unchanged; and of those whose id was shown with other words.
Recognised = tuple[frozenset[int], frozenset[int]]


def recognise_each(server: Server, keys: Keys, bodies: Sequence[Prints]) -> list[Recognised]:
    """The entries of bodies that their sources showed before, in one step. The fate of those that are unchanged is
    `seen` from then on."""
    # One argument for all entries of a body: the client takes longer for three hundred than the server for parting one.
    args = [
        part
        for body in bodies
        for part in (body.poll, " ".join(f"{p.index} {p.guid_key} {p.entry_hash}" for p in body.marks))
    ]
    answers = server.call("hketo_recognise_each", keys.sequence, keys.prefix, *args) if args else []
    return [(frozenset(map(int, seen)), frozenset(map(int, changed))) for seen, changed in answers]


def shown_before(server: Server, keys: Keys, prints: Sequence[Fingerprint]) -> dict[int, Earlier]:
    """By index, what the store has under the ids of these entries; those with a new id are left out."""
    if not prints:
        return {}
    held = leads(server, keys, [("g", item.guid_key) for item in prints])
    values = {item.index: value for item, value in zip(prints, held, strict=True) if value}
    refs = {index: ref for index, value in values.items() if (ref := ref_of(value))}
    found = records(server, keys, list(refs.values()))
    dropped = {
        index: Earlier(found[ref].get("url", ""), found[ref].get("title", ""), found[ref].get("text", ""))
        for index, ref in refs.items()
        if ref in found
    }
    numbers = {index: number_of(value) for index, value in values.items() if index not in dropped}
    return dropped | _earlier_of(server, keys, numbers)


def _earlier_of(server: Server, keys: Keys, numbers: Mapping[int, int]) -> dict[int, Earlier]:
    if not numbers:
        return {}
    pipe = server.client.pipeline(transaction=False)
    for number in numbers.values():
        pipe.hmget(keys.article(number), "title", "d")
    return {
        index: _earlier(title, unpack(packed or b""))
        for index, (title, packed) in zip(numbers, pipe.execute(), strict=True)
        if title is not None
    }


def _earlier(title: bytes, rest: Mapping[str, str]) -> Earlier:
    return Earlier(rest.get("url", ""), title.decode("utf-8", "replace"), rest.get("text", ""))


_BLOCKED = b"dropped"
#: Entries of one call, which is one step on the server: it serves nobody else meanwhile, some milliseconds.
_TOGETHER = 16


def put_many(server: Server, keys: Keys, requests: Sequence[PutRequest]) -> list[PutResult]:
    """Stores entries in order, in one round trip; each is one step, all or nothing. Raises the first error of the
    server. What leads to an entry that was dropped in a block is put again with that entry's record."""
    answers = _put(server, keys, requests)
    while blocked := {
        i: ref for i, one in enumerate(answers) if one[0] == _BLOCKED and (ref := ref_of(one[1]))
    }:
        found = records(server, keys, list(blocked.values()))
        priors = {i: Prior(ref, found[ref]) if ref in found else None for i, ref in blocked.items()}
        again = _put(server, keys, [replace(requests[i], prior=prior) for i, prior in priors.items()])
        for i, answer in zip(blocked, again, strict=True):
            answers[i] = answer
    return [_result(answer) for answer in answers]


def _put(server: Server, keys: Keys, requests: Sequence[PutRequest]) -> list[list[Any]]:
    calls = [
        [keys.prefix, *(part for request in some for part in _arguments(request))]
        for some in batched(requests, _TOGETHER)
    ]
    answered = server.calls("hketo_put_some", keys.sequence, calls)
    return [answer for answers_of_call in answered for answer in answers_of_call]


def _result(answer: Sequence[Any]) -> PutResult:
    fate, number, revised, *channels = answer
    return PutResult(fate.decode(), int(number), tuple(name.decode() for name in channels), bool(revised))


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """In order, `size` at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _arguments(request: PutRequest) -> tuple[str | bytes, ...]:
    body = {
        "source": request.source,
        "fate": request.fate,
        "guid_key": "g:" + request.guid_key,
        "entry_hash": request.entry_hash,
        "keys": request.keys,
        "fields": {name: value for name, value in request.fields.items() if name in _PLAIN},
        "grade": request.grade,
        "sentence": request.fields["sentence"] if request.alerts else "",
        "tags": request.tags,
        "keep": request.keep,
        "sighting": request.sighting or sighting_of(request.fields),
        "alerts": request.alerts,
        "reused": request.reused,
        "again": request.again,
        "near": request.near,
        "best": request.best,
    }
    before = b""
    if request.prior is not None:
        plain, rest = _record(request.prior.record)
        body |= {"prior": plain, "prior_ref": str(request.prior.ref)}
        before = pack(rest)
    packed, terms = pack(packed_fields(request)), written(request.terms)
    return request.poll, str(request.index), orjson.dumps(body), packed, terms, before


def _record(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """A dropped entry's record as the fields of an article's own: those that stand by themselves, and the packed."""
    apart = _PLAIN | {"fate", "stored"}
    plain = {name: value for name, value in fields.items() if name in apart}
    return plain | {f"@{fields['source']}": ""}, {
        name: value for name, value in fields.items() if name not in apart and value
    }


def sighting_of(fields: Mapping[str, str]) -> str:
    """The showing of an article by the source whose words these fields are, as JSON."""
    return orjson.dumps(
        {
            "source": fields["source"],
            "publisher": fields["publisher"],
            "guid": fields["guid"],
            "url": fields["link"],
            "title": fields["title"],
            "published": fields["published"],
            "seen": float(fields["first_seen"]),
        }
    ).decode()


def packed_fields(request: PutRequest) -> dict[str, str]:
    """What is stored packed: everything that no function of the server's has to read."""
    fields = {**request.fields, "text": request.text}
    return {name: value for name, value in fields.items() if name not in _PLAIN and value}


def find_number(server: Server, keys: Keys, wanted: str) -> int | None:
    """The number behind a public id; None when there is none (any more)."""
    [value] = leads(server, keys, [("i", wanted)])
    return number_of(value) if value else None


def load(server: Server, keys: Keys, numbers: Iterable[int]) -> Iterator[StoredArticle]:
    """The articles that still exist among `numbers`, in that order, each with its sightings."""
    wanted = list(numbers)
    pipe = server.client.pipeline(transaction=False)
    for number in wanted:
        pipe.hgetall(keys.article(number))
    for number, raw in zip(wanted, pipe.execute(), strict=True):
        if raw:
            yield _article(number, raw)


def load_dropped(server: Server, keys: Keys, number: int) -> StoredArticle | None:
    """An entry that was dropped in a block; None when there is none with this number (any more)."""
    ref = ref_of_number(server, keys, number)
    record = records(server, keys, [ref]).get(ref) if ref else None
    if record is None:
        return None
    raw = {name.encode(): value.encode("utf-8", "replace") for name, value in record.items()}
    return _article(number, raw | {b"@" + record["source"].encode(): b""})


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """An earlier form of an article, in force `until` (seconds since 1970)."""

    title: str
    summary: str
    grade: int
    until: float
    publisher: str = ""
    url: str = ""  # what a reader opens
    best: str = ""  # its standing among versions, and the source that showed it: `number:source`


def versions(server: Server, keys: Keys, number: int) -> list[StoredVersion]:
    """The earlier forms that are kept of an article, the latest first."""
    records = cast("list[bytes]", server.client.lrange(keys.versions(number), 0, -1))
    return [_version(_split(record)) for record in records]


def _version(fields: Mapping[str, Any]) -> StoredVersion:
    return StoredVersion(
        fields["title"],
        fields.get("summary", ""),
        int(fields["grade"] or 0),
        float(fields["until_"]),
        fields.get("publisher", ""),
        fields.get("link", ""),
        fields.get("best", ""),
    )


def _split(record: bytes) -> dict[str, Any]:
    """A version record: a line of JSON, and behind it what is packed."""
    line, _, packed = record.partition(b"\n")
    head: dict[str, Any] = orjson.loads(line)
    return {**unpack(packed), **head}


def _article(number: int, raw: Mapping[bytes, bytes]) -> StoredArticle:
    fields: dict[str, Any] = unpack(raw.get(b"d", b""))
    fields |= {
        name.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for name, value in raw.items()
        if name not in (b"d", b"first") and not name.startswith(b"@")
    }

    if "version" in fields and "lang" not in fields:
        fields |= _found_late(fields)

    def real(name: str) -> float:
        return float(fields.get(name) or 0)

    first = _split(raw[b"first"]) if b"first" in raw else fields
    if "story_why" in first:  # a later version has the story already, whatever it would have joined
        fields["story_why"] = first["story_why"]
    seen = tuple(sorted(_sightings(first, raw, real("first_seen")), key=lambda s: (s.seen, s.source)))
    return StoredArticle(
        number=number,
        **{name: fields.get(name, "") for name in _TEXT_FIELDS},
        ts=real("ts"),
        first_seen=real("first_seen"),
        stored=real("stored"),
        judged=real("judged"),
        grade=int(real("grade")),
        score=real("score"),
        tags=tuple(orjson.loads(fields.get("tags") or "[]")),
        reasons=tuple(
            StoredReason(r["rule"], tuple(r["words"]), r["where"], r["weight"], r["sentence"])
            for r in orjson.loads(fields.get("reasons") or "[]")
        ),
        agencies=tuple(fields.get("agencies", "").split()),
        sightings=len(seen),
        versions=int(real("versions")) + 1,
        seen_by=seen,
    )


def _found_late(fields: Mapping[str, str]) -> dict[str, str]:
    """The language and agencies of an article that was dropped unasked (`worker.dismissal`)."""
    text = fields.get("text", "")
    written = (fields.get(name, "") for name in ("author", "publisher", "link"))
    return {
        "lang": language(f"{fields.get('title', '')}\n{text}", fields.get("hint", "")),
        "agencies": " ".join(credit(text, *written).agencies),
    }


def _sightings(first: Mapping[str, Any], raw: Mapping[bytes, bytes], first_seen: float) -> Iterator[Sighting]:
    for name, value in raw.items():
        if not name.startswith(b"@"):
            continue
        if value:
            yield Sighting(**orjson.loads(value))
        else:  # the showing that the article was made from
            yield Sighting(
                source=name[1:].decode("utf-8", "replace"),
                publisher=first.get("publisher", ""),
                guid=first.get("guid", ""),
                url=first.get("link", ""),
                title=first.get("title", ""),
                published=first.get("published", ""),
                seen=first_seen,
            )


_TEXT_FIELDS = (
    "id", "guid", "url", "link", "title", "summary", "lang", "publisher", "source", "country", "author",
    "published", "sentence", "version", "story", "fate", "detail", "text", "page", "story_why", "best",
)  # fmt: skip
# What the server's functions read or readers change stands by itself; all else is packed together.
_PLAIN = frozenset(
    {"id", "story", "title", "lang", "publisher", "source", "ts", "first_seen", "grade", "tags", "best"}
)
