"""Where the lines of copies and stories are drawn, and what happens to either side of them.

    python -m benchmarks.thresholds [FOLDER]      the folder that holds eval/, ../shared when none is given

Prints the tables of docs/duplicates.md from the labelled development data: one rule is moved at a time, all others
stay as they are. The row in use is marked. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from parsers.duplicates import NEAR
from parsers.evaluate_groups import (
    Scores,
    across,
    bcubed,
    crowded,
    event_records,
    groups_of,
    pairwise,
    swallowed,
)
from parsers.group import Grouper
from parsers.stories import STORIES

Records = Sequence[dict[str, Any]]
#: Values of a rule by its name; Any, since each rule has a type of its own.
Steps = Mapping[str, Sequence[Any]]
NEAR_STEPS: Steps = {
    "whole": (0.15, 0.25, 0.30, 0.35, 0.40, 0.50, 0.60),
    "part": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "figures": (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8),
}
STORY_STEPS: Steps = {
    "same": (0.06, 0.08, 0.09, 0.10, 0.11, 0.13, 0.16, 0.20),
    "across": (0.10, 0.15, 0.20, 0.225, 0.25, 0.30),
    "margin": (0.0, 0.3, 0.7, 1.0),
    "whole": (0.3, 0.4, 0.5, 0.6, 0.8),
    "rare": (0.0, 2.0, 3.0, 4.0),
}


def lines_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "eval" / f"{name}.jsonl").read_text("utf-8").splitlines()]


def copies(records: Records, rules: Any) -> dict[str, Scores]:
    found = groups_of(records, "duplicates", Grouper("duplicates", near_rules=rules))
    recurring = ["recurring" in record["kind"] for record in records]
    wanted = [record["group"] for record in records]
    return {
        "all": pairwise(found, wanted),
        "recurring": pairwise(
            [group for group, is_one in zip(found, recurring, strict=True) if is_one],
            [label for label, is_one in zip(wanted, recurring, strict=True) if is_one],
        ),
    }


def stories(dense: Records, live: Records, rules: Any) -> dict[str, float]:
    grouped = groups_of(dense, "stories", Grouper("stories", rules=rules))
    row: dict[str, float] = {}
    for lang in ("zh", "en"):
        chosen = [
            (group, record["group"])
            for record, group in zip(dense, grouped, strict=True)
            if record["lang"] == lang
        ]
        row[f"{lang} B3"] = bcubed([group for group, _ in chosen], [label for _, label in chosen]).f1
    found, wanted = (
        groups_of(live, "stories", Grouper("stories", rules=rules)),
        [record["group"] for record in live],
    )
    row["live B3"] = bcubed(found, wanted).f1
    pairs = pairwise(found, wanted)
    row["live pair P"], row["live pair R"] = pairs.precision, pairs.recall
    langs = [record["lang"].split("-")[0] for record in live]
    links = across(found, wanted, langs)
    row["links P"], row["links R"] = links.precision, links.recall
    core = defaultdict(set)
    for record, group in zip(live, found, strict=True):
        if record["grade"] == 3:
            core[group].add(record["group"])
    row["core merged"] = sum(len(events) > 1 for events in core.values())
    row["swallowed"] = _swallowed(live, rules)
    return row


def _swallowed(live: Records, rules: Any) -> float:
    """Events told inside another's story when everything on the beat happens within three days; mean of three."""
    beat = [record for record in live if record["grade"] > 0]
    runs = [crowded(beat, seed) for seed in range(3)]
    return sum(
        swallowed(groups_of(run, "stories", Grouper("stories", rules=rules)), [r["group"] for r in run])
        for run in runs
    ) / len(runs)


def table(name: str, rows: dict[float, dict[str, float]], used: float) -> None:
    columns = list(next(iter(rows.values())))
    print(f"\n{name:>8} " + " ".join(f"{column:>11}" for column in columns))
    for value, row in rows.items():
        mark = "*" if value == used else " "
        cells = (
            f"{row[column]:>11.0f}" if column in ("core merged", "swallowed") else f"{row[column]:>11.3f}"
            for column in columns
        )
        print(f"{value:>7.3f}{mark} " + " ".join(cells))


def flat(scores: dict[str, Scores]) -> dict[str, float]:
    return {
        f"{part} {letter}": value
        for part, score in scores.items()
        for letter, value in (("P", score.precision), ("R", score.recall), ("F1", score.f1))
    }


def main() -> None:
    folder = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent / "shared"
    )
    if not (folder / "eval").is_dir():
        sys.exit(f"{folder} holds no eval/ folder; name the one that does")
    dedup, dense = lines_of(folder, "dedup-dev"), lines_of(folder, "story-dev")
    live = event_records(lines_of(folder, "relevance-dev") + lines_of(folder, "relevance-dev-2"))
    print("Copies: dedup-dev, pairwise; recurring = daily reports alone")
    for name, steps in NEAR_STEPS.items():
        table(
            name,
            {value: flat(copies(dedup, replace(NEAR, **{name: value}))) for value in steps},
            getattr(NEAR, name),
        )
    print(
        "\nStories: story-dev by language, both relevance sets as one live stream; links = pairs across languages"
    )
    for name, steps in STORY_STEPS.items():
        rows = {value: stories(dense, live, replace(STORIES, **{name: value})) for value in steps}
        table(name, rows, getattr(STORIES, name))
    rules = {
        rules.__class__.__name__: {f.name: getattr(rules, f.name) for f in fields(rules)}
        for rules in (NEAR, STORIES)
    }
    print(json.dumps({"benchmark": "thresholds", **rules}))


if __name__ == "__main__":
    main()
