"""One entry of a well-formed feed for the quick reader: its elements, each as feedparser takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple
from xml.etree.ElementTree import Element  # nosec B405 - a tree that expat built; nothing is parsed by it

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
    Names,
)
from parsers.formats.quickdraft import NO_TEXT, Draft
from parsers.formats.quickrows import shape_of, together
from parsers.formats.raw import RawEntry, RawText, make_text
from parsers.formats.values import (
    Said,
    add_link,
    attributes_of,
    is_plain_text,
    joined,
    mended,
    plain_text_of,
    rdf_about,
    text_of,
)

_MAX_INNER_DEPTH = 6
_FEW = 4  # entries of one shape that are read sooner one by one


Action = Callable[[Draft, Element], None]


class EntryReader:
    """Reads the entries of one document. `language` and `base` are what its root declares; without `mends` no text of
    it is changed by `mended`."""

    def __init__(self, names: Names, language: str, base: str, *, atom: bool, mends: bool = True) -> None:
        self.names = names
        self.language = language
        self.base = base
        self.atom = atom
        self.mends = mends
        self._actions: dict[
            str, Action | None
        ] = {}  # by the name as expat tells it; None: nothing of it is kept

    def entries(self, elements: Sequence[Element]) -> list[RawEntry]:
        """The entries, in order. Raises Doubt."""
        if len(elements) < _FEW or self.atom:
            return list(map(self.entry, elements))
        first = [field.tag for field in elements[0]]
        same = {len(first)}.issuperset(map(len, elements))
        if same and [field.tag for element in elements for field in element] == first * len(elements):
            return self._alike(first, elements)
        return self._sorted_by_shape(elements)

    def _sorted_by_shape(self, elements: Sequence[Element]) -> list[RawEntry]:
        shapes: dict[tuple[str, ...], list[int]] = {}
        for at, element in enumerate(elements):
            shapes.setdefault(tuple([field.tag for field in element]), []).append(at)
        found: dict[int, RawEntry] = {}
        for tags, places in shapes.items():
            found.update(zip(places, self._alike(tags, [elements[at] for at in places]), strict=True))
        return [found[at] for at in range(len(elements))]

    def _alike(self, tags: Sequence[str], elements: Sequence[Element]) -> list[RawEntry]:
        shape = shape_of(self.names, tags)
        read = None if shape is None else together(self, shape, elements)
        return list(map(self.entry, elements)) if read is None else read

    def entry(self, element: Element) -> RawEntry:
        """One entry. Raises Doubt."""
        draft = Draft(self, rdf_about(element.attrib) if element.keys() else "")
        actions = self._actions
        for field in element:
            tag = field.tag
            try:
                action = actions[tag]
            except KeyError:
                action = self._learn(tag)
            if action is not None:
                action(draft, field)
            elif len(field):
                raise Doubt
        return draft.entry()

    def _learn(self, tag: str) -> Action | None:
        name = self.names.of(tag)
        action = None if name in HARMLESS else _ACTIONS.get(name) or partial(_beside, name)
        self._actions[tag] = action
        return action


# One function per element; each raises Doubt for a shape it does not know.


def _title(draft: Draft, field: Element) -> None:
    title = _typed(draft, field)
    if draft.origin is not None and draft.title.value:  # feedparser lets a title behind <source> win
        raise Doubt
    if not draft.title.value:
        draft.title = title
        draft.titled = True


def _link(draft: Draft, field: Element) -> None:
    if len(field):
        raise Doubt
    add_link(field, draft.reader.base, draft.alternates, entry=True)


def _guid(draft: Draft, field: Element) -> None:
    if len(field):
        raise Doubt
    text = (field.text or "").strip()
    base = draft.reader.base
    draft.guid = mended(joined(text, base) if text and _is_permalink(field) else text)


def _is_permalink(field: Element) -> bool:
    if not field.keys():
        return True
    said = field.attrib
    if len(said) == 1 and "isPermaLink" in said:
        return said["isPermaLink"] == "true"
    return attributes_of(said).get("ispermalink", "true") == "true"


def _description(draft: Draft, field: Element) -> None:
    if draft.summary is not None:
        raise Doubt
    draft.summary = make_text((plain_text_of(field), "html"))


def _summary(draft: Draft, field: Element) -> None:
    if not draft.reader.atom or draft.summary is not None:
        raise Doubt
    draft.summary = _typed(draft, field)


def _content(draft: Draft, field: Element) -> None:
    if not draft.reader.atom:
        raise Doubt
    _add_content(draft, _typed(draft, field))


def _encoded(draft: Draft, field: Element) -> None:
    _add_content(draft, make_text((plain_text_of(field), "html")))


def _typed(draft: Draft, field: Element) -> RawText:
    """Text that may have a type of its own; only Atom's plain text is plain."""
    plain = is_plain_text(field) and draft.reader.atom
    return make_text((text_of(field), "plain" if plain else "html"))


def _add_content(draft: Draft, text: RawText) -> None:
    """The longest counts, of equals the first."""
    if draft.content is NO_TEXT or len(text.value) > len(draft.content.value):
        draft.content = text


def _source(draft: Draft, field: Element) -> None:
    found = attributes_of(field.attrib)
    if draft.reader.atom or len(field) or draft.origin is not None:
        raise Doubt
    draft.origin = (text_of(field), found.get("url", ""))


def _language(draft: Draft, field: Element) -> None:
    draft.own_language = plain_text_of(field)


def _published(draft: Draft, field: Element) -> None:
    draft.published = plain_text_of(field)


def _updated(draft: Draft, field: Element) -> None:
    draft.updated = plain_text_of(field)


def _created(draft: Draft, field: Element) -> None:
    draft.created = plain_text_of(field)


def _author(draft: Draft, field: Element) -> None:
    if field.keys():
        attributes_of(field.attrib)
    if len(field):
        person = _person(draft, field)
        name, email = person.get("name", ""), person.get("email", "")
        if not (name or email):
            raise Doubt
        text, told = (f"{name} ({email})" if name and email else name or email), name or email
    else:
        text = told = text_of(field)
    _add_author(draft, text, told, is_person=len(field) > 0)


def _add_author(draft: Draft, text: str, told: str, *, is_person: bool) -> None:
    if draft.authors and (
        draft.persons != is_person or (not is_person and "@" in text) or "@" in draft.authors[-1][0]
    ):
        raise Doubt
    draft.persons = is_person
    draft.authors.append((text, told))


def _contributor(draft: Draft, field: Element) -> None:
    attributes_of(field.attrib)
    _person(draft, field)


def _person(draft: Draft, field: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in field:
        name = draft.reader.names.of(part.tag)
        if name not in PERSON:
            raise Doubt
        plain_text_of(part)  # for its doubts: feedparser mends no names
        found[name] = (part.text or "").strip()
    return found


def _beside(name: str, draft: Draft, field: Element) -> None:
    """An element that feedparser knows nothing of: stored under its name, the least deep and last wins."""
    if name in DOUBTFUL:
        raise Doubt
    side = name.startswith(("media-", "itunes-"))
    said = field.attrib if field.keys() and not side else None
    if said:
        attributes_of(said)
    if not len(field):
        if side or name in _READ_BESIDE:
            _keep(draft, name, 0, field.text or "", said)
        return
    for part in _inner(draft.reader.names, field, 1):
        if part.name in NEVER_NESTED:
            raise Doubt
        below = part.name.startswith(("media-", "itunes-"))
        if part.said and not below:
            attributes_of(part.said)
        if part.leaf:
            _keep(draft, part.name, part.depth, part.text, part.said if not below else None)


class _Inner(NamedTuple):
    """An element within an element of an entry. `depth` 1 is a child; `leaf` says that it has none itself."""

    name: str
    said: Said
    text: str
    depth: int
    leaf: bool


def _inner(names: Names, field: Element, depth: int) -> Iterator[_Inner]:
    """All that an element holds, in the order in which it ends."""
    if depth > _MAX_INNER_DEPTH:
        raise Doubt
    for part in field:
        leaf = not len(part)
        if not leaf:
            yield from _inner(names, part, depth + 1)
        yield _Inner(names.of(part.tag), part.attrib, part.text or "", depth, leaf)


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
_ACTIONS: dict[str, Action] = {
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
    **dict.fromkeys(PUBLISHED, _published),
    **dict.fromkeys(UPDATED, _updated),
    **dict.fromkeys(CREATED, _created),
    **dict.fromkeys(AUTHOR, _author),
}
