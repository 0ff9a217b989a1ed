"""Article lists of the GDELT DOC 2.0 API (`mode=artlist&format=json`)."""

from __future__ import annotations

import re
from typing import Any

from parsers.entry import ParseError
from parsers.formats import jsontext
from parsers.formats.jsontext import records, string
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.formats.xmltext import MAX_ENTRIES
from parsers.links import site

_LANGUAGES = {
    "english": "en",
    "malay": "ms",
    "indonesian": "id",
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
}
_SPACED = re.compile(r"\s+([,.:;!?%)\]])")  # GDELT writes titles as lists of words


def read_gdelt(text: str) -> RawFeed:
    """Read an article list. `published` is when GDELT saw the article: it tells no publication time.

    Raises ParseError: bad-json (GDELT states errors as plain text), or not-a-feed.
    """
    if text.strip() == "{}":
        return RawFeed(kind="gdelt", entries=())  # its answer when nothing was found
    document = jsontext.load(text, "an article list of GDELT")
    if not isinstance(document, dict) or not isinstance(document.get("articles"), list):
        message = (
            "GDELT answered with no list of articles: check the query, and that it asks for mode=artlist"
        )
        raise ParseError("not-a-feed", message)
    return RawFeed(
        kind="gdelt", entries=tuple(_entry(item) for item in records(document, "articles")[:MAX_ENTRIES])
    )


def _entry(item: dict[str, Any]) -> RawEntry:
    url = string(item, "url")
    return RawEntry(
        guid=url,
        links=(url,),
        title=RawText(_SPACED.sub(r"\1", string(item, "title"))),
        origin=string(item, "domain") or site(url),
        language=_LANGUAGES.get(string(item, "language").lower(), ""),
        published=string(item, "seendate"),
    )
