"""What articles mean, at the shell: rules of the user's on top, the marked text, scores against a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worker.test_cli import _plain_surroundings, ask, cli, day, lines
from worker.runtime import Runtime

__all__ = ["_plain_surroundings", "day"]

MINE = """
[[org]]
id = "sago-guild"
name = "Mukah Sago Guild"
sides = ["my"]
en = ["Sago Guild"]

[weights]
act-sign = 0
link-pair-title = 10
"""
PACT = {"id": "pact", "title": "Hong Kong and Malaysia sign agreement"}
GUILD = {"id": "guild", "title": "Hong Kong importers order from Sago Guild"}
RAIN = {"id": "rain", "title": "Rain in Paris"}


def given(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(MINE, encoding="utf-8")
    return file


def test_rules_of_the_user_show_what_they_gain_and_lose(mine: Path) -> None:
    pact, guild, rain = lines(cli("judge", "--rules", mine, stdin=given(PACT, GUILD, RAIN)).stdout)
    assert (pact["was"], pact["change"]) == (3, "lost")
    assert (guild["was"], guild["change"], "org/sago-guild" in guild["tags"]) == (0, "gained", True)
    assert (rain["was"], rain["grade"], rain["change"]) == (0, 0, "")
    plain = lines(cli("judge", stdin=given(PACT)).stdout)[0]
    assert "was" not in plain
    assert plain["version"] != pact["version"]


def test_the_country_of_the_source_is_heard() -> None:
    record = {"id": 1, "title": "Pengeluar sarung tangan negara mohon penyenaraian di Hong Kong"}
    abroad, home = lines(cli("judge", stdin=given(record, {**record, "country": "MY"})).stdout)
    assert abroad["grade"] < 2 <= home["grade"]


def test_rules_are_tried_on_what_is_stored(day: Runtime, tmp_path: Path) -> None:
    stored = [
        article for article in lines(ask(day, "search", "--json", "--limit", "1000")) if article["grade"] >= 2
    ]
    file = tmp_path / "none.toml"
    file.write_text("[weights]\noffice-kl-title = -500\nlink-pair-title = -500\nlink-both-title = -500\n")
    changed = lines(ask(day, "judge", "--stored", "--rules", str(file)))
    lost = {answer["id"] for answer in changed if answer["change"] == "lost"}
    assert lost
    assert lost <= {article["id"] for article in stored}
    assert all(answer["was"] != answer["grade"] and answer["title"] for answer in changed)
    assert cli("--data", day.settings.data_dir, "judge", "--stored").exit_code == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[firm]]\n", "mine.toml: unknown table [[firm]]"),
        ("x =\n", "mine.toml: not valid TOML"),
        (None, "mine.toml: cannot read"),
    ],
)
def test_rules_that_cannot_be_used_get_one_line(tmp_path: Path, text: str | None, complaint: str) -> None:
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    for command in (("judge",), ("explain",), ("evaluate", "x.jsonl")):
        result = cli(*command, "--rules", file, stdin="")
        assert result.exit_code == 2
        assert complaint in result.stderr
        assert result.stderr.count("\n") == 1


def test_explain_marks_what_was_seen_and_gives_every_reason_its_weight() -> None:
    result = cli("explain", stdin=given(PACT))
    assert "[Hong Kong and Malaysia event/malaysia-hong-kong] [sign cue/sign] [agreement" in result.stdout
    assert result.stdout.startswith("grade 3  score ")
    assert "+16  an agreement in the headline ('sign')" in result.stdout
    assert "topic/diplomacy" in result.stdout


def test_explain_says_which_line_is_no_article_and_hides_what_would_move_the_cursor() -> None:
    result = cli("explain", stdin=given({"title": "Hong Kong \x1b[2J and Malaysia"}, 5))
    assert "\x1b" not in result.stdout
    assert (result.exit_code, result.stderr) == (1, "hketo-watch: line 2: not a JSON object\n")


def test_explain_shows_a_stored_article(day: Runtime) -> None:
    [article] = lines(ask(day, "search", "--json", "--grade", "3", "--limit", "1"))
    assert f"grade {article['grade']}" in ask(day, "explain", article["id"])
    assert cli("--data", day.settings.data_dir, "explain", "nowhere").exit_code == 1


def labelled(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    more = {"lang": "en", "topics": ["diplomacy"], "entities": []}
    file.write_text(
        given({**PACT, **more, "grade": 3}, {**GUILD, **more, "grade": 2}, {**RAIN, **more, "grade": 0})
    )
    return file


def test_evaluate_scores_both_text_modes_and_lists_what_was_confused(tmp_path: Path, mine: Path) -> None:
    title, both = lines(cli("evaluate", labelled(tmp_path)).stdout)
    assert (title["mode"], both["mode"], both["count"]) == ("title", "title+summary", 3)
    assert both["figures"]["alert/recall"] == 0.5
    assert [(one["id"], one["wanted"], one["given"]) for one in both["confusions"]] == [("guild", 2, 0)]
    _, other = lines(cli("evaluate", labelled(tmp_path), "--rules", mine).stdout)
    assert [one["id"] for one in other["confusions"]] == ["pact"]


def test_evaluate_fails_where_a_figure_is_below_the_baseline(tmp_path: Path) -> None:
    file, floors = labelled(tmp_path), tmp_path / "floors.json"
    floors.write_text(
        json.dumps({f"mine {mode}": {"alert/recall": 0.5} for mode in ("title", "title+summary")})
    )
    good = cli("evaluate", file, "--baseline", floors)
    assert (good.exit_code, [line["below"] for line in lines(good.stdout)]) == (0, [{}, {}])
    floors.write_text(
        json.dumps({f"mine {mode}": {"alert/recall": 0.9} for mode in ("title", "title+summary")})
    )
    bad = cli("evaluate", file, "--baseline", floors)
    assert (bad.exit_code, lines(bad.stdout)[0]["below"]) == (1, {"alert/recall": [0.9, 0.5]})


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ([], "mine.jsonl:1: not a JSON object"),
        ({"id": "a", "title": "x", "lang": "en", "grade": 4}, "mine.jsonl:1: grade must be 0, 1, 2 or 3"),
        ({"id": 1, "title": "x", "lang": "en", "grade": 1}, "mine.jsonl:1: id must be text"),
    ],
)
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, record: object, complaint: str) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(given(record))
    result = cli("evaluate", file)
    assert (result.exit_code, complaint in result.stderr) == (2, True)


def test_a_baseline_without_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "floors.json").write_text("{}")
    result = cli("evaluate", labelled(tmp_path), "--baseline", tmp_path / "floors.json")
    assert (result.exit_code, 'nothing stands there for "mine title"' in result.stderr) == (2, True)
