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
| `registered` | string | digest of the list that `src` was made equal to last | for ever | register |
| `st:<source>` | hash | of one source: `poll` what polling keeps (JSON), what its documents showed, counters | for ever | finish_polls, finish_bodies |
| `due` | zset | source id, scored by when it may be polled (a claim moves the score by its lease) | while configured | lease.lua |
| `due:lease` | hash | source id -> token of the holder | until released | lease.lua |
| `staged` | zset | poll id of a fetched body, scored by when it may be processed | until processed | finish_polls, lease.lua |
| `staged:lease` | hash | poll id -> token | until released | lease.lua |
| `b:<poll>` | hash | a fetched body (zlib) with its source and times | until processed, 2 days at most | finish_polls |
| `f:<poll>` | hash | entry index -> fate: makes put idempotent; entries that are known by their marks have none | until processed, 2 days at most | put, drop, recognise |
| `k:<kind>:<hash>` | string | `n:entry hash` for kind g (source and guid), else `n`; kinds i (public id, which follows from the URL), x (text). `~first.place` instead of n: an entry in a block `d:<first>` (an earlier release kept those here, too) | kept | put |
| `dk:<week>` | hash | `kind:hash` -> `~first.place`, as in `k:`, of what was dropped in this week (since 1970, UTC); what stands in `k:` goes first | as the last of it | drop |
| `dks` | zset | the weeks of `dk:` | trimmed | drop |
| `dn` | hash | day since 1970 (UTC) -> entries dropped in blocks, less those that got a record of their own | trimmed | drop, put |
| `a:<n>` | hash | an article, or an entry that was dropped, with its verdict; `d` packed fields, `best` how good the kept version is and whose, `@<source>` sightings (JSON, empty for the one it was made from), `slot` | kept | put |
| `v:<n>` | list | earlier versions (a line of JSON, then packed fields), newest first | kept | put |
| `d:<n>` | string | entries that were dropped together, packed; n and those after it are their numbers | kept | drop |
| `db:<n>` | hash | the body whose entries stand in `d:<n>`, as it was staged, where most of it was dropped: then that tells only which of them | as `d:<n>` | drop |
| `drops` | zset | n of every `d:<n>`, scored by itself | trimmed | drop |
| `z` | zset | n of grade 1-3 by time | trimmed | put |
| `rej` | zset | n of what was dropped with a record of its own, by time | trimmed | put |
| `ix` | hash | `slots` given and `changes` to tags made so far; of each segment when it was `born:`, its `first:` and `last:` time, its `state:` (changes to it) | for ever | put |
| `ixl` | list | the last 256 changes: number, segment, slot, tags, with NUL between | bounded | put |
| `ic:<segment>` | string | 12 bytes a slot: n, time (big-endian uint32, double); segment = 65,536 slots | until all is past its days | put |
| `t:<segment>:<tag>` | string | bitmap of slots with a tag; tags also of kind lang, source, publisher, country, grade; `day/<days since 1970 in UTC+8>`; `all`: slots in force | trimmed | put |
| `tags` | hash | tag -> articles that ever had it | for ever | put |
| `w:<segment>:<room>` | hash | term -> packed big-endian uint16 slots, up to 31; `l` or `b`: it has a list or a bitmap of its own | trimmed | put |
| `wu:<segment>:<part>` | string | terms of the articles that came last and do not stand in rooms yet, 64 to 80 kB at most (postings.py) | trimmed | put |
| `wl:<segment>:<term>` | string | packed uint16 slots of a more frequent term | trimmed | put |
| `wb:<segment>:<term>` | string | bitmap of slots of a very frequent term | trimmed | put |
| `al:<alert>` | hash | an alert | kept | put |
| `alerts` | zset | alert id by creation | trimmed | put |
| `out:<channel>` | zset | delivery id by when it may be tried | until sent or dead | put, lease.lua, outbox |
| `out:<channel>:lease` | hash | delivery id -> token | until released | lease.lua |
| `channels` | set | names of channels that ever had a delivery | for ever | put |
| `dl:<delivery>` | hash | state, attempts and times of one delivery | kept | put, outbox.lua |
| `br:<delivery>` | set | ids of the deliveries that go out together as this brief | kept | put |
| `wt:<watch>` | zset | messages of a watch that has a throttle, by when they go out | as long as the throttle looks back | put |
| `dead` | zset | delivery id by time of death | trimmed | outbox.lua |
| `fates:<day>` | hash | `source|fate` -> count; day = UTC `YYYY-MM-DD` | 90 days | finish_bodies |
| `polls:<source>` | list | the last 20 polls (JSON), newest first, and up to 10 before them | for ever | finish_polls, finish_bodies |
| `budget` | string | how the budget of requests is shared out (JSON) | for ever | replan |
| `events` | stream | what an operator should see: sources failing and coming back | last 1,000 | finish_polls, finish_bodies |
| `said:<event>` | string | makes an event that several processes find out be told once | 1 day | notes |
| `hold:<host>` | string | why a host must not be asked; expires when it may | as asked | finish_polls |
| `nk:<two days>:<bucket>` | hash | 4-byte shingle -> packed n of texts that have it, plus 2^31 on the second day; UTC days since 1970, halved | 8 days at most | near.lua |
| `nk:<two days>:fresh` | string | a bit for each bucket that was given its life | 1 day | near.lua |
| `nk:<two days>` | string | these days have begun: empty | 8 days after its last text | near.lua |
| `nd:<n>` | string | packed sketch of a text, for comparing | 5 days | near.lua |
| `df:<family>:<period>` | string | packed counters: articles, and articles with a term; period = 14 days | 6 weeks | frequencies.lua |
| `sv:<story>` | string | what is compared of a live story (packed) | 15 days after its last article | stories.lua |
| `si:<period>:<bucket>` | hash | 4-byte term -> packed ids of stories that have it; period = 7 days | 23 days at most | stories.lua |
| `si:<period>:fresh` | string | a bit for each bucket that was given its life | 1 day | stories.lua |
| `si:<period>` | string | this period has begun: empty | 23 days after its last story | stories.lua |
| `am:<id>` | string | story that an article was given: makes giving it again harmless | 15 days | stories.lua |
| `sc` | string | number of changes to live stories | 60 days | stories.lua |
| `sq` | zset | the last 512 changed stories, by number of the change | 15 days | stories.lua |
| `sp` | string | number of the change up to which the pass has looked at stories | 15 days | story_twins |
| `sm:<story>` | zset | n of its articles, by time | kept | storyrecords.lua |
| `sa:<story>` | string | story that this one was merged into | kept | storyrecords.lua |
| `sj:<story>` | set | stories that were merged into this one | kept | storyrecords.lua |
| `sf:<story>` | hash | who covers a story: `@<publisher>`, and `=official`, `=corrected`, `=withdrawn` where they hold | kept | following.lua |
| `sn:<story>:<story>` | string | these two were parted and are not merged by the pass | kept | storyrecords.lua |
| `sh:<story>` | list | merges and splits (JSON), newest first, the last 50 | kept | storyrecords.lua |
| `pages` | zset | n of articles whose page is wanted, scored by when it may be fetched | until fetched | pages.lua, lease.lua |
| `paged` | zset | n whose page came, scored by when it may be read | until read | pages.lua, lease.lua |
| `pages:lease`, `paged:lease` | hash | n -> token | until released | lease.lua |
| `pg:<n>` | hash | what a page is wanted for, the page (zlib), then its end | 2 days | pages.lua |
| `pd:<day>` | hash | pages wanted of a day: in all, by host, and by end | 90 days | pages.lua |
| `q:<queue>` | list | messages of a Celery queue, one list for each priority, on the broker's server; beside them kombu's own `q:unacked…` and bindings | until taken | Celery |
| `hb:<name>` | string | last progress of a queue or worker (seconds) | 1 day | heartbeat |
"""

from __future__ import annotations

from dataclasses import dataclass

SEGMENT = 65_536  # slots of one segment of the index
ROOMS = (
    4096  # hashes of one segment that hold the postings of rare terms: small enough to be stored compactly
)
PARTS = 8  # of the rooms, in each of which terms wait until many are sorted in at once
PRIORITIES = (0, 3, 6, 9)  # of messages; 0 goes first


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

    def dropped(self, first: int) -> str:
        return self._("d", first)

    def dropped_body(self, first: int) -> str:
        return self._("db", first)

    @property
    def drops(self) -> str:
        return self._("drops")

    def dropped_keys(self, week: int) -> str:
        return self._("dk", week)

    @property
    def dropped_weeks(self) -> str:
        return self._("dks")

    @property
    def dropped_counts(self) -> str:
        return self._("dn")

    def versions(self, number: int) -> str:
        return self._("v", number)

    @property
    def by_time(self) -> str:
        return self._("z")

    @property
    def rejected(self) -> str:
        return self._("rej")

    @property
    def index(self) -> str:
        return self._("ix")

    @property
    def changes(self) -> str:
        return self._("ixl")

    def column(self, segment: int) -> str:
        return self._("ic", segment)

    def tag(self, segment: int, tag: str) -> str:
        return f"{self.prefix}t:{segment}:{tag}"  # made by the hundred for one count

    @property
    def tags(self) -> str:
        return self._("tags")

    def room(self, segment: int, room: int) -> str:
        return self._("w", segment, room)

    def unsorted(self, segment: int, part: int) -> str:
        return self._("wu", segment, part)

    def term_list(self, segment: int, term: str) -> str:
        return self._("wl", segment, term)

    def term_bits(self, segment: int, term: str) -> str:
        return self._("wb", segment, term)

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

    def brief(self, delivery: str) -> str:
        return self._("br", delivery)

    def watch_times(self, watch: str) -> str:
        return self._("wt", watch)

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

    def said(self, event: str) -> str:
        return self._("said", event)

    @property
    def pages(self) -> str:
        return self._("pages")

    @property
    def paged(self) -> str:
        return self._("paged")

    def page(self, number: str | int) -> str:
        return self._("pg", number)

    def pages_of_day(self, day: str) -> str:
        return self._("pd", day)

    @property
    def broker(self) -> str:
        """Prefix of everything that the Celery transport keeps."""
        return self._("q", "")

    def broker_queue(self, queue: str) -> tuple[str, ...]:
        """The lists of one queue: kombu appends a separator and the priority, but for the highest."""
        return tuple(
            f"{self.broker}{queue}\x06\x16{priority}" if priority else f"{self.broker}{queue}"
            for priority in PRIORITIES
        )

    def heartbeat(self, name: str) -> str:
        return self._("hb", name)

    def story_state(self, story: str) -> str:
        return self._("sv", story)

    def story_of(self, article: str) -> str:
        return self._("am", article)

    @property
    def changed_stories(self) -> str:
        return self._("sq")

    @property
    def stories_passed(self) -> str:
        return self._("sp")

    def story_members(self, story: str) -> str:
        return self._("sm", story)

    def story_merged_into(self, story: str) -> str:
        return self._("sa", story)

    def stories_apart(self, one: str, other: str) -> str:
        return self._("sn", one, other)

    def story_decisions(self, story: str) -> str:
        return self._("sh", story)
