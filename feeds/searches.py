"""A search, as a person writes it, made into the address of a search feed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from feeds.source import SourceKind


@dataclass(frozen=True, slots=True)
class Edition:
    """A language and place in which an engine can be asked. `parameters` go into the engine's address."""

    lang: str
    country: str
    zone: str
    parameters: str


_MY, _HK = "Asia/Kuala_Lumpur", "Asia/Hong_Kong"
_GOOGLE = {
    "en-MY": Edition("en", "MY", _MY, "hl=en-MY&gl=MY&ceid=MY:en"),
    "ms-MY": Edition("ms", "MY", _MY, "hl=ms-MY&gl=MY&ceid=MY:ms"),
    "zh-MY": Edition("zh-Hans", "MY", _MY, "hl=zh-CN&gl=MY&ceid=MY:zh-Hans"),
    "en-HK": Edition("en", "HK", _HK, "hl=en-HK&gl=HK&ceid=HK:en"),
    "zh-HK": Edition("zh-Hant", "HK", _HK, "hl=zh-HK&gl=HK&ceid=HK:zh-Hant"),
    "en-US": Edition("en", "", "UTC", "hl=en-US&gl=US&ceid=US:en"),
}
_BING = {
    "": Edition("", "", "UTC", ""),
    "en-MY": Edition("en", "MY", _MY, "&mkt=en-MY"),
    "zh-HK": Edition("zh-Hant", "HK", _HK, "&mkt=zh-HK"),
    "en-US": Edition("en", "", "UTC", "&mkt=en-US"),
}
_ANY = {"": Edition("", "", "UTC", "")}


@dataclass(frozen=True, slots=True)
class Engine:
    """A place to search. `before` and `after` enclose the quoted query in its address."""

    name: str
    kind: SourceKind
    before: str
    after: str
    editions: dict[str, Edition]


ENGINES = {
    "google-news": Engine(
        "Google News", SourceKind.GOOGLE_NEWS, "https://news.google.com/rss/search?q=", "&", _GOOGLE
    ),
    "bing-news": Engine(
        "Bing News", SourceKind.BING_NEWS, "https://www.bing.com/news/search?q=", "&format=rss", _BING
    ),
    "gdelt": Engine(
        "GDELT",
        SourceKind.GDELT,
        "https://api.gdeltproject.org/api/v2/doc/doc?query=",
        "&mode=artlist&maxrecords=100&timespan=24h&sort=datedesc&format=json",
        _ANY,
    ),
    "reddit": Engine("Reddit", SourceKind.FEED, "https://www.reddit.com/search.rss?q=", "&sort=new", _ANY),
}


def search_url(engine: Engine, edition: Edition, query: str) -> str:
    """The address that answers `query`."""
    return f"{engine.before}{quote(query, safe='')}{engine.after}{edition.parameters}"
