"""Is an article for us, how much, and why: mentions and signals weighed into a verdict.

The score is a sum of the weights of the signals found (`gazetteer/weights.toml`), each of which becomes a
reason that quotes the text. 50 points make an article alert-worthy. Grade 3 asks for more than points: the Kuala
Lumpur office, or office holders acting between the two sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from parsers import kinds, offices, relations
from parsers.article import FOOTER_STARTS
from parsers.entry import Article, Reason, Verdict
from parsers.figures import figures
from parsers.gazetteer import Gazetteer, builtin
from parsers.names import Finder, gives_tag
from parsers.press import Press
from parsers.reasons import summing_up, told
from parsers.relations import Link, Signal
from parsers.scene import HOME, Reading, Scene, is_stranger, lay_out, read_through
from parsers.topics import Topics

ALERT = 50.0
CORE = 75.0
PASSING = 20.0
_NO_STATE_ACTS = frozenset(("act-case", "act-joint-action", "act-consular", "act-sales"))
_LEISURE = {"matter-tourism-aviation"}
_REGION = frozenset(("agreement/rcep", "agreement/ahkfta", "org/asean", "place/southeast-asia"))


class Rules:
    """A gazetteer ready for judging. Build once, use for many articles and from many threads."""

    def __init__(self, gazetteer: Gazetteer, finder: Finder | None = None) -> None:
        self.gazetteer = gazetteer
        self.finder = finder or Finder(gazetteer, FOOTER_STARTS)
        self.topics = Topics(gazetteer)
        self._press = Press(gazetteer.publishers)

    def reweighted(self, weights: Mapping[str, float]) -> Rules:
        """These rules with other weights, without building the automaton again."""
        return Rules(replace(self.gazetteer, weights=weights), self.finder)

    @property
    def version(self) -> str:
        return self.gazetteer.version

    def country(self, article: Article) -> str:
        """The country whose press speaks: the source's, or that of a publisher we know."""
        return article.country.upper() or self._press.country(article.publisher)


@cache
def builtin_rules() -> Rules:
    """The rules of this package, built once."""
    return Rules(builtin())


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything seen in one article, before weighing. `link` is the strongest link of the two sides."""

    scene: Scene
    links: tuple[Link, ...]
    signals: tuple[Signal, ...]

    @property
    def link(self) -> Link | None:
        return self.links[0] if self.links else None


def judge(article: Article, rules: Rules | None = None) -> Verdict:
    """The verdict on an article by `rules` (the built-in ones when None)."""
    rules = rules or builtin_rules()
    return _weighed(analyse(article, rules), rules)


def judge_named(article: Article, rules: Rules | None = None) -> Verdict | None:
    """The same; None for an article in which no name stands that could count, whoever prints it: `judge` gives what
    `nobody_named` is, with more work. Nearly all that feeds bring is of this kind."""
    rules = rules or builtin_rules()
    reading = read_through(article, rules.finder)
    if not rules.finder.tells(reading.places, reading.text, reading.folded):
        return None
    return _weighed(_analysed(reading, rules.country(article), rules), rules)


def _weighed(analysis: Analysis, rules: Rules) -> Verdict:
    weights = rules.gazetteer.weights
    points = sum(weights[signal.rule] for signal in analysis.signals)
    grade = _grade(points, analysis)
    score = _score(points, grade)
    reasons = tuple(sorted(_reasons(analysis, rules), key=lambda reason: -abs(reason.weight)))
    tags = _tags(analysis, grade, rules)
    return Verdict(grade, score, tags, reasons, summing_up(grade, reasons), rules.version)


def nobody_named(rules: Rules | None = None) -> Verdict:
    """The verdict on every article in which no name stands that could count."""
    rules = rules or builtin_rules()
    return Verdict(0, 0.0, (), (), summing_up(0, ()), rules.version)


def analyse(article: Article, rules: Rules) -> Analysis:
    """The scene of an article and every signal in it."""
    return _analysed(read_through(article, rules.finder), rules.country(article), rules)


def _analysed(reading: Reading, country: str, rules: Rules) -> Analysis:
    scene = lay_out(reading, rules.finder, country)
    sides = {side for name in scene.names if name.name.role != HOME for side in name.name.sides}
    if not sides:
        return Analysis(scene, (), ())
    weights = rules.gazetteer.weights
    found = tuple(sorted(relations.links(scene), key=lambda link: -weights[f"link-{link.kind}"]))
    return Analysis(scene, found, tuple(_signals(scene, found, rules)))


def _signals(scene: Scene, found: Sequence[Link], rules: Rules) -> Iterator[Signal]:
    about_offices = tuple(offices.office_signals(scene))
    grave = any(signal.rule.startswith(("office-kl", "institution")) for signal in about_offices)
    if grave or not found:  # an office's routine adds nothing to what joins the two sides
        yield from about_offices
    if found:
        yield from _link_signals(scene, found, rules)
    if found or about_offices:
        yield from kinds.kinds(scene)
    if found and not grave:
        yield from _third(scene, found[0])
    if not found and not about_offices:
        yield from _apart(scene)


def _link_signals(scene: Scene, found: Sequence[Link], rules: Rules) -> Iterator[Signal]:
    link = found[0]
    weights = rules.gazetteer.weights
    shown = (link.hk,) if link.hk is link.my else tuple(sorted((link.hk, link.my), key=lambda m: m.start))
    yield Signal(f"link-{link.kind}", shown, link.where)
    if len(found) >= 3:
        yield Signal("link-repeated", (found[1].hk, found[1].my), found[1].where)
    told_in = relations.retold(scene, link)
    yield from sorted(relations.acts(told_in), key=lambda signal: -weights[signal.rule])[:2]
    yield from sorted(
        relations.matters(told_in, rules.topics.speakers), key=lambda signal: -weights[signal.rule]
    )[:2]
    yield from relations.officials(relations.stage(scene, link))


def _third(scene: Scene, link: Link) -> Iterator[Signal]:
    """Places of neither side, where they come first or stand in the sentences of the link."""
    others = [name for name in scene.title.names if is_stranger(name)]
    first = bool(others) and link.where != "title"
    if first:
        alone = not scene.title.hk and not scene.title.my
        yield Signal("third-alone-in-title" if alone else "third-in-title", (others[0],), "title")
    consul = link.hk.name.role == "mission"  # the Malaysian one is accredited to Macau as well
    beside = {
        name.name.id: name
        for sentence in link.sentences
        for name in sentence.names
        if is_stranger(name) or (consul and name.name.id == "macau")
    }
    if len(beside) > 1:
        yield Signal("third-crowd", tuple(beside.values())[:3], link.where)
    elif beside and not first:
        yield Signal("third-beside", tuple(beside.values()), link.where)
    many = [cue for sentence in link.sentences for cue in sentence.cues("crowd")]
    if many and link.where != "title":
        yield Signal("third-many", (many[0],), scene.where(many[0]))


def _apart(scene: Scene) -> Iterator[Signal]:
    """What is named where nothing joins the two sides; it weighs nothing and explains a low grade."""
    hk, my = (
        next((name for name in scene.names if side in name.name.sides and name.name.role != HOME), None)
        for side in ("hk", "my")
    )
    region = next((name for name in scene.names if name.name.tag in _REGION), None)
    if hk and my:
        yield Signal("apart-both", tuple(sorted((hk, my), key=lambda name: name.start)), "text")
    elif hk and region:
        yield Signal("apart-region", (hk, region), "text")
    elif only := hk or my:
        yield Signal("apart-one", (only,), scene.where(only))


def _grade(points: float, analysis: Analysis) -> int:
    rules = {signal.rule for signal in analysis.signals}
    if points >= ALERT:
        return 3 if _core(rules, analysis) else 2
    return 1 if _passing(rules) else 0


def _core(rules: set[str], analysis: Analysis) -> bool:
    """Whether office holders act between the two sides, or the Kuala Lumpur office is the matter."""
    if rules & {"office-kl-title", "office-kl-lead"}:
        return "office-kl-title" in rules or _office_is_matter(analysis)
    link = analysis.link
    if link is None or link.kind.endswith("deep"):
        return False
    stage = relations.stage(analysis.scene, link)
    officials = tuple(relations.officials(stage))
    if relations.two_states(link) and {"act-meet", "act-sign"} & {
        signal.rule for signal in relations.acts(link)
    }:
        return True
    return bool(officials) and _state_acts(stage, link, officials)


def _state_acts(stage: Link, link: Link, officials: Sequence[Signal]) -> bool:
    """Whether what is done is for office holders to do: no trial, no sales mission, no advice to travellers, and
    no everyday business of a department."""
    acts = {signal.rule for signal in relations.acts(stage)}
    if acts & {"act-meet", "act-sign"} or ("act-visit" in acts and officials[0].rule == "officials-both"):
        return True
    if all(mention.name.role == "government" for signal in officials for mention in signal.mentions):
        return False  # a department acts every day; travellers "arrive" in its reports
    if "act-visit" in acts:
        return "act-sales" not in acts
    matters = {signal.rule for signal in relations.matters(stage, {})}
    if acts & _NO_STATE_ACTS or ("matter-crime-legal" in matters and officials[0].rule != "officials-both"):
        return False
    agreed = any(name.name.kind == "agreement" for sentence in stage.sentences for name in sentence.names)
    cooperating = agreed or acts & {"act-cooperate", "act-promote"} or "matter-diplomacy" in matters
    return relations.leads(link) or bool(cooperating and matters != _LEISURE)


def _office_is_matter(analysis: Analysis) -> bool:
    """Whether a Kuala Lumpur office that the headline does not name is more than one clause among others."""
    title, *body = analysis.scene.sentences
    if title.sided("my") or offices.office_mentions(title):
        return True
    return offices.kuala_lumpur(body[0], analysis.scene.text, analysis.scene.country) is not None and not any(
        map(is_stranger, body[0].names)
    )


def _passing(rules: set[str]) -> bool:
    """Whether both sides, an office, or Hong Kong with the region at large are named at all."""
    return bool(rules & {"apart-both", "apart-region"}) or any(
        rule.startswith(("office-", "institution-", "link-")) for rule in rules
    )


def _score(points: float, grade: int) -> float:
    low, high = {0: (0.0, PASSING - 1), 1: (PASSING, ALERT - 1), 2: (ALERT, CORE - 1), 3: (CORE, 100.0)}[
        grade
    ]
    return round(min(max(points, low), high), 1)


def _reasons(analysis: Analysis, rules: Rules) -> Iterator[Reason]:
    for signal in analysis.signals:
        yield told(signal, rules.gazetteer.weights[signal.rule])


def _tags(analysis: Analysis, grade: int, rules: Rules) -> tuple[str, ...]:
    tags: set[str] = set()
    for mention in analysis.scene.names:
        if gives_tag(mention.name):
            tags.add(mention.name.tag)
        tags |= set(mention.name.implies)
    if any(signal.rule.startswith("office-kl") for signal in analysis.signals):
        tags.add(f"office/{offices.KL}")
    if any(signal.rule.startswith(("office-", "institution-")) for signal in analysis.signals):
        tags.add("office/hketo")
    if grade >= 1:
        tags |= {f"figure/{figure}" for figure in figures(analysis.scene.text, analysis.scene.folded)}
    if grade >= 2:
        found = frozenset(signal.rule for signal in analysis.signals)
        topics = rules.topics.chosen(analysis.scene, analysis.links, found, core=grade == 3)
        tags |= {f"topic/{topic}" for topic in topics}
        if analysis.links:
            tags.add("relation/malaysia-hong-kong")
    return tuple(sorted(tags))
