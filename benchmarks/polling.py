"""How late do we see what matters? Polling schedules compared on the same publications and requests.

    python -m benchmarks.polling                 five synthetic months, and five in which sources change pace
    python -m benchmarks.polling --trace FILE    publication times of your own: JSON Lines
                                                 {"source": "x", "published": "2026-11-01T08:00:00Z", "target": false}
                                                 (seconds since 1970 do as well); a week to learn, the rest scored
    python -m benchmarks.polling --plot docs/polling.png

Every schedule makes the same number of requests within the same bounds and learns only from what its own
polls showed. The first week is for learning, publications after it are scored; where sources change pace in the
middle, the three days after the change are. The last line is one JSON object, its ratios those of mean delays.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.schedules.policies import MAKERS
from benchmarks.schedules.scores import Score, compare
from benchmarks.schedules.world import DAYS, LEARNING_WEEK, SOURCES, read_trace, synthetic
from feeds.rhythm import DAY

SEEDS = (1, 2, 3, 4, 5)
SETTLING = 3 * DAY  # after sources have changed pace


def table(title: str, rows: dict[str, list[Score]]) -> None:
    """One line a schedule, means over all runs."""
    print(f"\n{title}")
    print(
        f"{'schedule':18}{'mean s':>9}{'p95 s':>9}{'/ fixed':>9}{'/ oracle':>9}{'others p95':>12}{'requests':>10}"
    )
    for name, scores in rows.items():
        ratios = [_ratio(scores, rows[base]) for base in ("fixed", "oracle")]
        print(
            f"{name:18}{_mean([one.mean for one in scores]):9.1f}{_mean([one.p95 for one in scores]):9.0f}"
            f"{ratios[0]:9.3f}{ratios[1]:9.3f}{_mean([one.others_p95 for one in scores]):12.0f}"
            f"{_mean([one.requests for one in scores]):10.0f}"
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def _ratio(ours: Sequence[Score], theirs: Sequence[Score]) -> float:
    return _mean([mine.mean / other.mean for mine, other in zip(ours, theirs, strict=True) if other.mean])


def figures(rows: dict[str, list[Score]]) -> dict[str, float]:
    """The ratios that the schedule is held to."""
    to_fixed = [mine.mean / fixed.mean for mine, fixed in zip(rows["ours"], rows["fixed"], strict=True)]
    others = [name for name in rows if name not in ("ours", "oracle")]
    best = [min(scores, key=lambda one: one.mean) for scores in zip(*(rows[n] for n in others), strict=True)]
    return {
        "mean_ratio_to_fixed": round(_mean(to_fixed), 4),
        "worst_ratio_to_fixed": round(max(to_fixed), 4),
        "mean_ratio_to_oracle": round(_ratio(rows["ours"], rows["oracle"]), 4),
        "mean_ratio_to_best_other": round(_ratio(rows["ours"], best), 4),
    }


def plot(rows: dict[str, list[Score]], path: Path) -> None:
    """Mean and 95th percentile of the delay by schedule, as a PNG."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  # a large library that only the picture needs
    except ImportError as error:
        raise SystemExit("--plot needs matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(8, 4))
    left, right = figure.subplots(1, 2)
    for axes, field_name, title in ((left, "mean", "mean delay"), (right, "p95", "95th percentile")):
        values = [_mean([getattr(one, field_name) for one in scores]) for scores in rows.values()]
        colours = ["#2a6f97" if name == "ours" else "#b8b8b8" for name in rows]
        axes.barh(list(rows), values, color=colours)
        axes.invert_yaxis()
        axes.set_title(f"{title} of what matters, seconds")
        for index, value in enumerate(values):
            axes.text(value, index, f" {value:.0f}", va="center")
        axes.margins(x=0.15)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def synthetic_months(plot_to: Path | None) -> dict[str, float]:
    """All schedules over the seeds, then ours against the oracle where sources change pace."""
    rows: dict[str, list[Score]] = {name: [] for name in MAKERS}
    shifted: dict[str, list[Score]] = {name: [] for name in ("fixed", "ours", "oracle")}
    for seed in SEEDS:
        world = synthetic(seed, shift=False)
        for name, one in compare(world, list(rows), world.start + LEARNING_WEEK, world.end).items():
            rows[name].append(one)
        changing = synthetic(seed, shift=True)
        since = changing.changed_at
        for name, one in compare(changing, list(shifted), since, since + SETTLING).items():
            shifted[name].append(one)
        print(f"seed {seed}: {sum(map(sum, world.targets))} targets", file=sys.stderr)
    table(f"{SOURCES} sources, {DAYS} days, {len(SEEDS)} seeds; weeks 2 to 4 scored", rows)
    table("a fifth of the sources change pace tenfold; the three days after it scored", shifted)
    if plot_to:
        plot(rows, plot_to)
    return figures(rows) | {"shift_ratio_to_oracle": round(_ratio(shifted["ours"], shifted["oracle"]), 4)}


def traced(path: Path, plot_to: Path | None) -> dict[str, float]:
    """All schedules on publication times from a file."""
    world = read_trace(path)
    scores = compare(world, list(MAKERS), world.start + LEARNING_WEEK, world.end)
    rows = {name: [one] for name, one in scores.items()}
    table(f"{path.name}: {len(world.times)} sources, {scores['ours'].targets} targets scored", rows)
    if plot_to:
        plot(rows, plot_to)
    return figures(rows)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Compare polling schedules.")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="publication times as JSON Lines")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="also draw a picture (needs matplotlib)")
    options = parser.parse_args()
    started = time.process_time()
    try:
        result = traced(options.trace, options.plot) if options.trace else synthetic_months(options.plot)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(result | {"cpu_s": round(time.process_time() - started, 1)}))


if __name__ == "__main__":
    main()
