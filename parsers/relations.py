"""What joins the two sides in a text: sentences that name both, who acts there, and what they do.

A signal is one thing a reader could point at; `parsers.relevance` weighs signals, nothing here knows weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parsers.names import Mention
from parsers.scene import Scene, Sentence

LEAD = 3  # sentences after the title that tell what a text is about
_OFFICIAL_ROLES = frozenset(("leader", "official", "government", "mission"))


@dataclass(frozen=True, slots=True)
class Signal:
    """One observation: the rule it falls under, the mentions that show it, and where they stand."""

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
    return found


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
        if link:
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
            for speaker in (f"role/{name.name.role}", name.name.tag):
                spoken.extend((topic, name) for topic in speakers.get(speaker, ()))
        for topic, mention in spoken:
            if topic not in seen:
                seen.add(topic)
                yield Signal(f"matter-{topic}", (mention,), _where(sentence))


def officials(link: Link) -> Iterator[Signal]:
    """Office holders and governments of either side, named or by their title, in the sentences of a link."""
    named = False
    for side in ("hk", "my"):
        for sentence in link.sentences:
            acting = [name for name in sentence.sided(side) if name.name.role in _OFFICIAL_ROLES]
            if acting:
                yield Signal(f"official-{side}", (acting[0],), _where(sentence))
                named = True
                break
    titles = [(cue, sentence) for sentence in link.sentences for cue in sentence.cues("actor")]
    if titles and not named:
        cue, sentence = titles[0]
        yield Signal("official-unnamed", (cue,), _where(sentence))


def leads(link: Link) -> bool:
    """Whether a head of government or state stands in a headline that joins the sides."""
    return link.where == "title" and any(name.name.role == "leader" for name in link.sentences[0].names)


def stage(scene: Scene, link: Link) -> Link:
    """The link widened by the first sentences that name either side: where the actors of the story appear."""
    near = [s for s in scene.body[:2] if s not in link.sentences and (s.sided("hk") or s.sided("my"))]
    return Link(link.kind, link.hk, link.my, (*link.sentences, *near))


def _where(sentence: Sentence) -> str:
    return "title" if sentence.number == 0 else "text"
