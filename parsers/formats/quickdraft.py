"""One entry while the quick reader reads its elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parsers.formats.raw import RawEntry, RawText, link_candidates, make_entry

if TYPE_CHECKING:
    from parsers.formats.quickentry import EntryReader

NO_TEXT = RawText()


class Draft:
    """One entry while its elements are read."""

    __slots__ = (
        "alternates",
        "authors",
        "content",
        "created",
        "guid",
        "origin",
        "own_language",
        "persons",
        "published",
        "reader",
        "side",
        "summary",
        "title",
        "titled",
        "updated",
    )

    def __init__(self, reader: EntryReader, guid: str) -> None:
        self.reader = reader
        self.guid = guid
        self.own_language = ""
        self.title = self.content = NO_TEXT
        self.titled = False
        self.summary: RawText | None = None
        self.alternates: list[tuple[str, str]] = []
        self.authors: list[tuple[str, str]] = []  # what feedparser calls the author, and the name alone
        self.persons = False  # authors are elements of their own, not text
        self.origin: tuple[str, str] | None = None
        self.published = self.updated = self.created = ""
        self.side: dict[str, tuple[int, str]] | None = None  # names feedparser does not know: depth and text

    def entry(self) -> RawEntry:
        """The entry, with feedparser's rules for what stands in for what."""
        authors = self.authors
        origin, origin_url = self.origin or ("", "")
        return make_entry(
            (
                self.guid,
                link_candidates(
                    self._aside("feedburner_origlink") if self.side else "", self.alternates, self.guid
                ),
                self.title if self.title.value else RawText(self._aside("media-title")),
                self.summary or RawText(self._aside("media-description")),
                self.content,
                (authors[0][0] if authors else "",)
                if len(authors) < 2
                else tuple(name for _, name in authors),
                origin or (self._aside("news_source") if self.side else ""),
                origin_url,
                self.own_language or (self.reader.language if self.titled else ""),
                self.published or self.created,
                self.updated,
            )
        )

    def _aside(self, name: str) -> str:
        return self.side[name][1] if self.side and name in self.side else ""
