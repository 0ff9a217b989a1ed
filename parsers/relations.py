"""What joins the two sides in a text: sentences that name both, who acts there, and what they do.

A signal is one thing a reader could point at; `parsers.relevance` weighs signals, nothing here knows weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parsers.names import Mention
from parsers.scene import Scene, Sentence, is_elsewhere, is_stranger

LEAD = 3  # sentences after the title that tell what a text is about
_OFFICIAL_ROLES = {"leader": 0, "official": 1, "mission": 2, "government": 3}
_MALAYSIA = ("Malaysia", "sia", "馬", "马")  # "M'sia-HK", 港馬
_UNNAMED = frozenset(("pm-malaysia", "chief-executive-hk", "sced"))


@dataclass(frozen=True, slots=True)
class Signal:
    """One observation: the rule it falls under, the mentions that show it, and where they stand (title, text,
    or "title and text")."""

    rule: str
    mentions: tuple[Mention, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Link:
    """Sentences that join the sides. `kind`: spread (headline and text), neighbours (two sentences of the
    text), or pair- (one name stands for both sides) or both-, and where: -title, -first, -lead or -deep."""

    kind: str
    hk: Mention
    my: Mention
    sentences: tuple[Sentence, ...]

    @property
    def where(self) -> str:
        return "title" if self.kind.endswith("title") else "text"


def links(scene: Scene) -> list[Link]:
    """The links of a scene, strongest first: the title's, then the first of the text's."""
    found: list[Link] = []
    title = _link_in(scene.title, ("pair-title", "both-title"))
    if title:
        found.append(title)
    found.extend(_body_links(scene))
    if not title:
        found.extend(_spread(scene))
        found.extend(_neighbours(scene))
    return found or list(_at_home(scene))


def _at_home(scene: Scene) -> Iterator[Link]:
    """One side named, and for the other only what the paper's own ground explains: "the city" in Hong Kong, "ke
    Hong Kong" in Malaysia. Nothing of that where a third place may be meant."""
    near = (scene.title, *scene.body[:2])
    if any(is_elsewhere(name) for sentence in near for name in sentence.names):
        return
    for side, other in (("hk", "my"), ("my", "hk")):
        named = [(sentence, name) for sentence in near for name in sentence.sided(side)]
        ground = [(sentence, name) for sentence in near for name in sentence.home if other in name.name.sides]
        if named and ground:
            (first, name), (second, home) = named[0], ground[0]
            pair = (name, home) if side == "hk" else (home, name)
            both_in_title = first is second is scene.title
            sentences = (first,) if first is second else (first, second)
            yield Link("home-title" if both_in_title else "home-text", *pair, sentences)
            return


def _link_in(sentence: Sentence, kinds: tuple[str, str]) -> Link | None:
    hk, my = sentence.sided("hk"), sentence.sided("my")
    if not hk or not my:
        return None
    double = next((mention for mention in hk if mention in my), None)
    if double is not None:
        return Link(kinds[0], double, double, (sentence,))
    first, second = _nearest(hk, my)
    return Link(kinds[1], first, second, (sentence,))


def _body_links(scene: Scene) -> Iterator[Link]:
    for sentence in scene.body:
        place = "first" if sentence.number == 1 else "lead" if sentence.number <= LEAD else "deep"
        link = _link_in(sentence, (f"pair-{place}", f"both-{place}"))
        if link and place == "first" and not any(map(is_stranger, scene.title.names)):
            yield Link(link.kind, link.hk, link.my, (scene.title, sentence))  # both tell the same thing
        elif link:
            yield link


def _spread(scene: Scene) -> Iterator[Link]:
    """One side in the title, the other in the first sentences."""
    hk, my = scene.title.sided("hk"), scene.title.sided("my")
    if not hk and not my:
        return
    other = "my" if hk else "hk"
    for sentence in scene.body[:LEAD]:
        if across := sentence.sided(other):
            here = (hk or my)[0]
            pair = (here, across[0]) if hk else (across[0], here)
            yield Link("spread", *pair, (scene.title, sentence))
            return


def _neighbours(scene: Scene) -> Iterator[Link]:
    """One side in a sentence of the lead, the other in the next."""
    for first, second in pairwise(scene.body[: LEAD + 1]):
        for one, other in ((first, second), (second, first)):
            hk, my = one.sided("hk"), other.sided("my")
            if hk and my:
                yield Link("neighbours", hk[0], my[0], (first, second))
                return


def _nearest(hk: Sequence[Mention], my: Sequence[Mention]) -> tuple[Mention, Mention]:
    return min(((a, b) for a in hk for b in my), key=lambda pair: abs(pair[0].start - pair[1].start))


def acts(link: Link) -> Iterator[Signal]:
    """What is done in the sentences of a link, each act once."""
    seen: set[str] = set()
    for sentence in link.sentences:
        for cue in sentence.cues("act"):
            if cue.name.id not in seen:
                seen.add(cue.name.id)
                yield Signal(f"act-{cue.name.id}", (cue,), _where(sentence))


def matters(link: Link, speakers: Mapping[str, Sequence[str]]) -> Iterator[Signal]:
    """The topics of the sentences of a link, each once: strong words, and names that speak for a topic
    (`speakers`: role/... or tag -> topics)."""
    seen: set[str] = set()
    for sentence in link.sentences:
        spoken = [
            (word.name.id, word) for word in sentence.words if word.name.kind == "topic" and not word.weak
        ]
        for name in sentence.names:
            if name.name.role in ("eto", "eto-case"):
                continue  # whether an office is the matter is for parsers.offices to say
            for speaker in name.name.speaks:
                spoken.extend((topic, name) for topic in speakers.get(speaker, ()))
        for topic, mention in spoken:
            if topic not in seen:
                seen.add(topic)
                yield Signal(f"matter-{topic}", (mention,), _where(sentence))
    if not seen and link.where == "title":
        weak = [word for word in link.sentences[0].words if word.name.kind == "topic"]
        yield from (Signal("matter-hint", (word,), "title") for word in weak[:1])


def officials(link: Link) -> Iterator[Signal]:
    """Office holders and governments in the sentences of a link: those of both sides together, or of one side,
    or, where none is named, somebody by title."""
    acting = {side: found for side in ("hk", "my") if (found := _acting(link, side))}
    hk, my = acting.get("hk"), acting.get("my")
    if hk and my and hk != my:
        both = tuple(sorted((hk, my), key=_start))
        yield Signal("officials-both", both, _spread_over(link, both))
        return
    for side, mention in acting.items():
        yield Signal(f"official-{side}", (mention,), _spread_over(link, (mention,)))
        return
    for sentence in link.sentences:
        for cue in sentence.cues("actor"):
            yield Signal("official-unnamed", (cue,), _where(sentence))
            return


def _acting(link: Link, side: str) -> Mention | None:
    """The most telling office holder of a side: a leader before a minister before a ministry, a name before a
    title."""
    found = [
        (_OFFICIAL_ROLES[name.name.role], name.name.id in _UNNAMED, name.start, name)
        for sentence in link.sentences
        for name in sentence.sided(side)
        if name.name.role in _OFFICIAL_ROLES
    ]
    return min(found, key=lambda item: item[:3])[3] if found else None


def leads(link: Link) -> bool:
    """Whether a head of government or state stands in a headline that joins the sides."""
    return link.where == "title" and any(name.name.role == "leader" for name in link.sentences[0].names)


def two_states(link: Link) -> bool:
    """Whether a headline speaks of Malaysia and Hong Kong side by side, as of two governments."""
    if link.where != "title":
        return False
    if link.hk is link.my:
        return link.hk.name.id == "malaysia-hong-kong" and any(part in link.hk.words for part in _MALAYSIA)
    gap = max(link.hk.start, link.my.start) - min(link.hk.end, link.my.end)
    return {link.hk.name.id, link.my.name.id} == {"hong-kong", "malaysia"} and gap <= len(" and ")


def retold(scene: Scene, link: Link) -> Link:
    """A link of the headline widened by the first sentence, which tells the same story again; not where it speaks
    of another place."""
    first = scene.body[:1]
    if link.where != "title" or not first or any(map(is_stranger, first[0].names)):
        return link
    return Link(link.kind, link.hk, link.my, (*link.sentences, *first))


def stage(scene: Scene, link: Link) -> Link:
    """The link widened by the first sentence, and the second where it names a side: there the actors appear."""
    near = [
        sentence
        for sentence in scene.body[:2]
        if sentence not in link.sentences and (sentence.number == 1 or sentence.hk or sentence.my)
    ]
    return Link(link.kind, link.hk, link.my, (*link.sentences, *near))


def _spread_over(link: Link, mentions: Sequence[Mention]) -> str:
    end = max((sentence.end for sentence in link.sentences if sentence.number == 0), default=0)
    places = {"title" if mention.start < end else "text" for mention in mentions}
    return places.pop() if len(places) == 1 else "title and text"


def _start(mention: Mention) -> int:
    return mention.start


def _where(sentence: Sentence) -> str:
    return "title" if sentence.number == 0 else "text"
