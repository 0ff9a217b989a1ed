"""What kind of text it is: a market report, sports, celebrity news, a digest; they name places in passing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from parsers.names import Mention
from parsers.relations import LEAD, Signal
from parsers.scene import Scene


def kinds(scene: Scene) -> Iterator[Signal]:
    """One signal per kind that the title shows, or that the first sentences show twice."""
    in_title: dict[str, list[Mention]] = defaultdict(list)
    in_lead: dict[str, list[Mention]] = defaultdict(list)
    for sentence in scene.sentences[: LEAD + 1]:
        target = in_lead if sentence.number else in_title
        for word in sentence.words:
            if word.name.group == "kind":
                target[word.name.id].append(word)
        for name in sentence.names:
            if name.name.role in ("sports", "celebrity"):
                target[name.name.role].append(name)
    for kind in sorted(in_title.keys() | in_lead.keys()):
        strong_title = [word for word in in_title[kind] if not word.weak]
        strong_lead = [word for word in in_lead[kind] if not word.weak]
        if strong_title:
            if kind not in ("celebrity", "disaster") or not _grave(scene):
                yield Signal(f"kind-{kind}-title", tuple(strong_title[:3]), "title")
        elif len({word.words for word in strong_lead}) >= 2 or (
            strong_lead and len(in_title[kind] + in_lead[kind]) >= 2
        ):
            yield Signal(f"kind-{kind}-text", tuple(strong_lead[:3]), "text")


def _grave(scene: Scene) -> bool:
    """Whether a headline with a star or an injury in it is about money, a crime or an agreement all the same."""
    return any(
        word.name.id in ("crime-legal", "financial-services", "sign", "fund") and not word.weak
        for word in scene.title.words
    )
