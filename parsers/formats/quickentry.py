"""One entry of a well-formed feed for the quick reader: its elements, each as feedparser takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parsers.formats.names import (
    AUTHOR,
    CREATED,
    DOUBTFUL,
    NEVER_NESTED,
    PERSON,
    PUBLISHED,
    UPDATED,
    Doubt,
    Names,
)
from parsers.formats.raw import RawEntry, RawText, link_candidates
from parsers.formats.values import (
    address_of,
    attributes_of,
    is_plain_text,
    mended,
    must_be_plain,
    single_slashes,
    text_of,
)

_NOTHING = RawText()
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


@dataclass(slots=True)
class _Draft:
    """One entry while its elements are read."""

    atom: bool
    language: str
    guid: str = ""
    title: RawText = _NOTHING
    titled: bool = False
    summary: RawText | None = None
    contents: list[RawText] = field(default_factory=list)
    alternates: list[tuple[str, str]] = field(default_factory=list)
    authors: list[tuple[str, str]] = field(default_factory=list)  # what feedparser calls author, and its name
    origin: str = ""
    origin_url: str = ""
    own_language: str = ""
    published: str = ""
    updated: str = ""
    created: str = ""
    side: dict[str, tuple[int, str]] = field(default_factory=dict)  # media-..., origlink: depth and value

    def entry(self) -> RawEntry:
        """The entry, with feedparser's rules for what stands in for what."""
        best = max(self.contents, key=lambda text: len(text.value), default=_NOTHING)
        side = {name: value for name, (_, value) in self.side.items()}
        names = tuple(name for _, name in self.authors)
        return RawEntry(
            guid=self.guid,
            links=link_candidates(side.get("feedburner_origlink", ""), self.alternates, self.guid),
            title=self.title if self.title.value else RawText(side.get("media-title", "")),
            summary=self.summary or RawText(side.get("media-description", "")),
            content=best,
            authors=names if len(names) > 1 else (self.authors[0][0] if self.authors else "",),
            origin=self.origin or side.get("news_source", ""),
            origin_url=self.origin_url,
            language=self.own_language or (self.language if self.titled else ""),
            published=self.published or self.created,
            updated=self.updated,
        )


class EntryReader:
    """Reads the entries of one document. `language` is what its root declares."""

    def __init__(self, names: Names, language: str, *, atom: bool) -> None:
        self._name = names.of
        self._language = language
        self._atom = atom
        self._actions = self._table()

    def read(self, item: Any) -> RawEntry:
        """The entry of an `item` or `entry` element. Raises Doubt."""
        draft = _Draft(self._atom, self._language)
        if item.keys():
            draft.guid = rdf_about(item)
        name, actions = self._name, self._actions
        for child in item:
            key = name(child)
            action = actions.get(key)
            if action is not None:
                action(child, draft)
            elif len(child) or key.startswith(("media-", "itunes-")):
                self._beside(child, draft, key, 0)
            else:
                self._ignorable(child, key)
        return draft.entry()

    def _table(self) -> dict[str, Callable[[Any, _Draft], None]]:
        table: dict[str, Callable[[Any, _Draft], None]] = {
            "title": self._title,
            "dc_title": self._title,
            "link": self._entry_link,
            "guid": self._guid,
            "id": self._guid,
            "description": self._description,
            "dc_description": self._description,
            "summary": self._summary,
            "content": self._content,
            "content_encoded": self._encoded,
            "source": self._source,
            "language": self._own_language,
            "dc_language": self._own_language,
            "contributor": self._contributor,
            "feedburner_origlink": self._beside_text,
            "news_source": self._beside_text,
        }
        table |= dict.fromkeys(PUBLISHED, self._published)
        table |= dict.fromkeys(UPDATED, self._updated)
        table |= dict.fromkeys(CREATED, self._created)
        return table | dict.fromkeys(AUTHOR, self._author)

    # One method per element; each raises Doubt for a shape it does not know.

    def _title(self, child: Any, draft: _Draft) -> None:
        plain = is_plain_text(child) and draft.atom
        if draft.title.value:
            return
        value = text_of(child)
        draft.title = RawText(value, "plain" if plain else "html")
        draft.titled = True

    def _entry_link(self, child: Any, draft: _Draft) -> None:
        add_link(child, draft.alternates, entry=True)

    def _guid(self, child: Any, draft: _Draft) -> None:
        attributes = attributes_of(child)
        if len(child):
            raise Doubt
        written = (child.text or "").strip()
        permalink = attributes.get("ispermalink", "true") == "true"
        draft.guid = mended(single_slashes(written) if permalink else written)

    def _description(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        self._set_summary(draft, RawText(text_of(child)))

    def _summary(self, child: Any, draft: _Draft) -> None:
        if not draft.atom:
            raise Doubt
        plain = is_plain_text(child)
        self._set_summary(draft, RawText(text_of(child), "plain" if plain else "html"))

    def _set_summary(self, draft: _Draft, text: RawText) -> None:
        if draft.summary is not None:
            raise Doubt
        draft.summary = text

    def _content(self, child: Any, draft: _Draft) -> None:
        if not draft.atom:
            raise Doubt
        plain = is_plain_text(child)
        draft.contents.append(RawText(text_of(child), "plain" if plain else "html"))

    def _encoded(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        draft.contents.append(RawText(text_of(child)))

    def _source(self, child: Any, draft: _Draft) -> None:
        attributes = attributes_of(child)
        if draft.atom or len(child) or draft.origin or draft.origin_url:
            raise Doubt
        draft.origin, draft.origin_url = text_of(child), attributes.get("url", "")

    def _own_language(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        draft.own_language = text_of(child)

    def _published(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        draft.published = text_of(child)

    def _updated(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        draft.updated = text_of(child)

    def _created(self, child: Any, draft: _Draft) -> None:
        must_be_plain(child)
        draft.created = text_of(child)

    def _author(self, child: Any, draft: _Draft) -> None:
        attributes_of(child)
        person = self._person(child)
        text = text_of(child)
        name, email = person.get("name", ""), person.get("email", "")
        if not person and "@" in text and draft.authors:
            raise Doubt
        if draft.authors and "@" in draft.authors[-1][0] and not email:
            raise Doubt
        written = f"{name} ({email})" if name and email else name or email or text
        draft.authors.append((written, name or email or ("" if person else text)))

    def _contributor(self, child: Any, _draft: _Draft) -> None:
        attributes_of(child)
        self._person(child)

    def _person(self, child: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in child:
            key = self._name(part)
            if key not in PERSON or len(part):
                raise Doubt
            must_be_plain(part)
            found[key] = (part.text or "").strip()
        return found

    def _beside_text(self, child: Any, draft: _Draft) -> None:
        self._beside(child, draft, self._name(child), 0)

    def _beside(self, child: Any, draft: _Draft, key: str, depth: int) -> None:
        """Elements that feedparser knows nothing of: stored under their names, the least deep and last wins."""
        if depth > 6 or (depth and key in NEVER_NESTED):
            raise Doubt
        if child.keys():
            attributes_of(child)
        elif not len(child):
            held = draft.side.get(key)
            if held is None or depth <= held[0]:
                draft.side[key] = (depth, text_of(child))
        if not depth and key not in {"feedburner_origlink", "news_source"}:
            self._ignorable(child, key)
        for part in child:
            self._beside(part, draft, self._name(part), depth + 1)

    def _ignorable(self, child: Any, key: str) -> None:
        if key in DOUBTFUL:
            raise Doubt
        if child.keys():
            attributes_of(child)


def rdf_about(element: Any) -> str:
    """The id that RDF puts on an element. Raises Doubt for attributes that feedparser reads in its own way."""
    found = ""
    for name, written in element.items():
        if name == _ABOUT:
            found = written
        elif name.startswith("{") or name.lower() in {"lastmod", "href", "base", "lang", "rdf:about"}:
            raise Doubt
    return found


def add_link(element: Any, alternates: list[tuple[str, str]], *, entry: bool) -> None:
    """Add (type, address) of a `link` to `alternates` when it is one."""
    said = attributes_of(element)
    if len(element) or "url" in said or "uri" in said:
        raise Doubt
    href = said.get("href")
    href = address_of(element, entry=entry) if href is None else single_slashes(href)
    if href and said.get("rel", "alternate").lower() == "alternate":
        alternates.append((said.get("type", "text/html").lower(), href))
