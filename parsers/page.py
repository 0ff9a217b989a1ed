"""An article page to its text, address, times and author: the only use of trafilatura.

What a page says about itself (JSON-LD, meta elements) beats what can be guessed from it: no date is ever
taken from the running text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from parsers.charset import decode
from parsers.dates import read_date
from parsers.entry import Moment, ParseError, SourceContext
from parsers.formats.build import read_language
from parsers.formats.xmltext import refuse_many_attributes
from parsers.links import canonical, resolve, site
from parsers.markup import clean_title, plain_text
from parsers.pagemeta import PageMeta, read_meta
from parsers.report import time_text

MAX_BYTES = 5_000_000
MAX_TAGS = 50_000  # trafilatura's cost grows with them; long articles with all around them have a tenth
MAX_TEXT = 200_000
SHORT = 250  # characters below which a page without any mark of an article is none

_CHALLENGE_TITLE = re.compile(
    r"just a moment|attention required|access (?:to this page has been )?denied|are you a robot|checking your browser|"
    r"please wait|security check|ddos-guard|403 forbidden|pardon our interruption|verify(?:ing)? you are human|"
    r"请稍候|請稍候|安全验证|安全驗證",
    re.IGNORECASE,
)
_CHALLENGE_MARKS = (
    "_cf_chl_opt",
    "cf-challenge",
    "_Incapsula_Resource",
    "px-captcha",
    "captcha-delivery.com",
)
_CONSENT_HOSTS = frozenset(
    {"consent.google.com", "consent.yahoo.com", "guce.yahoo.com", "consent.youtube.com"}
)
_CONSENT_WORDS = re.compile(r"cookie|consent|privacy choices|kuki|同意|隱私|隐私", re.IGNORECASE)
_ERROR_TITLE = re.compile(
    r"\b(?:404|410|page not found|not found|halaman tidak ditemui)\b|找不到|頁面不存在|页面不存在",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """One article page, in clean text. `url` is canonical and on the publisher's site; `link` the address that
    was read. `paywalled` says that the page declares its text incomplete for strangers."""

    url: str
    link: str
    title: str
    text: str
    author: str = ""
    publisher: str = ""
    language: str = ""
    published: Moment | None = None
    modified: Moment | None = None
    paywalled: bool = False
    charset: str = ""
    warnings: tuple[str, ...] = ()


def read_page(body: bytes, *, url: str, content_type: str, context: SourceContext, now: datetime) -> Page:
    """Read an article page that was fetched from `url`; `now` is aware.

    Raises ParseError: empty, too-large, not-a-page (no HTML), too-many-attributes, challenge-page,
    consent-page, not-an-article (a home page, a list, an error page).
    """
    if len(body) > MAX_BYTES:
        raise ParseError(
            "too-large", f"the page has {len(body):,} bytes, more than the {MAX_BYTES:,} that are read"
        )
    if not body.strip():
        raise ParseError("empty", "the page is empty: the server answered without a body")
    decoded = decode(body, content_type)
    root = _tree(decoded.text)
    meta = read_meta(root)
    text = _main_text(root, meta)
    _refuse_other_pages(decoded.text, meta, text, url)
    published, modified = _date(meta.published, context, now), _date(meta.modified, context, now)
    return Page(
        url=_address(meta, url),
        link=url,
        title=_title(meta),
        text=text,
        author=", ".join(filter(None, map(clean_title, meta.authors))),
        publisher=clean_title(meta.publisher) or context.publisher,
        language=read_language(meta.language),
        published=published,
        modified=modified,
        paywalled=meta.paywalled,
        charset=decoded.charset,
        warnings=decoded.warnings + _complaints(meta, published, text),
    )


def page_record(file: str, page: Page, *, zone: str = "UTC") -> dict[str, Any]:
    """The record that `hketo-watch extract` prints; `zone` is the source's (see `parsers.report`)."""
    dated = page.published or page.modified
    return {
        "file": file,
        "url": page.url,
        "link": page.link,
        "title": page.title,
        "text": page.text,
        "published": time_text(page.published, zone=zone),
        "updated": time_text(page.modified, zone=zone),
        "language": page.language,
        "author": page.author,
        "publisher": page.publisher,
        "paywalled": page.paywalled,
        "charset": page.charset,
        "date_method": dated.method if dated else None,
        "warnings": list(page.warnings),
    }


def _tree(text: str) -> Any:
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start != "<":
        shown = " ".join(text[:400].split())[:80]
        raise ParseError("not-a-page", f"a web page was expected, but the body begins with {shown!r}")
    if text.count("<") > MAX_TAGS:
        raise ParseError("too-large", f"the page has more than {MAX_TAGS:,} elements: it is no article")
    refuse_many_attributes(text)
    from lxml import etree  # noqa: PLC0415 - 4 MB of every process that reads pages, and of no other
    from lxml import html as lxml_html  # noqa: PLC0415

    parser = lxml_html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise ParseError("not-a-page", "this HTML holds nothing that can be read") from None
    if root.tag != "html":
        raise ParseError("not-a-page", f"a web page was expected, but this is <{root.tag}>")
    return root


def _main_text(root: Any, meta: PageMeta) -> str:
    """The running text; the page's own articleBody when the markup holds less than half of it."""
    import trafilatura  # noqa: PLC0415 - half a second to import, and few processes ever read a page

    found = trafilatura.extract(root, fast=True, include_comments=False, include_tables=False)
    text = plain_text((found or "")[:MAX_TEXT])
    own = plain_text(meta.body[:MAX_TEXT])
    return own if len(own) > 2 * len(text) else text


def _refuse_other_pages(source: str, meta: PageMeta, text: str, url: str) -> None:
    if _CHALLENGE_TITLE.search(meta.title) or (
        len(text) < SHORT and any(m in source for m in _CHALLENGE_MARKS)
    ):
        message = (
            f"a challenge page came instead of the article ({meta.title[:60]!r}): the site refuses programs"
        )
        raise ParseError("challenge-page", message)
    host = (urlsplit(url).hostname or "").lower()
    if host in _CONSENT_HOSTS or (
        not meta.is_article and len(text) < 1000 and _CONSENT_WORDS.search(meta.title)
    ):
        raise ParseError("consent-page", "a consent page came instead of the article")
    if meta.is_article:
        return
    at_home = urlsplit(url).path.strip("/") == ""
    if at_home or len(text) < SHORT or _ERROR_TITLE.search(meta.title):
        message = f"this page is no article ({meta.title[:60]!r}): it does not call itself one, and holds little text"
        if at_home:
            message = f"this page is no article ({meta.title[:60]!r}): it is the front page of the site"
        raise ParseError("not-an-article", message)


def _address(meta: PageMeta, url: str) -> str:
    """The page's own canonical address, if it stays on the site and names more than its front page."""
    own = resolve(meta.canonical, url)
    if own and _same_site(own, url) and (urlsplit(own).path.strip("/") or not urlsplit(url).path.strip("/")):
        return canonical(own)
    return canonical(url)


def _same_site(one: str, other: str) -> bool:
    """Hosts that end in the same two labels, or three where those are all short (com.my, gov.hk)."""
    return _registered(site(one)) == _registered(site(other))


def _registered(host: str) -> str:
    labels = host.split(".")
    generic = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 4
    return ".".join(labels[-3:] if generic else labels[-2:])


def _title(meta: PageMeta) -> str:
    """The headline, without the name of the site behind it."""
    title = clean_title(meta.title)
    name = clean_title(meta.publisher)
    for mark in (" - ", " | ", " – ", " — ", "｜", " · "):
        if name and title.endswith(mark + name):
            return title.removesuffix(mark + name).strip() or title
    return title


def _date(written: str, context: SourceContext, now: datetime) -> Moment | None:
    if not written:
        return None
    return read_date(written, zone=context.zone, country=context.country, lang=context.lang, now=now)


def _complaints(meta: PageMeta, published: Moment | None, text: str) -> tuple[str, ...]:
    found = []
    if meta.published and published is None:
        found.append(f"the page's date cannot be read: {meta.published[:40]!r}")
    if not text:
        found.append("no running text was found")
    if meta.paywalled:
        found.append("the page declares that its text is not free: it may be cut off")
    return tuple(found)
