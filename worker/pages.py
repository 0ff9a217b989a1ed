"""Article pages: whose verdict is worth a look at the page, and what the page makes of it. Pure.

Only where headline and summary leave the question open: one side is named and the other may be told of below, or a
trade office is named without a country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson

from parsers.agency import credit
from parsers.entry import Article, Moment
from parsers.page import Page
from parsers.relevance import builtin_rules
from worker.entries import Occasion
from worker.store import articles
from worker.store.articles import Fingerprint, PutRequest

#: Characters of text from which on the page is not expected to say more: the feed gives whole articles.
ENOUGH = 1500

#: Hosts whose links lead to a page that forwards by script, to a publisher that only a browser learns.
_FORWARDERS = frozenset({"news.google.com", "www.bing.com", "www.msn.com"})
_SIDES = {"HK": "hk", "MY": "my"}


def open_question(request: PutRequest) -> str:
    """Why the page of an entry should be read, as a sentence; "" when the verdict stands without it."""
    fields = request.fields
    if request.fate not in (articles.STORED, articles.OFF_TOPIC) or request.grade > 1:
        return ""
    nothing = fields["reasons"] == "[]"  # as of most: no name gives rise to a question
    if (
        nothing
        or len(request.text) >= ENOUGH
        or not fields.get("url")
        or _host(fields["link"]) in _FORWARDERS
    ):
        return ""
    rules = {reason["rule"] for reason in orjson.loads(fields["reasons"])}
    if any(rule.startswith("link-") for rule in rules):
        return ""  # both sides and what joins them are told; that it is little is the verdict
    if any(rule.startswith("office-") and not rule.startswith("office-kl") for rule in rules):
        return "a trade office is named without a country"
    if "apart-region" in rules:
        return "Hong Kong is named with the region at large"
    return _one_side(request) if "apart-one" in rules else ""


def _one_side(request: PutRequest) -> str:
    """A paper names its own side in most of what it prints, so only the other one is a sign there."""
    fields = request.fields
    known = builtin_rules()
    found = known.finder.find(f"{fields['title']}\n{request.text}")
    named = {side for name in found.names for side in name.name.sides if side in _SIDES.values()}
    country = known.country(_article(fields, request.text, None))
    foreign = named - {_SIDES.get(country, "")}
    if not foreign:
        return ""
    return f"only {'Hong Kong' if 'hk' in foreign else 'Malaysia'} is named"


@dataclass(frozen=True, slots=True)
class Job:
    """What a page is fetched for: an entry as it was put, and the occasion. `old`: it had come up from below, so
    it is not told. `seen` in seconds since 1970."""

    fields: Mapping[str, str]
    text: str
    grade: int
    source: str
    guid_key: str
    entry_hash: str
    identity: str
    seen: float
    first: bool
    old: bool

    def mark(self) -> Fingerprint:
        return Fingerprint(0, self.guid_key, self.entry_hash, self.identity)

    def occasion(self, number: str) -> Occasion:
        """Its own poll: the fate that the entry had in the poll that brought it stands."""
        return Occasion(f"page-{number}", self.source, datetime.fromtimestamp(self.seen, UTC), self.first)

    def article(self, zone: str) -> Article:
        """The article as it was judged. `zone` is the source's."""
        return _article(self.fields, self.text, _moment(self.fields["published"], zone))


_TEXTS = ("guid", "url", "link", "title", "summary", "lang", "publisher", "source", "country", "author")


def job_of(request: PutRequest, mark: Fingerprint, occasion: Occasion, old: bool) -> Job:
    """The job for an entry that was put."""
    return Job(
        fields={name: request.fields.get(name, "") for name in (*_TEXTS, "published", "agencies")},
        text=request.text,
        grade=request.grade,
        source=request.source,
        guid_key=mark.guid_key,
        entry_hash=mark.entry_hash,
        identity=mark.identity,
        seen=occasion.seen.timestamp(),
        first=occasion.first,
        old=old,
    )


def encode_job(job: Job) -> bytes:
    return orjson.dumps(job)


def decode_job(raw: bytes) -> Job:
    return Job(**orjson.loads(raw))


def merged(article: Article, page: Page) -> Article | None:
    """The article with what its page has more; None when the page has no more text than the feed."""
    if len(page.text) <= len(article.text):
        return None
    author = article.author or page.author
    return replace(
        article,
        url=page.url or article.url,
        text=page.text,
        author=author,
        agencies=credit(page.text, author, article.publisher, page.url or article.link).agencies
        or article.agencies,
        published=article.published or page.published or page.modified,
    )


def _article(fields: Mapping[str, str], text: str, published: Moment | None) -> Article:
    agencies = tuple(fields.get("agencies", "").split())
    texts = {name: fields.get(name, "") for name in _TEXTS}
    return Article(text=text, published=published, agencies=agencies, **texts)


def _moment(written: str, zone: str) -> Moment | None:
    if not written:
        return None
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:  # a day, as the source's zone counts it
        return Moment(at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), day_only=True)
    return Moment(at)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
