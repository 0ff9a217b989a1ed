"""`group` at the shell."""

from __future__ import annotations

import json

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
