"""Every Redis key of the project, on one page. No key is spelled anywhere else in Python.

All keys of one installation start with `{namespace}:`; the braces are a hash tag, so that the functions in
`*.lua` may touch any of them on a cluster (everything of one installation lives in one slot). The Lua files
build the same names from the prefix they are given; `tests/worker/test_keys.py` holds the two equal.

Times are seconds since 1970 by the *server's* clock unless said otherwise. `n` is an article's number, `id`
its public id. TTL "kept" means store.keep_days, or store.keep_rejected_days for what was dropped.

| key | type | holds | lives | written by |
|---|---|---|---|---|
| `seq` | string | last article number | for ever | put |
| `src` | hash | source id -> definition (JSON) | while configured | register |
| `st:<source>` | hash | poll state, validators, counters of one source | for ever | finish_poll, finish_body |
| `due` | zset | source id, scored by when it may be polled (a claim moves the score by its lease) | while configured | lease.lua |
| `due:lease` | hash | source id -> token of the holder | until released | lease.lua |
| `staged` | zset | poll id of a fetched body, scored by when it may be processed | until processed | finish_poll, lease.lua |
| `staged:lease` | hash | poll id -> token | until released | lease.lua |
| `b:<poll>` | hash | a fetched body (zlib) with its source and times | until processed, 2 days at most | finish_poll |
| `f:<poll>` | hash | entry index -> fate: makes put idempotent | until processed, 2 days at most | put |
| `k:<kind>:<hash>` | string | `n:entry hash` for kind g (source and guid), else `n`; kinds i (public id, which follows from the URL), x (text) | kept | put |
| `a:<n>` | hash | an article, or an entry that was dropped, with its verdict | kept | put |
| `sg:<n>` | hash | source id -> sighting (JSON) | kept | put |
| `v:<n>` | list | earlier versions (JSON), newest first | kept | put |
| `z` | zset | n of grade 1-3 by time | trimmed | put |
| `rej` | zset | n of what was dropped, by time | trimmed | put |
| `t:<tag>` | zset | n by time | trimmed | put |
| `tags` | hash | tag -> articles that ever had it | for ever | put |
| `w:<bucket>:<term>` | string | packed big-endian uint32 n, bucket = 30 days | end of bucket + kept | put |
| `al:<alert>` | hash | an alert | kept | put |
| `alerts` | zset | alert id by creation | trimmed | put |
| `out:<channel>` | zset | delivery id by when it may be tried | until sent or dead | put, lease.lua, outbox |
| `out:<channel>:lease` | hash | delivery id -> token | until released | lease.lua |
| `channels` | set | names of channels that ever had a delivery | for ever | put |
| `dl:<delivery>` | hash | state, attempts and times of one delivery | kept | put, outbox.lua |
| `dead` | zset | delivery id by time of death | trimmed | outbox.lua |
| `fates:<day>` | hash | `source|fate` -> count; day = UTC `YYYY-MM-DD` | 90 days | finish_body |
| `polls:<source>` | list | the last 20 polls (JSON), newest first | for ever | finish_poll, finish_body |
| `budget` | string | how the budget of requests is shared out (JSON) | for ever | replan |
| `events` | stream | what an operator should see: sources failing and coming back | last 1,000 | finish_poll, finish_body |
| `hold:<host>` | string | why a host must not be asked; expires when it may | as asked | finish_poll |
| `hb:<name>` | string | last progress of a queue or worker (seconds) | 1 day | heartbeat |
"""

from __future__ import annotations

from dataclasses import dataclass

BUCKET_SECONDS = 30 * 86400


@dataclass(frozen=True, slots=True)
class Keys:
    """Builds full names: `Keys("hketo").article(7) == "{hketo}:a:7"`."""

    namespace: str

    @property
    def prefix(self) -> str:
        return "{" + self.namespace + "}:"

    def _(self, *parts: str | int) -> str:
        return self.prefix + ":".join(str(part) for part in parts)

    @property
    def sequence(self) -> str:
        return self._("seq")

    @property
    def sources(self) -> str:
        return self._("src")

    def source_state(self, source: str) -> str:
        return self._("st", source)

    @property
    def due(self) -> str:
        return self._("due")

    @property
    def staged(self) -> str:
        return self._("staged")

    def body(self, poll: str) -> str:
        return self._("b", poll)

    def body_fates(self, poll: str) -> str:
        return self._("f", poll)

    def known(self, kind: str, digest: str) -> str:
        return self._("k", kind, digest)

    def article(self, number: int) -> str:
        return self._("a", number)

    def sightings(self, number: int) -> str:
        return self._("sg", number)

    def versions(self, number: int) -> str:
        return self._("v", number)

    @property
    def by_time(self) -> str:
        return self._("z")

    @property
    def rejected(self) -> str:
        return self._("rej")

    def tag(self, tag: str) -> str:
        return self._("t", tag)

    @property
    def tags(self) -> str:
        return self._("tags")

    def term(self, bucket: int, term: str) -> str:
        return self._("w", bucket, term)

    def alert(self, alert: str) -> str:
        return self._("al", alert)

    @property
    def alerts(self) -> str:
        return self._("alerts")

    def outbox(self, channel: str) -> str:
        return self._("out", channel)

    @property
    def channels(self) -> str:
        return self._("channels")

    def delivery(self, delivery: str) -> str:
        return self._("dl", delivery)

    @property
    def dead(self) -> str:
        return self._("dead")

    def fates(self, day: str) -> str:
        return self._("fates", day)

    def polls(self, source: str) -> str:
        return self._("polls", source)

    @property
    def events(self) -> str:
        return self._("events")

    @property
    def budget(self) -> str:
        return self._("budget")

    def hold(self, host: str) -> str:
        return self._("hold", host)

    def heartbeat(self, name: str) -> str:
        return self._("hb", name)


def bucket_of(at: float) -> int:
    """The number of the 30-day bucket that a time (seconds since 1970) falls in."""
    return int(at // BUCKET_SECONDS)
