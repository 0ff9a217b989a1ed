"""What is told to name nobody would have been dismissed, whatever is cut off an entry before it is judged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.loopback import ITEMS, document, items_of
from parsers.article import FOOTER_STARTS, Unreadable, outline
from parsers.entry import Entry, SourceContext
from parsers.gazetteer import builtin
from parsers.nobody import nameless
from parsers.read import read
from parsers.relevance import judge_named
from parsers.scene import TEXT_LIMIT, TITLE_LIMIT
from tests.parsers.test_relevance import ROWS

PAPER = SourceContext("demo", "Paper")
FORMS = [form.text for name in builtin().names for form in name.forms]
PIECES = (
    st.sampled_from(FORMS)
    | st.sampled_from(FORMS).map(lambda text: text[:-1])
    | st.sampled_from(FORMS).map(str.lower)
    | st.sampled_from([*FOOTER_STARTS, "Read more", "Baca lagi", "The post x appeared first on y."])
    | st.sampled_from(["x", " ", "。", "-", "\n", "閱讀全文", "[…]", "n" * 20])
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)


def is_dismissed(entry: Entry, context: SourceContext = PAPER) -> bool:
    made = outline(entry, context)
    return not isinstance(made, Unreadable) and judge_named(made) is None


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4), st.booleans())
@example([("Rain", "Trains to Hong KongThe post Rain appeared first on Paper.", "")], False)
@example([("Rain", "RainHong Kong is dry", "")], False)
@example([("Rain", "", "x" * (TEXT_LIMIT - 9) + " Hong Kongers")], False)
@example([("x" * (TITLE_LIMIT - 10) + " Hong Kongers", "", "")], False)
@example([("", "", "")], True)
@settings(deadline=None)
def test_what_names_nobody_is_dismissed(texts: list[tuple[str, str, str]], repeated: bool) -> None:
    entries = [
        Entry(f"g{i}", "", title, f"{title}{summary}" if repeated else summary, content)
        for i, (title, summary, content) in enumerate(texts)
    ]
    for place in nameless(entries, PAPER):
        assert is_dismissed(entries[place]), entries[place]


@pytest.mark.parametrize("number", range(3))
def test_nearly_all_that_is_dismissed_is_told(number: int) -> None:
    body = document(number, items_of(number, 0, ITEMS))
    found = read(body, kind="feed", content_type="text/xml", url="", context=PAPER, now=datetime.now(UTC))
    told = nameless(found.entries, PAPER)
    assert told == {place for place, entry in enumerate(found.entries) if is_dismissed(entry)}
    assert len(told) > ITEMS - 5


def test_judged_articles_that_name_somebody_are_never_among_them() -> None:
    entries = [Entry(str(i), "", row[4], row[5]) for i, row in enumerate(ROWS)]
    told = nameless(entries, PAPER)
    assert all(is_dismissed(entries[place]) for place in told)


@pytest.mark.parametrize("entry", [Entry("", "", "Rain"), Entry("g", "", "", "Rain in Paris.")])
def test_what_may_be_no_article_is_left_to_be_found_out(entry: Entry) -> None:
    assert nameless([entry], PAPER) == frozenset()


def test_a_source_that_puts_something_before_its_titles_is_left_to_be_found_out() -> None:
    entry = Entry("g", "", "XHong Kong", "Rain")
    assert nameless([entry], PAPER) == {0}
    context = SourceContext("demo", strip_title="X")
    assert not is_dismissed(entry, context)
    assert nameless([entry], context) == frozenset()


@pytest.mark.shared
def test_real_feeds(shared_dir: Path) -> None:
    """The development items, as one document."""
    lines = (shared_dir / "eval" / "relevance-dev.jsonl").read_bytes().splitlines()
    items = [orjson.loads(line) for line in lines]
    entries = [
        Entry(str(i), "", one["title"], one.get("summary") or "", one.get("text") or "")
        for i, one in enumerate(items)
    ]
    told = nameless(entries, PAPER)
    assert told
    assert all(is_dismissed(entries[place]) for place in told)
