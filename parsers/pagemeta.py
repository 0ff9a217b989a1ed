"""What an article page says about itself: JSON-LD first, then meta elements, then the page's own elements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# schema.org types that are one article; their subtypes are named, as no schema is at hand to ask.
ARTICLE_TYPES = frozenset(
    {
        "AnalysisNewsArticle",
        "Article",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "NewsArticle",
        "OpinionNewsArticle",
        "Report",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
    }
)
_MAX_SCRIPTS = 20
_MAX_SCRIPT = 500_000  # characters
_MAX_NODES = 2_000
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "pubdate",
    "publishdate",
    "publish_date",
    "date.published",
    "dc.date.issued",
    "dcterms.issued",
    "datepublished",
    "cxenseparse:recs:publishtime",
    "parsely-pub-date",
    "dc.date",
    "date",
)
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "lastmod",
    "last-modified",
    "dcterms.modified",
    "datemodified",
)
_AUTHOR = ("author", "article:author_name", "byl", "dc.creator", "parsely-author", "cxenseparse:author")
_TITLE = ("og:title", "twitter:title", "dc.title", "headline")


@dataclass(frozen=True, slots=True)
class PageMeta:
    """Strings as the page has them, empty when absent. `paywalled` is what the page itself declares;
    `is_article` says that it calls itself one."""

    title: str = ""
    canonical: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    publisher: str = ""
    body: str = ""
    paywalled: bool = False
    is_article: bool = False


def read_meta(root: Any) -> PageMeta:
    """What stands in the head of a page, from an lxml tree of HTML."""
    metas = _metas(root)
    data = next(_articles(root), {})
    return PageMeta(
        title=_text(data.get("headline")) or _first(metas, _TITLE) or _element(root, "//head/title"),
        canonical=_attribute(root, "//link[@rel='canonical']/@href") or metas.get("og:url", ""),
        published=_text(data.get("datePublished")) or _first(metas, _PUBLISHED) or _time(root),
        modified=_text(data.get("dateModified")) or _first(metas, _MODIFIED),
        authors=_names(data.get("author")) or tuple(filter(None, (_first(metas, _AUTHOR),))),
        language=_language(root, data, metas),
        publisher=next(iter(_names(data.get("publisher"))), "") or metas.get("og:site_name", ""),
        body=_text(data.get("articleBody")),
        paywalled=str(data.get("isAccessibleForFree", "")).lower() == "false"
        or metas.get("article:content_tier", "") in {"locked", "metered"},
        is_article=bool(data) or metas.get("og:type", "") == "article" or "article:published_time" in metas,
    )


def _metas(root: Any) -> dict[str, str]:
    """Contents of meta elements by lower-case name; of several with one name the first."""
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        content = (meta.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _articles(root: Any) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects that are articles, in the page's order. Broken scripts are passed over."""
    for script in root.xpath("//script[contains(@type, 'ld+json')]")[:_MAX_SCRIPTS]:
        written = (script.text or "").strip().removeprefix("<!--").removesuffix("-->")
        if not written or len(written) > _MAX_SCRIPT:
            continue
        try:
            value = json.loads(written, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from (node for node in _nodes(value) if _is_article(node))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Objects within lists and @graph, breadth first, a bounded number of them."""
    waiting, seen = [value], 0
    while waiting and seen < _MAX_NODES:
        seen += 1
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting += node[:_MAX_NODES]
        elif isinstance(node, dict):
            yield node
            waiting += [node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node]


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and kind.rpartition("/")[2] in ARTICLE_TYPES for kind in named)


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return value.strip() if isinstance(value, str) else ""


def _names(value: Any) -> tuple[str, ...]:
    """Names of persons or organisations: strings, objects with a name, or lists of them."""
    people = value if isinstance(value, list) else [value]
    names = (_text(person.get("name")) if isinstance(person, dict) else _text(person) for person in people)
    return tuple(
        dict.fromkeys(name for name in names if name and not name.startswith(("http://", "https://")))
    )


def _first(metas: dict[str, str], names: tuple[str, ...]) -> str:
    return next((metas[name] for name in names if name in metas), "")


def _language(root: Any, data: dict[str, Any], metas: dict[str, str]) -> str:
    declared = data.get("inLanguage")
    said = _text(declared.get("alternateName") if isinstance(declared, dict) else declared)
    return said or _attribute(root, "/html/@lang") or metas.get("og:locale", "") or metas.get("language", "")


def _time(root: Any) -> str:
    """The first `time` element of an article; those elsewhere belong to other articles."""
    return _attribute(root, "//article//time/@datetime") or _attribute(
        root, "//*[@itemprop='datePublished']/@content"
    )


def _attribute(root: Any, path: str) -> str:
    found = root.xpath(path)
    return str(found[0]).strip() if found else ""


def _element(root: Any, path: str) -> str:
    found = root.xpath(path)
    return " ".join("".join(found[0].itertext()).split()) if found else ""
