"""Fits the weights of the rules to labelled articles, and shows by cross-validation what that is worth.

    python -m benchmarks.weights [--write]

Learns from the labelled development sets (HKETO_SHARED, or ../shared beside the checkout) and, at less weight, from
the judged cases of the tests. A logistic curve turns points into a chance; a penalty holds every weight near the
committed one, and no act, matter or link may count against an article, no kind of text for it. Folds are split by
event, so that reports of one event never stand on both sides. --write puts the rounded weights into the package.
The folds start from coarse guesses by kind of rule, which know nothing of the data; the committed weights, which
have seen all of it, are shown beside them. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsers.entry import Article
from parsers.evaluate import MODES, Rates, as_article, evaluate
from parsers.gazetteer import builtin
from parsers.relevance import ALERT, Rules, analyse, builtin_rules

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "parsers" / "gazetteer" / "weights.toml"
CASES = ROOT / "tests" / "cases" / "judged"
FOLDS = 5
SLOPE = 9.0  # points that change the odds by e
NEARNESS = 8.0  # points a weight may move before the penalty is felt
STEPS = 250
NEVER_BELOW = ("act-", "matter-", "official", "link-")
NEVER_ABOVE = ("kind-", "third-")
# What one would guess before seeing any data, by the beginning of a rule's name; the first that fits.
GUESSES = {
    "link-pair-title": 40, "link-both-title": 40, "link-pair-first": 30, "link-both-first": 30, "link-": 15,
    "act-": 8, "matter-": 8, "official": 6, "office-kl": 70, "office-": 20, "institution-": 30, "third-": -12,
    "kind-": -30,
}  # fmt: skip
FIXED = ("topic-", "apart-")


@dataclass(frozen=True, slots=True)
class Example:
    """The rules an article fires, whether it is alert-worthy, and how much it counts."""

    rules: tuple[str, ...]
    wanted: bool
    weight: float


def labelled() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("HKETO_SHARED", ROOT.parent / "shared")) / "eval"
    found: list[dict[str, Any]] = []
    for name in ("relevance-dev", "relevance-dev-2"):
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            found.extend(json.loads(line) | {"set": name} for line in lines)
    return found


def with_weights(weights: Mapping[str, float]) -> Rules:
    """The built-in rules with other weights, without building the automaton again."""
    return builtin_rules().reweighted(weights)


def examples(records: Sequence[dict[str, Any]], rules: Rules) -> list[Example]:
    made: list[Example] = []
    for record in records:
        for mode in MODES:
            analysis = analyse(as_article(record, mode), rules)
            fired = tuple(signal.rule for signal in analysis.signals)
            wanted = record["grade"] >= 2
            hidden = mode == "title" and wanted and not analysis.links
            if fired and not hidden:
                sure = 1.0 if record["confidence"] == "sure" else 0.5
                made.append(Example(fired, wanted, sure * (0.4 if mode == "title" else 1.0)))
    return made


def own_examples(rules: Rules) -> list[Example]:
    made: list[Example] = []
    for path in sorted(CASES.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            grade, _, country, title, text = ("" if cell == "-" else cell for cell in line.split("\t"))
            analysis = analyse(Article("", "", "", title, text, text, "", "", "", country), rules)
            if analysis.signals:
                made.append(Example(tuple(s.rule for s in analysis.signals), int(grade) >= 2, 0.4))
    return made


def fit(start: Mapping[str, float], records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Gradient descent on the weighted log loss. Two rounds, because which acts and matters count depends on the
    weights themselves."""
    weights = dict(start)
    for _ in range(2):
        rules = with_weights(weights)
        known = examples(records, rules) + own_examples(rules)
        for step in range(STEPS):
            for rule, slope in gradient(weights, known).items():
                pull = slope + (weights[rule] - start[rule]) / NEARNESS**2
                weights[rule] = bounded(rule, weights[rule] - 12 * pull / (1 + step * 0.005))
    return weights


def gradient(weights: Mapping[str, float], known: Sequence[Example]) -> dict[str, float]:
    slopes: dict[str, float] = defaultdict(float)
    for example in known:
        points = sum(weights[rule] for rule in example.rules)
        chance = 1 / (1 + math.exp(-(points - ALERT) / SLOPE))
        for rule in example.rules:
            if not rule.startswith(FIXED):
                slopes[rule] += example.weight * (chance - example.wanted) / SLOPE
    return slopes


def bounded(rule: str, weight: float) -> float:
    if rule.startswith(NEVER_BELOW):
        return max(0.0, weight)
    return min(0.0, weight) if rule.startswith(NEVER_ABOVE) else weight


def guessed(weights: Mapping[str, float]) -> dict[str, float]:
    return {
        rule: next((guess for start, guess in GUESSES.items() if rule.startswith(start)), weight)
        for rule, weight in weights.items()
    }


def fold_of(record: dict[str, Any]) -> int:
    event = record["event"] or record["id"]
    return int(hashlib.sha256(event.encode()).hexdigest(), 16) % FOLDS


def folded(records: Sequence[dict[str, Any]], start: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Alert-worthy figures over all folds. "blind": judged by weights fitted from guesses without the fold's
    events; "committed": by those of the package."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for fold in range(FOLDS):
        held = [record for record in records if fold_of(record) == fold]
        blind = fit(guessed(start), [record for record in records if fold_of(record) != fold])
        for label, weights in (("committed", start), ("blind", blind)):
            for name in sorted({record["set"] for record in held}):
                for mode in MODES:
                    rates = evaluate([r for r in held if r["set"] == name], mode, with_weights(weights)).alert
                    total = sums[f"{label} {name} {mode}"]
                    for at, count in enumerate((rates.right, rates.found, rates.wanted)):
                        total[at] += count
    return {key: shown(Rates(*counts)) for key, counts in sorted(sums.items())}


def shown(rates: Rates) -> dict[str, float]:
    return {
        "precision": round(rates.precision, 3),
        "recall": round(rates.recall, 3),
        "f1": round(rates.f1, 3),
    }


def write(weights: Mapping[str, float]) -> None:
    text = WEIGHTS.read_text("utf-8")
    for rule, weight in weights.items():
        if not rule.startswith(FIXED):
            text = re.sub(rf"(?m)^{re.escape(rule)} = .*$", f"{rule} = {round(weight)}", text)
    WEIGHTS.write_text(text, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of the rules.")
    parser.add_argument("--write", action="store_true", help="put the fitted weights into the package")
    asked = parser.parse_args()
    records, start = labelled(), builtin().weights
    figures = folded(records, start)
    for key, rates in figures.items():
        print(f"{key:45} {rates}")
    fitted = fit(start, records)
    moved = {
        rule: (start[rule], round(weight))
        for rule, weight in fitted.items()
        if abs(weight - start[rule]) >= 1
    }
    print("would move:" if not asked.write else "moved:", moved)
    if asked.write:
        write(fitted)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
