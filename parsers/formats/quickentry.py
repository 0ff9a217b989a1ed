"""One entry of a well-formed feed for the quick reader: its elements, each as feedparser takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from parsers.formats.names import (
    AUTHOR,
    CREATED,
    DOUBTFUL,
    HARMLESS,
    NEVER_NESTED,
    PERSON,
    PUBLISHED,
    UPDATED,
    Doubt,
)
from parsers.formats.raw import RawEntry, RawText, link_candidates
from parsers.formats.values import (
    Said,
    add_link,
    attributes_of,
    is_plain_text,
    joined,
    mended,
    must_be_plain,
)

_NOTHING = RawText()
_MAX_INNER_DEPTH = 6


class Inner(NamedTuple):
    """An element within an element of an entry. `depth` 1 is a child; `leaf` says that it has none itself."""

    name: str
    said: Said
    text: str
    depth: int
    leaf: bool


class Draft:
    """One entry while its elements are read."""

    __slots__ = (
        "alternates",
        "atom",
        "authors",
        "base",
        "content",
        "created",
        "guid",
        "language",
        "origin",
        "own_language",
        "persons",
        "published",
        "side",
        "summary",
        "title",
        "titled",
        "updated",
    )

    def __init__(self, guid: str, language: str, base: str, *, atom: bool) -> None:
        self.atom = atom
        self.base = base  # what the root declares
        self.guid = guid
        self.language = language  # what the root declares
        self.own_language = ""
        self.title = self.content = _NOTHING
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
        side = self.side or {}
        origin, origin_url = self.origin or ("", "")
        authors = self.authors
        return RawEntry(
            guid=self.guid,
            links=link_candidates(side.get("feedburner_origlink", _SIDE)[1], self.alternates, self.guid),
            title=self.title if self.title.value else RawText(side.get("media-title", _SIDE)[1]),
            summary=self.summary or RawText(side.get("media-description", _SIDE)[1]),
            content=self.content,
            authors=(authors[0][0] if authors else "",) if len(authors) < 2 else tuple(n for _, n in authors),
            origin=origin or side.get("news_source", _SIDE)[1],
            origin_url=origin_url,
            language=self.own_language or (self.language if self.titled else ""),
            published=self.published or self.created,
            updated=self.updated,
        )


_SIDE = (0, "")

# One function per element; each raises Doubt for a shape it does not know.


def _title(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    plain = is_plain_text(said, inner=bool(inner)) and draft.atom
    if draft.origin is not None and draft.title.value:  # feedparser lets a title behind <source> win
        raise Doubt
    if not draft.title.value:
        draft.title = RawText(mended(text.strip()), "plain" if plain else "html")
        draft.titled = True


def _link(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    if inner:
        raise Doubt
    add_link(said, text, draft.base, draft.alternates, entry=True)


def _guid(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    if inner:
        raise Doubt
    text = text.strip()
    if not said:
        permalink = True
    elif len(said) == 1 and "isPermaLink" in said:
        permalink = said["isPermaLink"] == "true"
    else:
        permalink = attributes_of(said).get("ispermalink", "true") == "true"
    draft.guid = mended(joined(text, draft.base) if permalink and text else text)


def _description(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    _set_summary(draft, RawText(mended(text.strip())))


def _summary(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    if not draft.atom:
        raise Doubt
    plain = is_plain_text(said, inner=bool(inner))
    _set_summary(draft, RawText(mended(text.strip()), "plain" if plain else "html"))


def _set_summary(draft: Draft, text: RawText) -> None:
    if draft.summary is not None:
        raise Doubt
    draft.summary = text


def _content(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    if not draft.atom:
        raise Doubt
    plain = is_plain_text(said, inner=bool(inner))
    _add_content(draft, RawText(mended(text.strip()), "plain" if plain else "html"))


def _encoded(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    _add_content(draft, RawText(mended(text.strip())))


def _add_content(draft: Draft, text: RawText) -> None:
    """The longest counts, of equals the first."""
    if draft.content is _NOTHING or len(text.value) > len(draft.content.value):
        draft.content = text


def _source(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    found = attributes_of(said)
    if draft.atom or inner or draft.origin is not None:
        raise Doubt
    draft.origin = (mended(text.strip()), found.get("url", ""))


def _language(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    draft.own_language = mended(text.strip())


def _published(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    draft.published = mended(text.strip())


def _updated(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    draft.updated = mended(text.strip())


def _created(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    must_be_plain(said, inner=bool(inner))
    draft.created = mended(text.strip())


def _author(draft: Draft, text: str, said: Said, inner: list[Inner]) -> None:
    if said:
        attributes_of(said)
    person = _person(inner) if inner else {}
    name, email = person.get("name", ""), person.get("email", "")
    if person and not (name or email):
        raise Doubt
    text = "" if person else mended(text.strip())
    if draft.authors and (draft.persons != bool(person) or "@" in text or "@" in draft.authors[-1][0]):
        raise Doubt
    draft.persons = bool(person)
    written = f"{name} ({email})" if name and email else name or email or text
    draft.authors.append((written, name or email or text))


def _contributor(_draft: Draft, _text: str, said: Said, inner: list[Inner]) -> None:
    attributes_of(said)
    _person(inner)


def _person(inner: list[Inner]) -> dict[str, str]:
    for part in inner:
        if part.name not in PERSON or part.depth > 1:
            raise Doubt
        must_be_plain(part.said, inner=False)
    return {part.name: part.text.strip() for part in inner}


def _ignored(_draft: Draft, _text: str, _said: Said, inner: list[Inner]) -> None:
    if inner:
        raise Doubt


def beside(draft: Draft, name: str, text: str, said: Said, inner: list[Inner]) -> None:
    """An element that feedparser knows nothing of: stored under its name, the least deep and last wins."""
    if name in DOUBTFUL:
        raise Doubt
    side = name.startswith(("media-", "itunes-"))
    if said and not side:
        attributes_of(said)
    if not inner:
        if side or name in _READ_BESIDE:
            _keep(draft, name, 0, text, said if not side else None)
        return
    for part in inner:
        if part.depth > _MAX_INNER_DEPTH or part.name in NEVER_NESTED:
            raise Doubt
        below = part.name.startswith(("media-", "itunes-"))
        if part.said and not below:
            attributes_of(part.said)
        if part.leaf:
            _keep(draft, part.name, part.depth, part.text, part.said if not below else None)


def _keep(draft: Draft, name: str, depth: int, text: str, said: Said | None) -> None:
    if said:  # feedparser keeps the attributes in place of the text
        if name in _READ_BESIDE:
            raise Doubt
        return
    if draft.side is None:
        draft.side = {}
    held = draft.side.get(name)
    if held is None or depth <= held[0]:
        draft.side[name] = (depth, mended(text.strip()))


_READ_BESIDE = frozenset({"feedburner_origlink", "news_source"})

Action = Callable[[Draft, str, Said, list[Inner]], None]
ACTIONS: dict[str, Action] = {
    "title": _title,
    "dc_title": _title,
    "link": _link,
    "guid": _guid,
    "id": _guid,
    "description": _description,
    "dc_description": _description,
    "summary": _summary,
    "content": _content,
    "content_encoded": _encoded,
    "source": _source,
    "language": _language,
    "dc_language": _language,
    "contributor": _contributor,
    **dict.fromkeys(HARMLESS, _ignored),
    **dict.fromkeys(PUBLISHED, _published),
    **dict.fromkeys(UPDATED, _updated),
    **dict.fromkeys(CREATED, _created),
    **dict.fromkeys(AUTHOR, _author),
}
