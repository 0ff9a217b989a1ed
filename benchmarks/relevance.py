"""How good the verdicts are on the labelled development sets and on our own, beside the committed baseline.

    python -m benchmarks.relevance [--write] [--confusions]

The development sets are read from HKETO_SHARED, or ../shared beside the checkout; our own lie with the tests: "blind",
written and graded by one who had not seen the rules, and "fresh", each part of which was judged once before the rules
were adapted to it. --write makes the figures the new baseline;
--confusions lists what was judged wrongly. The yardstick is the plain keyword rule: both places named, in either
script. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.weights import CASES, labelled
from parsers.evaluate import MODES, Rates, Report, as_article, evaluate, fallen, plain
from parsers.names import has_word
from parsers.script import fold

BASELINE = Path(__file__).resolve().parent.parent / "tests" / "baselines" / "relevance.json"
SHARED, OWN = ("relevance-dev", "relevance-dev-2"), ("blind", "fresh")
HONG_KONG = ("HKETO", "Hong Kong", "香港", "經貿辦")
MALAYSIA = ("Malaysia", "Kuala Lumpur", "馬來西亞", "大馬", "吉隆坡")


def own(name: str) -> list[dict[str, Any]]:
    """A set of our own sentences, which lies with the tests."""
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()]


def keyword_rates(records: list[dict[str, Any]], mode: str) -> Rates:
    right = found = 0
    for record in records:
        article = as_article(record, mode)
        text = fold(f"{article.title}\n{article.text}")
        named = all(any(has_word(text, word) for word in side) for side in (HONG_KONG, MALAYSIA))
        found, right = found + named, right + (named and record["grade"] >= 2)
    return Rates(right, found, sum(record["grade"] >= 2 for record in records))


def show(name: str, report: Report, keywords: Rates, confusions: bool) -> None:
    alert = report.alert
    entities = f"{report.entities.f1:.3f}" if report.entities.wanted else "not labelled"
    print(
        f"{name:32} P {alert.precision:.3f} R {alert.recall:.3f} F1 {alert.f1:.3f} (keywords F1 {keywords.f1:.3f}) "
        f"grades {report.grades:.3f} topics {report.topics.f1:.3f} entities {entities}"
    )
    for one in report.confusions if confusions else ():
        print(f"    {one.wanted} -> {one.given} {one.lang} {one.title} | {one.sentence}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the verdicts on the labelled data.")
    parser.add_argument("--write", action="store_true", help="make the figures the new baseline")
    parser.add_argument("--confusions", action="store_true", help="list what was judged wrongly")
    asked = parser.parse_args()
    sets = {name: [record for record in labelled() if record["set"] == name] for name in SHARED}
    sets |= {name: own(name) for name in OWN}
    figures: dict[str, dict[str, float]] = {}
    for name, chosen in sets.items():
        for mode in MODES:
            report = evaluate(chosen, mode)
            show(f"{name} {mode}", report, keyword_rates(chosen, mode), asked.confusions)
            figures[f"{name} {mode}"] = plain(report)
    if asked.write:
        BASELINE.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    baseline = json.loads(BASELINE.read_text("utf-8"))
    lost = {key: below for key in figures if (below := fallen(figures[key], baseline[key]))}
    print("below the baseline:", lost or "nothing")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
