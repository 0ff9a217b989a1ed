"""Addresses: relative ones made whole, and one canonical address per document.

What the rules remove stands in links.toml. A canonical address is an identity first: `https` for both
schemes, no `www.`, mobile and AMP forms folded. The reader opens the address as the source gave it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from operator import itemgetter
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

MAX_LENGTH = 8192  # Google News ids alone reach 1,930 characters

_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")
_SPACE = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b\u2028\u2029\ufeff\ud800-\udfff]")
# Nine addresses of ten: nothing in them to clean, to resolve or to doubt.
_PLAIN_ADDRESS = re.compile(r"https?://[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?:[/?#][!#-\[\]-~]*)?")
_AMPERSANDS = re.compile(r"&(?:amp;)+")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HOST = re.compile(r"[^\s/?#@\\<>^`{|}\"%\[\]]+")
_ASCII_HOST = re.compile(r"[a-z0-9._-]+")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/:@!$&'()*+,;=~%-._"
_QUERY_SAFE = _PATH_SAFE + "?[]"
_MOBILE_LABELS = frozenset({"www", "m", "mobile", "amp", "wap", "touch"})
_PATH_SESSION = re.compile(
    r";(?:jsessionid|phpsessid|sid)=[^/;?]*|/\((?:[A-Z]\([a-z0-9]{20,}\))+\)", re.IGNORECASE
)
_AMP_SUFFIX = re.compile(r"(?:/amp/?|\.amp(?=\.html?$|$)|/amp(?=\.html?$))", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|aspx?|php|jsp)$", re.IGNORECASE)
_AMP_CACHE = re.compile(r"/(?:[a-z]/)?(?:s/)?([^/]+\.[^/]+/.*)")
_AMP_HOST = ".cdn.ampproject.org"
# What addresses of plain characters are made of, and the paths among them that folding may change.
_EASY_HOST_RE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII)
_EASY_REST_RE = re.compile(r"(/[\w/.~-]*)?(?:\?([\w.~=&-]*))?(?:#[\w-]*)?", re.ASCII)
_UNEASY_PATH_RE = re.compile(r"//|/\.|\bamp\b|/(?:index|default)\.", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class LinkRules:
    """links.toml, ready for look-ups. Parameter names are lower case."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    values: dict[str, frozenset[str]]
    hosts: dict[str, str]
    gateways: dict[str, str]
    redirectors: tuple[tuple[str, str, str], ...]
    special: frozenset[str]  # hosts that any rule names


@lru_cache(maxsize=1)
def link_rules() -> LinkRules:
    """The rules of this package, read once."""
    table = tomllib.loads((resources.files("parsers") / "links.toml").read_text("utf-8"))
    listed = [name.lower() for name in table["tracking"] + table["sessions"]["parameters"]]
    named = {
        *table["hosts"],
        "google.com",
        *(rule["host"] for rule in (*table["gateways"], *table["redirectors"])),
    }
    return LinkRules(
        names=frozenset(name for name in listed if not name.endswith("*")),
        prefixes=tuple(name[:-1] for name in listed if name.endswith("*")),
        values={name.lower(): frozenset(values) for name, values in table["tracking_values"].items()},
        hosts=dict(table["hosts"]),
        gateways={rule["host"]: rule["prefix"] for rule in table["gateways"]},
        redirectors=tuple((r["host"], r["path"], r["parameter"]) for r in table["redirectors"]),
        special=frozenset(named),
    )


def resolve(href: str, base: str = "") -> str:
    """The absolute http(s) address that `href` means on a page at `base`, otherwise as given; "" when it is
    no address for a reader (`tag:`, `urn:`, `mailto:`, no host, relative without a base). Never raises.
    """
    if _PLAIN_ADDRESS.fullmatch(href) and len(href) <= MAX_LENGTH and "&amp;" not in href:
        return href
    href = _cleaned(href)
    if not href or len(href) > MAX_LENGTH:
        return ""
    try:
        if not _SCHEME.match(href):
            href = urljoin(_cleaned(base) or "https:", href)
        parts = urlsplit(href)
        if parts.scheme.lower() not in _DEFAULT_PORTS or not _usable_host(parts):
            return ""
    except ValueError:  # a port that is no number, a broken IPv6 host
        return ""
    return href


def canonical(url: str, base: str = "") -> str:
    """One address per document; "" for what cannot be opened by a reader. Never raises, and is idempotent:
    `canonical(canonical(u)) == canonical(u)`.
    """
    return _quick(url) or careful(url, base)


def careful(url: str, base: str = "") -> str:
    """`canonical` for any address, without the short way for easy ones."""
    whole = resolve(url, base)
    try:
        for _ in range(8):  # gateways and redirectors nest; each pass strips one
            folded = _fold(whole) if whole else ""
            if folded == whole:
                return whole
            whole = folded
    except ValueError:  # folding can uncover a host or port that is none
        return ""
    return "" if whole != _settled(whole) else whole


def _quick(url: str) -> str:
    """The same for an address in which nothing needs care, as most are: of its parameters, those that choose nothing
    are left out. Empty when it must be looked at."""
    start = 8 if url.startswith("https://") else 7
    if len(url) > MAX_LENGTH or not (start == 8 or url.startswith("http://")):
        return ""
    end = url.find("/", start)
    host = _easy_host(url[start:] if end < 0 else url[start:end])
    match = _EASY_REST_RE.fullmatch(url, end if end >= 0 else len(url)) if host else None
    if match is None:
        return ""
    path, query = match.groups("")
    if _may_be_uneasy(path) and _UNEASY_PATH_RE.search(path):
        return ""
    query = _easy_query(query) if query else ""
    return f"https://{host}{path.rstrip('/') or '/'}{'?' + query if query else ''}"


def _may_be_uneasy(path: str) -> bool:
    """Whether it has a part of what `_UNEASY_PATH_RE` looks for, in a third of its time."""
    low = path.lower()
    return "amp" in low or "//" in low or "/." in low or "/index." in low or "/default." in low


@lru_cache(maxsize=1024)
def _easy_host(host: str) -> str:
    """The host without `www.`; empty when any rule may change it further. A feed's entries share one or two."""
    if not _EASY_HOST_RE.fullmatch(host):
        return ""
    if host.startswith("www.") and host.count(".") > 1:
        host = host[4:]
    special = host in link_rules().special or host.partition(".")[0] in _MOBILE_LABELS
    return "" if special or host.endswith(_AMP_HOST) or ".m." in host else host


@lru_cache(maxsize=512)
def _easy_query(query: str) -> str:
    """The parameters that choose the document, sorted. What tracks readers is the same in all addresses of a feed."""
    rules = link_rules()
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    kept = [pair for pair in pairs if not _is_tracking(pair[0], pair[2], rules)]
    kept.sort(key=itemgetter(0))
    return "&".join(map("".join, kept))


def _settled(url: str) -> str:
    """`url` folded once more: what still moves after eight passes is no address to be trusted."""
    try:
        return _fold(url) if url else ""
    except ValueError:
        return ""


def site(url: str) -> str:
    """The host of an address without `www.`, `m.` and their like: what tells one publisher from another."""
    try:
        return _fold_host((urlsplit(url).hostname or "").lower(), link_rules())
    except ValueError:
        return ""


def unwrapped(url: str) -> str:
    """The address that a redirecting page or a gateway carries in its own (Bing, AMP, ...), else `url`."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
        return _inside(host, parts, link_rules()) or url
    except ValueError:
        return url


def _cleaned(text: str) -> str:
    """An address without what surrounds or breaks it in a document; spaces within it quoted."""
    text = _LINE_BREAK.sub("", text.strip()) if "\n" in text or "\r" in text else text.strip()
    return _SPACE.sub(_quote_space, _AMPERSANDS.sub("&", text)).replace("\\", "/")


def _quote_space(match: re.Match[str]) -> str:
    return quote(match[0]) if match[0] == " " or (match[0] > "\x9f" and match[0].isspace()) else ""


def _usable_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    _ = parts.port  # raises ValueError when it is no port
    return bool(_HOST.fullmatch(host)) and (host.strip(".") != "")


def _fold(url: str) -> str:
    rules = link_rules()
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    inner = _inside(host.removeprefix("www."), parts, rules)
    if inner:
        return inner
    host = _fold_host(host, rules)
    if not host:
        return ""
    port = parts.port
    secure = port is None or port == _DEFAULT_PORTS[parts.scheme]
    if ":" in host:
        host = f"[{host}]"
    netloc = host if secure else f"{host}:{port}"
    scheme = "https" if secure else parts.scheme
    path, query = _fold_path(parts.path), _fold_query(parts.query, rules)
    fragment = parts.fragment if parts.fragment.startswith("!/") else ""
    folded = urlunsplit((scheme, netloc, path, query, _escape(fragment, _QUERY_SAFE)))
    return folded if len(folded) <= 3 * MAX_LENGTH else ""


def _inside(host: str, parts: SplitResult, rules: LinkRules) -> str:
    """The address that a gateway, an AMP cache or a redirecting page carries, else ""."""
    prefix = rules.gateways.get(host, "")
    if prefix and parts.path.startswith(prefix):
        return _embedded(parts.path[len(prefix) :], parts.query)
    if host.endswith(".cdn.ampproject.org") or (host == "google.com" and parts.path.startswith("/amp/")):
        match = _AMP_CACHE.fullmatch(parts.path.removeprefix("/amp"))
        return _embedded(match[1], parts.query) if match else ""
    for known_host, path, parameter in rules.redirectors:
        if host == known_host and parts.path.startswith(path):
            for name, value in _pairs(parts.query):
                if name == parameter and (target := resolve(unquote(value or ""))):
                    return target
    return ""


def _embedded(rest: str, query: str) -> str:
    return resolve(f"https://{rest}?{query}" if query else f"https://{rest}")


def _fold_host(host: str, rules: LinkRules) -> str:
    """Lower case, Punycode, without `www.` and mobile labels; aliases replaced. "" when it cannot be one."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""
        if not _ASCII_HOST.fullmatch(host):  # full-width brackets, slashes and colons become plain ones
            return ""
    labels = host.lower().rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in _MOBILE_LABELS and not labels[-1].isdigit():
        labels = labels[1:]
    if len(labels) > 3 and labels[1] == "m":  # en.m.wikipedia.org
        del labels[1]
    host = ".".join(labels)
    return rules.hosts.get(host, host)


def _fold_path(path: str) -> str:
    path = _PATH_SESSION.sub("", path)
    path = re.sub(r"/{2,}", "/", _escape(path, _PATH_SAFE)) or "/"
    path = _without_dots(path)
    path = _INDEX.sub("/", path)
    path = _fold_amp(path)
    return path.rstrip("/") or "/"


def _fold_amp(path: str) -> str:
    """/slug-of-it/amp, /slug.amp.html and /amp/news/slug are the page itself; /topic/amp is its own page."""
    stem, last = path.rstrip("/").rpartition("/")[::2]
    if last.lower() == "amp" and re.search(r"[-\d]", stem.rpartition("/")[2]):
        return stem
    if path.lower().startswith("/amp/") and re.search(r"[-\d]", last):
        return path[4:]
    return re.sub(r"\.amp(?=\.html?$|$)", "", path, flags=re.IGNORECASE)


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            out = out[:-1] if len(out) > 1 else out
        elif segment != ".":
            out.append(segment)
    return "/".join(out) if len(out) > 1 else "/"


def _pairs(query: str) -> list[tuple[str, str | None]]:
    """Name and value of each parameter; None when there is no "="."""
    found: list[tuple[str, str | None]] = []
    for part in query.split("&"):
        if part:
            name, equals, value = part.partition("=")
            found.append((name, value if equals else None))
    return found


def _fold_query(query: str, rules: LinkRules) -> str:
    """Parameters that choose the document, sorted by name; those of the same name keep their order."""
    if not query:
        return ""
    kept = [
        (_escape(name, _QUERY_SAFE), value if value is None else _escape(value, _QUERY_SAFE))
        for name, value in _pairs(query)
        if not _is_tracking(name, value or "", rules)
    ]
    kept.sort(key=lambda pair: pair[0])
    return "&".join(name if value is None else f"{name}={value}" for name, value in kept)


def _is_tracking(name: str, value: str, rules: LinkRules) -> bool:
    name = name.lower()
    if name in rules.names or name.startswith(rules.prefixes):
        return True
    return name in rules.values and value.lower() in rules.values[name]


def _escape(text: str, safe: str) -> str:
    """RFC 3986 section 6.2.2: escapes in upper case, none where none is needed, all where one is."""
    if text.isascii() and "%" not in text and text.isprintable() and not re.search(r'[ "<>\\^`{|}]', text):
        return text
    text = _ESCAPE.sub(_one_escape, text)
    return quote(text, safe=safe, errors="replace")


def _one_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else f"%{match[1].upper()}"
