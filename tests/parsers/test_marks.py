"""Marks of entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.marks import Marks
from parsers.marks import entry_marks as parted

ITEM = "<item><title>{}</title></item>\n"


def entry_marks(body: bytes) -> tuple[str, ...]:
    return parted(body).marks


def feed(*titles: str, built: str = "1", shell: str = "item") -> bytes:
    items = "".join(ITEM.format(title) for title in titles).replace("item>", f"{shell}>")
    return f"<rss><channel><lastBuildDate>{built}</lastBuildDate>\n{items}</channel></rss>".encode()


@pytest.mark.parametrize("shell", ["item", "entry"])
def test_build_dates_change_no_mark(shell: str) -> None:
    assert entry_marks(feed("a", "b", built="1", shell=shell)) == entry_marks(
        feed("a", "b", built="2", shell=shell)
    )
    assert len(entry_marks(feed("a", "b", shell=shell))) == 2


def test_a_new_entry_has_a_mark_of_its_own_and_the_others_keep_theirs() -> None:
    old, new = entry_marks(feed("b", "c")), entry_marks(feed("a", "b", "c"))
    assert new[1:] == old
    assert new[0] not in old


def test_what_cannot_be_parted_has_no_marks() -> None:
    assert entry_marks(b"") == ()
    assert entry_marks(b"<html></html>") == ()
    assert entry_marks(feed("a").decode().encode("utf-16")) == ()
    assert entry_marks(feed("a", "b")[:-40]) == (), "the last entry is broken off"
    assert entry_marks(feed(*map(str, range(1001)))) == ()
    assert len(entry_marks(feed(*map(str, range(1000))))) == 1000


@pytest.mark.parametrize(
    ("between", "apart"),
    [("", True), ("\n\t ", True), ("<title>T</title>", False), ("<!-- x -->", False), ("x", False)],
)
def test_whether_anything_stands_between_two_is_told(between: str, apart: bool) -> None:
    two = [ITEM.format(name) for name in "ab"]
    body = f"<rss><channel><title>T</title>{between.join(two)}<image/></channel></rss>"
    assert parted(body.encode()).apart == apart
    assert parted(body.replace("item>", "entry>").encode()).apart == apart
    assert parted(body.replace("<item>", "<item\nx='1'>").encode()).apart == apart
    assert not parted(body.replace("<item>", "<items>").encode()).apart


def test_without_marks_nothing_stands_apart() -> None:
    assert parted(b"") == Marks((), apart=False)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5), st.integers(0, 4), st.text(max_size=8))
def test_no_change_within_an_entry_is_missed(titles: list[str], place: int, other: str) -> None:
    place %= len(titles)
    changed = [*titles[:place], other, *titles[place + 1 :]]
    assert (entry_marks(feed(*titles)) == entry_marks(feed(*changed))) == (titles[place] == other)
