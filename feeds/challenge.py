"""Is this page a wall against bots, or simply no feed? Pure: headers and the beginning of a body in."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEAD = 16 * 1024  # bytes of a page that are looked at

# Headers that a wall sets of its own accord: name → (part of the value, who).
_HEADER_SIGNS = (
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-amzn-waf-action", "", "AWS WAF"),
    ("x-vercel-mitigated", "", "Vercel"),
    ("x-sucuri-block", "", "Sucuri"),
    ("x-datadome", "protected", "DataDome"),
    ("sg-captcha", "", "SiteGround"),
)

# Words of such pages, in lower case, and whose they are. Looked for in HTML only, never in a feed.
_BODY_SIGNS = (
    (b"cf-chl", "Cloudflare"),
    (b"challenge-platform", "Cloudflare"),
    (b"<title>just a moment", "Cloudflare"),
    (b"attention required! | cloudflare", "Cloudflare"),
    (b"checking your browser before accessing", "Cloudflare"),
    (b"captcha-delivery.com", "DataDome"),
    (b"px-captcha", "HUMAN"),
    (b"_incapsula_resource", "Imperva"),
    (b"errors.edgesuite.net", "Akamai"),
    (b"sucuri website firewall", "Sucuri"),
    (b"sucuri_cloudproxy", "Sucuri"),
    (b"ddos-guard", "DDoS-Guard"),
    (b".well-known/sgcaptcha", "SiteGround"),
    (b"vercel security checkpoint", "Vercel"),
    (b"awswaf.com", "AWS WAF"),
    (b"the requested url was rejected. please consult with your administrator", "F5"),
    (b"making sure you&#39;re not a bot", "Anubis"),
    (b"making sure you're not a bot", "Anubis"),
    (b"our systems have detected unusual traffic", "Google"),
    (b"enable javascript and cookies to continue", "a bot wall"),
    (b"verify you are human", "a bot wall"),
    (b"verifying you are human", "a bot wall"),
    (b"g-recaptcha", "a bot wall"),
    (b"h-captcha", "a bot wall"),
    (b"pardon our interruption", "a bot wall"),
)

_PROLOGUE = re.compile(rb"(?:\s+|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL | re.IGNORECASE)
_HTML_START = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|noscript)(?=[\s/>])", re.IGNORECASE
)


def looks_like_html(body: bytes) -> bool:
    """Whether a body begins as a web page does. Byte-order marks and UTF-16 are looked through."""
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"")
    start = _PROLOGUE.match(head)
    return bool(_HTML_START.match(head, start.end() if start else 0))


def challenger(headers: Mapping[str, str], body: bytes) -> str:
    """Who put a challenge or block page in the way ("Cloudflare", "a bot wall"), or "" when nobody did.

    `headers` with names in lower case.
    """
    for name, part, who in _HEADER_SIGNS:
        if name in headers and part in headers[name].lower():
            return who
    if not looks_like_html(body):
        return ""
    head = body[:_HEAD].lower()
    return next((who for sign, who in _BODY_SIGNS if sign in head), "")
