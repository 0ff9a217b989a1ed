"""Entries of one shape for the quick reader, read together, column by column: most feeds give all their entries the
same elements in the same order, and what is done to a column costs half of what is done to each element.

Only plain shapes are read so: each element once, without children, and without attributes but for a guid's. All others
are left to `EntryReader.entry`, whose results these are (tests/parsers/test_quick.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element  # nosec B405 - a tree that expat built; nothing is parsed by it

from parsers.formats.names import AUTHOR, CREATED, HARMLESS, PUBLISHED, UPDATED, Names
from parsers.formats.raw import RawEntry, link_candidates, make_entry, make_text, only_link
from parsers.formats.values import address_of, joined, mended, rdf_about

if TYPE_CHECKING:
    from parsers.formats.quickentry import EntryReader

#: What an element is read as.
_ROLES = {
    **dict.fromkeys(("title", "dc_title"), "title"),
    **dict.fromkeys(("guid", "id"), "guid"),
    **dict.fromkeys(("description", "dc_description"), "summary"),
    "link": "link",
    "content_encoded": "content",
    **dict.fromkeys(AUTHOR, "author"),
    **dict.fromkeys(PUBLISHED, "published"),
    **dict.fromkeys(CREATED, "created"),
    **dict.fromkeys(UPDATED, "updated"),
}
_UNREAD, _CAPTIONS = ("media-", "itunes-"), ("media-title", "media-description")
_PERMANENT, _FLEETING = {"isPermaLink": "true"}, {"isPermaLink": "false"}
_keys = Element.keys


def shape_of(names: Names, tags: Sequence[str]) -> Mapping[str, int] | None:
    """Where in an entry with these elements stands what is read; None when they are no plain shape. Raises Doubt."""
    places: dict[str, int] = {}
    for at, name in enumerate(map(names.of, tags)):
        role = _ROLES.get(name, "")
        if role and role not in places:
            places[role] = at
        elif role or (name not in HARMLESS and (name in _CAPTIONS or not name.startswith(_UNREAD))):
            return None
    return places


def together(
    reader: EntryReader, places: Mapping[str, int], elements: Sequence[Element]
) -> list[RawEntry] | None:
    """Entries whose elements stand at the same places; None when one of them is not plain."""
    columns = list(zip(*elements, strict=True))
    if any(any(map(len, column)) for column in columns):
        return None
    if any(any(map(_keys, columns[at])) for role, at in places.items() if role != "guid"):
        return None
    guids: list[str] | None = list(map(_about, elements))
    if "guid" in places:
        guids = _guids(reader, columns[places["guid"]])
    if guids is None:
        return None
    empty = ("",) * len(elements)
    texts = {role: _texts(reader, columns[at]) for role, at in places.items() if role not in ("guid", "link")}
    published = texts.get("published", empty)
    if "created" in texts:
        published = [one or other for one, other in zip(published, texts["created"], strict=True)]
    columns_read = zip(
        guids,
        _links(reader, columns[places["link"]] if "link" in places else (), guids),
        *(
            map(make_text, zip(texts.get(role, empty), repeat("html")))
            for role in ("title", "summary", "content")
        ),
        zip(texts.get("author", empty)),
        empty,
        empty,
        repeat(reader.language if "title" in places else "", len(elements)),
        published,
        texts.get("updated", empty),
        strict=True,
    )
    return list(map(make_entry, columns_read))


def _about(element: Element) -> str:
    return rdf_about(element.attrib) if element.keys() else ""


def _texts(reader: EntryReader, column: Sequence[Element]) -> list[str]:
    texts = [(field.text or "").strip() for field in column]
    return [text if text.isascii() else mended(text) for text in texts] if reader.mends else texts


def _guids(reader: EntryReader, column: Sequence[Element]) -> list[str] | None:
    """None where one has another attribute than that it is a permanent link, or is none."""
    guids: list[str] = []
    for field in column:
        text, said = (field.text or "").strip(), field.attrib if field.keys() else _PERMANENT
        if said not in (_FLEETING, _PERMANENT):
            return None
        if said == _PERMANENT and text and (reader.base or ":///" in text):
            text = joined(text, reader.base)
        guids.append(text if text.isascii() else mended(text))
    return guids


def _links(reader: EntryReader, column: Sequence[Element], guids: Sequence[str]) -> list[tuple[str, ...]]:
    if not column:
        return [link_candidates("", (), guid) for guid in guids]
    hrefs = [(field.text or "").strip() for field in column]
    together = "\0".join(hrefs)
    if reader.base or ":///" in together or ";" in together or not together.isascii():
        hrefs = [address_of(href, reader.base, entry=True) for href in hrefs]
    return [
        only_link(href, guid) if href else link_candidates("", (), guid)
        for href, guid in zip(hrefs, guids, strict=True)
    ]
