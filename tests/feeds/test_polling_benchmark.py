"""The polling benchmark reads traces, says what is wrong with them, and its worlds are what it claims."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.schedules import world as worlds
from feeds.rhythm import DAY


def write_trace(path: Path, days: int) -> None:
    """Ten sources with unequal shares of targets, by day only."""
    rng = random.Random(2)
    rows = []
    for source in range(10):
        for day in range(days):
            for _ in range(24):
                at = worlds.START + day * DAY + (8 + 14 * rng.random()) * 3600
                rows.append(
                    {"source": f"s{source}", "published": at, "target": rng.random() < 0.3 * 0.5**source}
                )
    rng.shuffle(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_a_trace_is_scored_and_ours_beats_the_fixed_interval(tmp_path: Path) -> None:
    write_trace(tmp_path / "trace.jsonl", 14)
    command = [sys.executable, "-m", "benchmarks.polling", "--trace", str(tmp_path / "trace.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    result = json.loads(done.stdout.splitlines()[-1])
    assert 0.2 < result["mean_ratio_to_fixed"] < 0.75
    assert 0.8 < result["mean_ratio_to_oracle"] < 1.4
    assert result["mean_ratio_to_best_other"] < 1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}\n", "trace.jsonl:1: no publication"),
        ('{"source": "a", "published": "2026-11-01T08:00:00", "target": 1}\n', "a time without a zone"),
        ("\nnonsense\n", "trace.jsonl:2: no publication"),
        ('{"source": "a", "published": 1800000000, "target": true}\n', "must span more than eight days"),
        ("", "must span more than eight days"),
    ],
)
def test_faulty_traces_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "trace.jsonl").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        worlds.read_trace(tmp_path / "trace.jsonl")


def test_times_of_a_trace_may_be_texts(tmp_path: Path) -> None:
    rows = [
        {"source": "a", "published": "2026-11-01T08:00:00Z", "target": False},
        {"source": "a", "published": "2026-11-15T08:00:00+08:00", "target": True},
    ]
    (tmp_path / "t").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    world = worlds.read_trace(tmp_path / "t")
    assert world.times == [[1793520000.0, 1794700800.0]]
    assert world.targets == [[False, True]]


def test_the_synthetic_world_has_the_rates_it_claims() -> None:
    world = worlds.synthetic(11, shift=False)
    entries, targets = sum(map(len, world.times)), sum(map(sum, world.targets))
    expected = sum(world.truth(source, world.start)[0] for source in range(worlds.SOURCES)) * worlds.DAYS
    assert entries / worlds.SOURCES / worlds.DAYS == pytest.approx(20, rel=0.35)
    assert targets == pytest.approx(expected, rel=0.12)
    hours = [math.floor((at + 8 * 3600) % DAY / 3600) for times in world.times for at in times]
    day, night = sum(9 <= hour < 17 for hour in hours) / 8, sum(hour < 4 for hour in hours) / 4
    assert 6 < day / night < 9
    shifted = worlds.synthetic(11, shift=True)
    middle = shifted.changed_at
    changed = [
        source
        for source in range(worlds.SOURCES)
        if shifted.truth(source, middle - 1)[0] != shifted.truth(source, middle + 1)[0]
    ]
    assert len(changed) == worlds.SOURCES // 5
