"""Names of elements as feedparser uses them (`dc_date`, `content_encoded`, `pubdate`), and what they do there."""

from __future__ import annotations


class Doubt(Exception):
    """The quick reader cannot be sure of the document: it is for the reference to read."""


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# Namespaces by what feedparser calls them; "" are those of the feed formats themselves.
NAMESPACES = {
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://webns.net/mvcb/": "admin",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
}
# Captions and podcast notes. Their elements are called `media-title` here, and written so for feedparser (see
# xmltext.without_side_words), which would take them for the entry's own.
SIDE_NAMESPACES = {
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
}
# Prefixes that feedparser has handlers for: under another namespace they would still be handled.
TAKEN_PREFIXES = _set(
    "admin cc content creativecommons dc dcterms feedburner geo georss gml itunes media psc rdf svg sy xhtml",
    "xlink xml",
)
# What feedparser handles, or stores under a name that is read from it, and the quick reader does not know.
DOUBTFUL = _set(
    "abstract authors base body channel cloud content-type content_parsed copyright created_parsed dcterms_valid",
    "div email entry feed feedburner_browserfriendly fullitem height homepage href image info item links math",
    "name newlocation rss subtitle summary_detail svg tagline tags textinput title_detail uri url where width",
)
PUBLISHED = _set("pubdate published issued dcterms_issued")
UPDATED = _set("updated modified lastbuilddate dc_date dcterms_modified")
CREATED = _set("created dcterms_created")
AUTHOR = _set("author dc_creator dc_author managingeditor")
PERSON = _set("name email uri url")
# Elements without children that say nothing we keep, whatever their attributes.
HARMLESS = _set(
    "category comments enclosure keywords dc_subject dc_rights dc_publisher dc_identifier dc_format dc_type",
    "slash_comments slash_department slash_section wfw_commentrss wfw_comment thr_total sy_updatebase prism_section",
)
# Inside elements that feedparser does not know, these would still be taken for the entry's own.
NEVER_NESTED = (PUBLISHED | UPDATED | CREATED | AUTHOR | DOUBTFUL) | _set(
    "title dc_title link guid id description dc_description summary content content_encoded source language",
    "dc_language feedburner_origlink news_source category keywords contributor dc_contributor dc_subject",
    "generator rights webmaster expirationdate enclosure",
)
# Elements of a channel whose children say nothing of the channel or its entries.
CHANNEL_PARENTS = _set("image textinput author contributor skiphours skipdays items")
NEVER_IN_CHANNEL = _set("item entry channel source dc_title svg math base")


class Names:
    """The names of one document's elements, looked up once for each."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, written: str) -> str:
        """feedparser's name of an element that expat calls `namespace local prefix`. Raises Doubt where its
        prefix decides in ways of its own."""
        name = self._known.get(written)
        if name is None:
            name = self._known[written] = _name(written.lower().split(" "))
        return name


def _name(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    if len(parts) > 3:
        raise Doubt
    namespace, local, given = (*parts, "")[:3]
    if SIDE_NAMESPACES.get(namespace, " ") == given:
        return f"{given}-{local}"
    prefix = "" if "backend.userland.com/rss" in namespace else NAMESPACES.get(namespace)
    if prefix is None:
        prefix = given
        if not prefix or prefix in TAKEN_PREFIXES:
            raise Doubt
    return f"{prefix}_{local}" if prefix else local
