"""The shape of `group` at the shell, and the gates on the labelled development data."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from parsers.evaluate_groups import (
    Scores,
    across,
    bcubed,
    crowded,
    event_records,
    groups_of,
    pairwise,
    report,
    swallowed,
)
from parsers.group import group_records

BASELINES = Path(__file__).parent.parent / "baselines"
LONG = "The ferry returned to the channel after five months and the port commission gave it new engines and a rail."


def test_one_line_for_each_record_in_order() -> None:
    records = [
        {"id": "a", "title": "Ferry returns", "text": LONG, "published": "2026-10-05T01:00:00Z", "url": None},
        {
            "id": 2,
            "title": "Other news of the day",
            "text": "Orchid growers fear frost in the highlands this week.",
        },
        {"id": "c", "title": "FERRY RETURNS", "text": f"{LONG}\nRead more", "published": "2026-10-05"},
    ]
    lines = list(group_records(records, "duplicates"))
    assert [(line["id"], line["group"]) for line in lines] == [("a", "a"), ("2", "2"), ("c", "a")]
    assert lines[1]["reasons"] == []
    assert lines[2]["reasons"][0].startswith("near-duplicate: ")
    stories = list(group_records(records, "stories"))
    assert [line["group"] for line in stories] == ["a", "2", "a"]
    assert all(line["reasons"] for line in stories)


def test_the_same_address_and_the_same_text_are_named_as_such() -> None:
    base = {"title": "Ferry returns", "text": LONG}
    records = [
        {**base, "id": "a", "url": "https://herald.example/1?utm_source=x"},
        {**base, "id": "b", "url": "http://www.herald.example/1", "text": "Only a line"},
        {**base, "id": "c", "url": "https://other.example/7"},
    ]
    lines = list(group_records(records, "duplicates"))
    assert [line["reasons"] for line in lines] == [[], ["same address"], ["same text"]]
    assert {line["group"] for line in lines} == {"a"}


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ([], "a record must be a JSON object, not list"),
        ({"title": "x"}, "the record has no id"),
        ({"id": "a"}, "record 'a': needs a title or a text"),
        ({"id": "a", "title": 5}, "record 'a': title must be text, not int"),
        ({"id": "a", "title": "x", "published": "soon"}, "record 'a': published is no ISO 8601 time: 'soon'"),
    ],
)
def test_bad_records_are_named(record: object, complaint: str) -> None:
    with pytest.raises(ValueError, match="record") as caught:
        list(group_records([record], "stories"))
    assert str(caught.value) == complaint


def test_an_unknown_way_of_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match='"duplicates" or "stories"'):
        list(group_records([], "topics"))


def test_scores_of_a_small_example() -> None:
    found, wanted = ["a", "a", "a", "d"], ["1", "1", "2", "2"]
    assert pairwise(found, wanted) == Scores(1 / 3, 1 / 2)
    assert bcubed(found, wanted) == Scores((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, (1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert across(found, wanted, ["en", "zh", "zh", "en"]) == Scores(1 / 2, 1 / 2)
    assert pairwise([], []) == Scores(1.0, 1.0)
    assert bcubed([], []).f1 == 1.0


def lines_of(shared_dir: Path, name: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (shared_dir / "eval" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]


def baseline(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((BASELINES / f"{name}.json").read_text("utf-8"))
    return loaded


@pytest.mark.shared
def test_duplicates_gate(shared_dir: Path) -> None:
    records = lines_of(shared_dir, "dedup-dev")
    held = baseline("dedup")
    for part in report(records, groups_of(records, "duplicates")):
        floor = held[part.part]
        assert part.pairs.precision >= floor["precision"], part
        assert part.pairs.f1 >= floor["f1"], part


@pytest.mark.shared
def test_stories_gate(shared_dir: Path) -> None:
    records = lines_of(shared_dir, "story-dev")
    held = baseline("stories")["story-dev"]
    for part in report(records, groups_of(records, "stories")):
        assert part.bcubed.f1 >= held[part.part], part


@pytest.mark.shared
@pytest.mark.parametrize("names", [("relevance-dev",), ("relevance-dev", "relevance-dev-2")], ids="+".join)
def test_live_stream_gate(shared_dir: Path, names: tuple[str, ...]) -> None:
    records = event_records(record for name in names for record in lines_of(shared_dir, name))
    held = baseline("stories")["+".join(names)]
    found, wanted = groups_of(records, "stories"), [record["group"] for record in records]
    assert bcubed(found, wanted).f1 >= held["bcubed"]
    events: dict[str, set[str]] = defaultdict(set)
    for record, group in zip(records, found, strict=True):
        if record["grade"] == 3:
            events[group].add(record["group"])
    assert [members for members in events.values() if len(members) > 1] == []
    mains = [record["lang"].split("-")[0] for record in records]
    langs = defaultdict(set)
    for event, lang in zip(wanted, mains, strict=True):
        langs[event].add(lang)
    crossing = [i for i, event in enumerate(wanted) if len(langs[event]) > 1]
    links = across([found[i] for i in crossing], [wanted[i] for i in crossing], [mains[i] for i in crossing])
    everywhere = across(found, wanted, mains)
    assert links.precision >= held["links"]["precision"]
    assert links.f1 >= held["links"]["f1"]
    assert everywhere.precision >= held["links_among_all"]["precision"]


@pytest.mark.shared
def test_a_crowded_beat_swallows_few_events(shared_dir: Path) -> None:
    """Everything on the beat within three days, as no week has been: each event should still be told."""
    names = ("relevance-dev", "relevance-dev-2")
    records = event_records(record for name in names for record in lines_of(shared_dir, name))
    held = baseline("stories")["crowded"]
    for grade, floor in ((2, held["alert-worthy"]), (3, held["core"])):
        beat = [record for record in records if record["grade"] >= grade]
        runs = [crowded(beat, seed) for seed in range(4)]
        wanted = [[record["group"] for record in run] for run in runs]
        found = [groups_of(run, "stories") for run in runs]
        assert mean(map(swallowed, found, wanted)) <= floor["swallowed"]
        assert mean(bcubed(*pair).f1 for pair in zip(found, wanted, strict=True)) >= floor["bcubed"]


@pytest.mark.shared
def test_translations_come_together(shared_dir: Path) -> None:
    """Reports of all the world, each in three languages, nothing of which is on the beat. Some tell one event, so
    that precision by document stays well below 1 when all is right."""
    records = [
        record | {"group": record["group"].rsplit("-", 1)[0]}
        for record in lines_of(shared_dir, "dedup-dev")
        if record["kind"] == "original"
    ]
    found, held = groups_of(records, "stories"), baseline("stories")["translations"]
    langs = [record["lang"].split("-")[0] for record in records]
    links = across(found, [record["group"] for record in records], langs)
    assert links.precision >= held["precision"]
    assert links.recall >= held["recall"]
