"""Whole documents: one case file per behaviour."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from parsers.entry import FeedDocument, ParseError, SourceContext
from parsers.read import read
from parsers.report import entry_records

CASES = Path(__file__).parent.parent / "cases" / "feeds"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def load_cases() -> list[dict[str, Any]]:
    """Every case file, each with its `name`."""
    return [{"name": f.stem, **tomllib.loads(f.read_text("utf-8"))} for f in sorted(CASES.glob("*.toml"))]


def cases(*, errors: bool) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in load_cases() if ("error" in case) == errors]


def body_of(case: dict[str, Any]) -> bytes:
    return bytes(case["body"].encode(case.get("encoding", "utf-8")))


def context_of(case: dict[str, Any]) -> SourceContext:
    return SourceContext(id="case", **case.get("context", {}))


def read_case(case: dict[str, Any]) -> FeedDocument:
    return read(
        body_of(case),
        kind=case.get("kind", "feed"),
        content_type=case.get("content_type", ""),
        url=case.get("url", ""),
        context=context_of(case),
        now=NOW,
    )


@pytest.mark.parametrize("case", cases(errors=False))
def test_document_is_read(case: dict[str, Any]) -> None:
    document = read_case(case)
    expected = case.get("entries", [])
    records = entry_records("case", document, zone=context_of(case).zone)
    found = [{key: record[key] for key in wanted} for record, wanted in zip(records, expected, strict=True)]
    assert found == expected, case["about"]
    for record, wanted in zip(records, expected, strict=True):
        assert "published" in wanted or record["published"] is None
    for name, value in case.get("document", {}).items():
        if name == "warns":
            assert any(value in warning for warning in document.warnings), document.warnings
        else:
            assert getattr(document, name) == value


@pytest.mark.parametrize("case", cases(errors=True))
def test_error_has_its_name_and_a_sentence(case: dict[str, Any]) -> None:
    with pytest.raises(ParseError) as caught:
        read_case(case)
    assert caught.value.kind == case["error"], case["about"]
    message = str(caught.value)
    assert len(message) > 30
    assert "\n" not in message
