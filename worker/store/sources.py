"""Sources in the store: which are polled, when they are due, what state they are in, and their staged bodies."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from worker.store.articles import WantedAlert
from worker.store.client import Server, digest
from worker.store.keys import Keys
from worker.store.lease import Claim
from worker.store.packing import squeezed


class Registration(NamedTuple):
    """A source to be polled: first after `delay` seconds; a known one no later than `ceiling` seconds from now."""

    id: str
    definition: str  # JSON
    delay: float
    ceiling: float


@dataclass(frozen=True, slots=True)
class StagedBody:
    """A fetched body that waits to be read. `fetched` is seconds since 1970 by the server's clock."""

    poll: str
    source: str
    url: str
    kind: str  # how it is read: a feeds.source.SourceKind
    content_type: str
    body: bytes
    fetched: float


@dataclass(frozen=True, slots=True)
class NoticeAlert:
    """An alert about a source. `fields` are the alert's, all strings; `keep` in seconds."""

    id: str
    fields: Mapping[str, str]
    wanted: WantedAlert
    keep: int


class Known(NamedTuple):
    """What polling knew of a source when a poll began: fields of its state, which of them stood by themselves there,
    and how many polls it had had."""

    fields: Mapping[str, str] = MappingProxyType({})
    alone: frozenset[str] = frozenset()
    polls: int = 0


class PollEnd(NamedTuple):
    """How a poll ended: what `finish_polls` writes. `state` are fields of the source's state, all strings; what polling
    knew `before` of it stays."""

    delay: float
    stop: bool
    record: Mapping[str, object]
    state: Mapping[str, str]
    events: tuple[Mapping[str, object], ...] = ()
    hold_host: str = ""
    hold_seconds: float = 0.0
    staged: StagedBody | None = None
    alerts: tuple[NoticeAlert, ...] = ()
    before: Known = Known()


@dataclass(frozen=True, slots=True)
class Due:
    """Bounds for a source's due time, in seconds from now, and the reason for a person."""

    earliest: float | None = None
    latest: float | None = None
    why: str = ""


WHENEVER = Due()
#: Polls of a source that are told; some more may be kept.
_POLLS = 20
#: Sources whose states are read in one round trip, where all are wanted.
_AT_ONCE = 200
#: The field of a state in which polling keeps what it writes, as JSON: each field more is work on both sides.
_PACKED = "poll"
_POLLING = frozenset(
    {
        "address", "ailment", "body_hash", "counted_at", "elapsed", "etag", "health", "interval", "last_good",
        "last_modified", "moved_to", "outcome", "poll_state", "reason", "status", "validated_url", "why",
    }
)  # fmt: skip


#: Of what processing writes into a state: the fields that a poll asks for.
_SHOWN = frozenset(
    {
        "gaps", "hurry", "hurry_until", "known", "last_new", "profile", "read_at", "read_error", "shown", "skip_days",
        "skip_hours", "ttl", "unread", "unread_since",
    }
)  # fmt: skip
_ASKED = {name.encode(): name for name in _POLLING | _SHOWN | {_PACKED, "polls"}}
_ASKED_NAMES = b" ".join(_ASKED)


class BegunPoll(NamedTuple):
    """A poll that begins, with the source as it is configured (JSON, None when it is not any more), the fields of its
    state that a poll asks for, and those among them that are polling's."""

    held: Claim
    definition: bytes | None
    state: dict[str, str]
    known: Known


class SourceStore:
    def __init__(self, server: Server, keys: Keys) -> None:
        self.server = server
        self.keys = keys

    def register(self, wanted: Sequence[Registration]) -> tuple[int, int, int]:
        """Makes the polled sources equal to `wanted`; returns how many are new, kept and dropped."""
        due, prefix = self.keys.due, self.keys.prefix
        same = digest(*(f"{one.id} {one.ceiling} {one.definition}" for one in wanted))
        shortest = min((one.ceiling for one in wanted), default=0.0)
        if self.server.call("hketo_registered", due, prefix, same, len(wanted), shortest):
            return 0, len(wanted), 0
        listed = orjson.dumps([_plain(item) for item in wanted])
        new, kept, dropped = self.server.call("hketo_register", due, prefix, listed, same)
        return new, kept, dropped

    def definitions(self, ids: Sequence[str] | None = None) -> dict[str, bytes]:
        """Definitions (JSON) by source id; all of them, or those of `ids` that are configured."""
        if ids is None:
            return {key.decode(): value for key, value in self._client.hgetall(self.keys.sources).items()}
        found = self._client.hmget(self.keys.sources, ids) if ids else []
        return {key: value for key, value in zip(ids, found, strict=True) if value is not None}

    def begin_polls(self, claims: Sequence[Claim], lease: float) -> list[BegunPoll]:
        """Starts work on claims that came by message: those that are ours, each under a new token."""
        begun: list[BegunPoll] = []
        for start in range(0, len(claims), _AT_ONCE):
            olds = claims[start : start + _AT_ONCE]
            drawn = secrets.token_hex(8 * len(olds))  # one call of the system for all
            ours = [old._replace(token=drawn[16 * i : 16 * i + 16]) for i, old in enumerate(olds)]
            args = [
                part
                for old, new in zip(olds, ours, strict=True)
                for part in (old.member, old.token, new.token)
            ]
            found = self.server.call(
                "hketo_begin_polls", self.keys.due, self.keys.prefix, lease, _ASKED_NAMES, *args
            )
            begun += [_begun(held, *raw) for held, raw in zip(ours, found, strict=True) if raw]
        return begun

    def states(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The state fields of each source; empty for one that was never polled."""
        pipe = self._client.pipeline(transaction=False)
        for source in ids:
            pipe.hgetall(self.keys.source_state(source))
        return {source: as_text(raw) for source, raw in zip(ids, pipe.execute(), strict=True)}

    def each_state(self, only: Collection[str] | None = None) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Definition (JSON) and state of every source, or of some, a few at a time: thousands of states at once take
        megabytes that a process keeps."""
        definitions = [
            (source, definition)
            for source, definition in self.definitions().items()
            if only is None or source in only
        ]
        for i in range(0, len(definitions), _AT_ONCE):
            some = dict(definitions[i : i + _AT_ONCE])
            states = self.states(list(some))
            yield from ((definition, states[source]) for source, definition in some.items())

    def outcomes(self, sources: Sequence[str] | None = None) -> list[str | None]:
        """How the last poll of each source ended, of all or of those; None for one that was not polled yet."""
        ids = [key.decode() for key in self._client.hkeys(self.keys.sources)] if sources is None else sources
        return [outcome for outcome, _ in self._last_answers(ids)]

    def last_answers(self) -> dict[str, tuple[str | None, str]]:
        """Of all sources how the last poll ended, None for one that was not polled yet, and why the last document
        could not be read, or empty."""
        ids = [key.decode() for key in self._client.hkeys(self.keys.sources)]
        return dict(zip(ids, self._last_answers(ids), strict=True))

    def _last_answers(self, ids: Sequence[str]) -> list[tuple[str | None, str]]:
        found: list[tuple[str | None, str]] = []
        for i in range(0, len(ids), _AT_ONCE):
            pipe = self._client.pipeline(transaction=False)
            for source in ids[i : i + _AT_ONCE]:
                pipe.hmget(self.keys.source_state(source), "polled", "outcome", "read_error", _PACKED)
            for polled, outcome, unread, packed in pipe.execute():
                ended = outcome.decode() if outcome else orjson.loads(packed or b"{}").get("outcome", "")
                found.append((ended if polled else None, (unread or b"").decode()))
        return found

    def holds(self, hosts: Sequence[str]) -> dict[str, float]:
        """Hosts that asked us to wait, with the seconds left."""
        standing = (
            self._client.mget([self.keys.hold(host) for host in hosts]) if hosts else []
        )  # most often none
        held = [host for host, why in zip(hosts, standing, strict=True) if why is not None]
        pipe = self._client.pipeline(transaction=False)
        for host in held:
            pipe.pttl(self.keys.hold(host))
        return {host: ms / 1000 for host, ms in zip(held, pipe.execute(), strict=True) if ms > 0}

    def hold(self, host: str, seconds: float, why: str) -> None:
        """Nobody asks this host for `seconds`."""
        self._client.set(self.keys.hold(host), why, px=max(1, int(seconds * 1000)))

    def due_times(self) -> dict[str, float]:
        """When each source may be polled next (seconds since 1970, server clock)."""
        return {
            member.decode(): score
            for member, score in self._client.zrange(self.keys.due, 0, -1, withscores=True)
        }

    def waiting_bodies(self) -> int:
        return int(self._client.zcard(self.keys.staged))

    def finish_poll(self, held: Claim, end: PollEnd) -> bool:
        """Writes the end of a poll in one step. False when the lease was lost: then nothing changed."""
        return self.finish_polls([(held, end)])[0]

    def finish_polls(self, ended: Sequence[tuple[Claim, PollEnd]]) -> list[bool]:
        """The same for several polls, in one step."""
        if not ended:
            return []
        args = [part for held, end in ended for part in _poll_end(held, end)]
        answers = self.server.call("hketo_finish_polls", self.keys.due, self.keys.prefix, *args)
        return [answer == 1 for answer in answers]

    def polls(self, source: str) -> list[dict[str, Any]]:
        """The last polls of a source as recorded, newest first."""
        found = self._client.lrange(self.keys.polls(source), 0, _POLLS - 1)
        return [orjson.loads(raw) for raw in found]

    def server_time(self) -> float:
        """Seconds since 1970 by the server's clock."""
        seconds, micros = self._client.time()
        return float(seconds + micros / 1_000_000)

    @property
    def _client(self) -> Any:
        return self.server.client


def _plain(item: Registration) -> dict[str, object]:
    return {"id": item.id, "definition": item.definition, "delay": item.delay, "ceiling": item.ceiling}


def _begun(held: Claim, definition: bytes, flat: Sequence[bytes]) -> BegunPoll:
    pairs = zip(flat[::2], flat[1::2], strict=True)
    fields = {_ASKED[name]: value.decode("utf-8", "replace") for name, value in pairs}
    packed: dict[str, str] = orjson.loads(fields.pop(_PACKED, "{}"))
    polls = int(fields.pop("polls", "0"))
    alone = _POLLING.intersection(fields)
    known = packed | {name: fields[name] for name in alone} if alone else packed
    return BegunPoll(held, definition or None, packed | fields, Known(known, alone, polls))


def _poll_end(held: Claim, end: PollEnd) -> list[str | bytes | int]:
    """The arguments of one poll of `finish_polls`."""
    before = end.before
    args: list[str | bytes | int] = [
        held.member, held.token, f"{end.delay:.3f}", before.polls + 1, orjson.dumps({**before.fields, **end.state}),
        orjson.dumps(dict(end.record)),
    ]  # fmt: skip
    if before.alone or end.stop or end.events or end.hold_host or end.alerts or end.staged:
        args += [
            " ".join(before.alone.intersection(end.state)), "1" if end.stop else "",
            orjson.dumps(end.events) if end.events else "", end.hold_host, f"{end.hold_seconds:.0f}",
            orjson.dumps(end.alerts) if end.alerts else "", end.staged.poll if end.staged else "",
            *(_staged_fields(end.staged) if end.staged else ()),
        ]  # fmt: skip
    return [len(args), *args]


def _staged_fields(staged: StagedBody) -> list[str | bytes]:
    return [
        "source", staged.source, "url", staged.url, "kind", staged.kind, "content_type", staged.content_type,
        "body", squeezed(staged.body),
    ]  # fmt: skip


def as_text(raw: Mapping[bytes, bytes]) -> dict[str, str]:
    """The fields of a source's state. One that stands by itself is newer than its like among the packed ones."""
    fields, packed = _unpacked(raw)
    return packed | fields


def _unpacked(raw: Mapping[bytes, bytes]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields that stand by themselves, and the packed ones."""
    fields = {key.decode(): value.decode("utf-8", "replace") for key, value in raw.items()}
    return fields, orjson.loads(fields.pop(_PACKED, "{}"))
