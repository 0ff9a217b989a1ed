"""What joins the two sides in a text: sentences that name both, who acts there, and what they do.

A signal is one thing a reader could point at; `parsers.relevance` weighs signals, nothing here knows weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parsers.names import Mention
from parsers.scene import Scene, Sentence

LEAD = 2  # sentences after the title that tell what a text is about
_OFFICIAL_ROLES = frozenset(("leader", "official", "government", "mission"))


@dataclass(frozen=True, slots=True)
class Signal:
    """One observation: the rule it falls under, the mentions that show it, and where they stand."""

    rule: str
    mentions: tuple[Mention, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Link:
    """Sentences that join the sides. `kind`: pair-title, both-title, pair-text, both-lead, spread, pair-deep or
    both-deep."""

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
        lead = sentence.number <= LEAD
        link = _link_in(
            sentence, ("pair-text" if lead else "pair-deep", "both-lead" if lead else "both-deep")
        )
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


def matters(link: Link) -> Iterator[Signal]:
    """The topics that strong words name in the sentences of a link, each once."""
    seen: set[str] = set()
    for sentence in link.sentences:
        for word in sentence.words:
            if word.name.kind == "topic" and not word.weak and word.name.id not in seen:
                seen.add(word.name.id)
                yield Signal(f"matter-{word.name.id}", (word,), _where(sentence))


def officials(link: Link) -> Iterator[Signal]:
    """Office holders and governments of either side who appear in the sentences of a link."""
    for side in ("hk", "my"):
        for sentence in link.sentences:
            acting = [name for name in sentence.sided(side) if name.name.role in _OFFICIAL_ROLES]
            if acting:
                yield Signal(f"official-{side}", (acting[0],), _where(sentence))
                break


def _where(sentence: Sentence) -> str:
    return "title" if sentence.number == 0 else "text"
