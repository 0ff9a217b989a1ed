"""`group` at the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli.main import app

TEXT = (
    "The trade office of Hong Kong in Kuala Lumpur held a seminar for exporters on Tuesday, with two hundred guests from "
    "the furniture, food and packaging trades, and promised a second one in Penang before the year is over."
)
RECORDS = [
    {"id": "a", "title": "Trade office holds seminar", "text": TEXT, "published": "2026-11-24T02:00:00Z"},
    {
        "id": "b",
        "title": "Rain in Kelantan",
        "text": "Heavy rain is expected on the east coast until Friday, the office said.",
    },
    {
        "id": "c",
        "title": "Trade office holds seminar",
        "text": TEXT + " Read more.",
        "published": "2026-11-24T03:00:00Z",
    },
]


def run(lines: str, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["group", *arguments], input=lines)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("by", ["--duplicates", "--stories"])
def test_copies_share_a_group_and_others_do_not(by: str) -> None:
    code, out, _ = run("".join(json.dumps(record) + "\n" for record in RECORDS), by)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(answer["id"], answer["group"]) for answer in answers] == [("a", "a"), ("b", "b"), ("c", "a")]
    assert answers[2]["reasons"]


@pytest.mark.parametrize(
    ("lines", "word"), [("{not json\n", "line 1"), ('{"title": "x"}\n', "no id"), ("[]\n", "JSON object")]
)
def test_what_is_no_article_is_named(lines: str, word: str) -> None:
    code, _, err = run(lines, "--duplicates")
    assert code == 1
    assert word in err


def test_one_way_of_grouping_must_be_said() -> None:
    assert run("", "--duplicates", "--stories")[0] == 2
    assert run("")[0] == 2


def test_groups_are_scored_against_their_labels_and_a_baseline(tmp_path: Path) -> None:
    text = "The ferry from Lumut to Macau starts in March with 480 places and sails each Monday at noon. " * 3
    lines = [
        {"id": "a", "title": "Ferry to Macau starts", "text": text, "lang": "en", "group": "1"},
        {
            "id": "b",
            "title": "Ferry to Macau starts",
            "text": text + " Book early.",
            "lang": "en",
            "group": "1",
        },
        {
            "id": "c",
            "title": "香港樂團訪馬",
            "text": "香港樂團明年在古晉、怡保與亞庇演出十二場。",
            "lang": "zh-Hant",
            "group": "2",
        },
    ]
    file = tmp_path / "some.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = CliRunner().invoke(app, ["evaluate", "--duplicates", str(file)])
    told = json.loads(result.stdout)
    assert (told["mode"], told["count"], told["figures"]["en pairs f1"]) == ("duplicates", 3, 1.0)
    assert {"all bcubed recall", "zh pairs precision", "zh-Hant bcubed f1"} <= told["figures"].keys()
    shown = CliRunner().invoke(app, ["evaluate", "--stories", "--table", str(file)]).stdout
    assert "some.jsonl, stories" in shown
    floors = tmp_path / "floors.json"
    floors.write_text(json.dumps({"some duplicates": {"en pairs f1": 1.0}}))
    arguments = ["evaluate", "--duplicates", str(file), "--baseline", str(floors)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    file.write_text("".join(json.dumps({**line, "group": line["id"]}) + "\n" for line in lines))
    fell = CliRunner().invoke(app, arguments)
    assert fell.exit_code == 1
    assert json.loads(fell.stdout)["below"] == {"en pairs f1": [1.0, 0.0]}
    file.write_text('{"id": "a", "title": "t", "lang": "en"}\n')
    bad = CliRunner().invoke(app, arguments)
    assert (bad.exit_code, "some.jsonl:1: group (or event) must be text" in bad.stderr) == (2, True)
