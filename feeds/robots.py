"""robots.txt by RFC 9309: which paths of a site we may read. Pure, but for `fetch_robots`.

The standard library's reader knows no wildcards and takes the first rule that fits; the RFC wants the longest.
Feeds are offered to be read by programs, so this is for article pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from feeds.http import Client, Place

AGENT = "hketo-watch"
_MAX_BYTES = 500 * 1024  # RFC 9309 2.5: at least this much must be read
_MAX_RULES = 5000


@dataclass(frozen=True, slots=True)
class Rule:
    """One Allow or Disallow line: `pattern` as written, percent-encoding made even."""

    allow: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Robots:
    """What a site says to us. `delay` seconds between two requests (Crawl-delay, which is no standard), None
    when not said. `sitemaps` are absolute addresses."""

    rules: tuple[Rule, ...] = ()
    delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether the path of `url` may be read: the longest pattern that fits decides, Allow in a draw."""
        parts = urlsplit(url)
        path = _even(parts.path or "/") + (f"?{_even(parts.query)}" if parts.query else "")
        if path == "/robots.txt":
            return True
        best = Rule(True, "")
        for rule in self.rules:
            longer = (len(rule.pattern), rule.allow) > (len(best.pattern), best.allow)
            if longer and _fits(rule.pattern, path):
                best = rule
        return best.allow


OPEN = Robots()
CLOSED = Robots((Rule(False, "/"),))


def parse_robots(body: bytes, agent: str = AGENT) -> Robots:
    """The rules for `agent`: those of every group that names it, else those for `*`. Never raises."""
    groups: dict[str, list[tuple[str, str]]] = {}
    sitemaps: list[str] = []
    names: list[str] = []
    in_rules = False
    for line in body[:_MAX_BYTES].decode("utf-8-sig", "replace").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "sitemap" and value.startswith(("http://", "https://")):
            sitemaps.append(value)
        elif key == "user-agent":
            names = [] if in_rules else names
            in_rules = False
            names.append(value.lower())
            groups.setdefault(value.lower(), [])
        elif colon and key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for name in names:
                groups[name].append((key, value))
    lines = [pair for name, pairs in groups.items() if _names_us(name, agent) for pair in pairs]
    if not any(_names_us(name, agent) for name in groups):
        lines = groups.get("*", [])
    rules = [Rule(key == "allow", _even(value)) for key, value in lines if key != "crawl-delay" and value]
    return Robots(tuple(rules[:_MAX_RULES]), _delay(lines), tuple(dict.fromkeys(sitemaps)))


def _names_us(name: str, agent: str) -> bool:
    """RFC 9309 2.2.1: the product token decides, without regard to case; a version after it does not."""
    return bool(name) and name != "*" and re.split(r"[/\s]", name)[0] == agent.lower()


def _delay(lines: list[tuple[str, str]]) -> float | None:
    for key, value in lines:
        if key == "crawl-delay" and re.fullmatch(r"\d{1,5}(\.\d+)?", value):
            return float(value)
    return None


def _even(text: str) -> str:
    """One way to write each character, so that `/%7Ea` and `/~a`, `/香` and `/%E9%A6%99` compare equal."""
    return quote(unquote(text, errors="replace"), safe="/~*$?&=;:@!,+'()[]")


def _fits(pattern: str, path: str) -> bool:
    """`*` stands for anything, a `$` at the end for the end. Greedy search part by part, so no pattern can be
    slow: each part is looked for once."""
    anchored = pattern.endswith("$")
    first, *rest = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not rest:
        return not anchored or at == len(path)
    for part in rest[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    last = rest[-1]
    if anchored:
        return path.endswith(last) and len(path) - len(last) >= at
    return path.find(last, at) >= 0


async def fetch_robots(client: Client, url: str, place: Place | None = None) -> Robots:
    """The robots.txt of the site of `url`. By RFC 9309 2.3.1 a site without one is open, and one that cannot
    be reached or answers 5xx is closed for now. To be kept for a day at most."""
    parts = urlsplit(url)
    exchange = await client.exchange(f"{parts.scheme}://{parts.netloc}/robots.txt", place=place)
    if exchange.fault is None and 200 <= exchange.status < 300:
        return parse_robots(exchange.body)
    if exchange.fault is None and 400 <= exchange.status < 500 and exchange.status != 429:
        return OPEN
    return CLOSED
