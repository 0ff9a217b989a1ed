"""What an answer means. Pure: facts of one exchange in, a named outcome out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from feeds.challenge import challenger, looks_like_html
from feeds.exchange import Exchange, Fault
from feeds.hints import fresh_seconds, retry_after_seconds
from feeds.source import SourceKind


class Outcome(StrEnum):
    """The end of one poll, by name. Only FRESH carries a body to read."""

    FRESH = "fresh"  # 200 with a body that differs from the last one
    UNCHANGED = "unchanged"  # 304, or the same bytes as before
    MOVED = "moved"  # a permanent redirect leads to something that is no source (else FRESH with `moved_to`)
    GONE = "gone"  # 410
    BUSY = "busy"  # 429, or 503 with or without Retry-After
    BLOCKED = "blocked"  # 401, 403, 451, a challenge page, or an address we may not open
    BROKEN = (
        "broken"  # other statuses, HTML where a feed was expected, too large, bad encoding, too many hops
    )
    UNREACHABLE = "unreachable"  # DNS, connect, TLS, time out, connection lost


class Validators(NamedTuple):
    """What the last body was, so that we need not fetch it again. Empty strings when unknown."""

    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""  # hex blake2b-128 of the decoded body


NO_VALIDATORS = Validators()


class Fetched(NamedTuple):
    """One poll of one source. `body` is decoded bytes and empty unless `outcome` is FRESH.

    `reason` is one clear sentence for a person whenever the outcome is not FRESH or UNCHANGED.
    `retry_after` and `max_age` are seconds from the end of the exchange, None when the answer had none.
    `elapsed` in seconds; `requests` counts hops.
    """

    outcome: Outcome
    reason: str = ""
    status: int = 0
    url: str = ""  # the address that answered, after redirects
    moved_to: str = ""  # target of a chain of permanent redirects, else empty
    body: bytes = b""
    content_type: str = ""
    validators: Validators = NO_VALIDATORS
    retry_after: float | None = None
    max_age: float | None = None
    elapsed: float = 0.0
    requests: int = 0
    cause: str = ""  # short stable name of what went wrong: http-404, timeout, html, challenge, ...


class _Judgement(NamedTuple):
    outcome: Outcome
    cause: str = ""
    reason: str = ""


_UNCHANGED = _Judgement(Outcome.UNCHANGED)
_JSON_KINDS = frozenset({SourceKind.WORDPRESS, SourceKind.GDELT, SourceKind.JSON})
_UNREACHABLE = frozenset({Fault.DNS, Fault.CONNECT, Fault.TLS, Fault.TIMEOUT, Fault.LOST})
_PERMANENT = frozenset({301, 308})
_MAX_VALIDATOR = 1024  # characters; longer ones are not worth sending back


def classify(
    exchange: Exchange, known: Validators = NO_VALIDATORS, kind: SourceKind = SourceKind.FEED
) -> Fetched:
    """What one exchange means for a source of `kind` whose last body `known` describes."""
    digest = body_hash(exchange.body) if exchange.body else ""
    judged = _judge(exchange, known, kind, digest)
    moved_to = permanent_target(exchange) if exchange.hops else ""
    if moved_to and judged.outcome is Outcome.BROKEN:
        reason = f"moved for good to {moved_to}, but {judged.reason}"
        judged = _Judgement(Outcome.MOVED, judged.cause, reason)
    good = judged.outcome in (Outcome.FRESH, Outcome.UNCHANGED)
    said = dict(reversed(exchange.headers))  # the first of a name counts
    date, freshness = said.get("date", ""), None
    if good and ("cache-control" in said or "expires" in said):
        control, expires = said.get("cache-control", ""), said.get("expires", "")
        freshness = fresh_seconds(control, expires, date, said.get("age", ""))
    wait = said.get("retry-after", "")
    return Fetched(
        outcome=judged.outcome,
        reason=judged.reason,
        status=exchange.status,
        url=exchange.url,
        moved_to=moved_to,
        body=exchange.body if judged.outcome is Outcome.FRESH else b"",
        content_type=said.get("content-type", ""),
        validators=_validators(exchange.status, said, known, digest) if good else known,
        retry_after=retry_after_seconds(wait, date) if wait else None,
        max_age=freshness,
        elapsed=exchange.elapsed,
        requests=exchange.requests,
        cause=judged.cause,
    )


def body_hash(body: bytes) -> str:
    """Hex blake2b-128 of a decoded body."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def permanent_target(exchange: Exchange) -> str:
    """Where a chain of permanent redirects leads: the address after the last 301 or 308 before any temporary
    one; "" when the first redirect is not permanent."""
    for hop in exchange.hops:
        if hop.status not in _PERMANENT:
            return hop.url if hop is not exchange.hops[0] else ""
    return exchange.url if exchange.hops else ""


def _judge(exchange: Exchange, known: Validators, kind: SourceKind, digest: str) -> _Judgement:
    if exchange.fault is not None:
        return _judge_fault(exchange.fault, exchange.reason)
    status = exchange.status
    if status == 304:
        if known.etag or known.last_modified:
            return _UNCHANGED
        return _Judgement(
            Outcome.BROKEN, "http-304", "the server says 'not modified' though it was not asked"
        )
    who = challenger(dict(exchange.headers), exchange.body)
    if who:
        return _Judgement(Outcome.BLOCKED, "challenge", f"{_a(who)} page stands in the way (status {status})")
    if status in (200, 203):
        return _judge_body(exchange, known, kind, digest)
    return _judge_status(status)


def _judge_fault(fault: Fault, reason: str) -> _Judgement:
    if fault is Fault.ADDRESS:
        return _Judgement(Outcome.BLOCKED, fault.value, reason)
    outcome = Outcome.UNREACHABLE if fault in _UNREACHABLE else Outcome.BROKEN
    return _Judgement(outcome, fault.value, reason)


def _judge_status(status: int) -> _Judgement:
    try:
        said = f"the server answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = f"the server answered {status}"
    cause = f"http-{status}"
    if status == 410:
        return _Judgement(Outcome.GONE, cause, "the publisher says this source is gone for good (410)")
    if status in (429, 503):
        return _Judgement(Outcome.BUSY, cause, said)
    if status in (401, 402, 403, 407, 451):
        return _Judgement(Outcome.BLOCKED, cause, said)
    return _Judgement(Outcome.BROKEN, cause, said)


def _judge_body(exchange: Exchange, known: Validators, kind: SourceKind, digest: str) -> _Judgement:
    body = exchange.body
    if not body.strip():
        return _Judgement(Outcome.BROKEN, "empty", "the answer is empty")
    if looks_like_html(body):
        return _Judgement(Outcome.BROKEN, "html", f"a web page came where a {kind.value} source was expected")
    if kind in _JSON_KINDS and body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return _judge_text(body)
    if digest == known.body_hash:
        return _UNCHANGED
    return _Judgement(Outcome.FRESH)


def _judge_text(body: bytes) -> _Judgement:
    """GDELT answers 200 with a plain sentence when a query is wrong or comes too soon."""
    said = " ".join(body[:300].decode("utf-8", "replace").split())[:120]
    if "limit requests" in said.lower():
        return _Judgement(Outcome.BUSY, "rate-limit", f"the server says: {said}")
    return _Judgement(Outcome.BROKEN, "not-json", f"text came where JSON was expected: {said}")


def _validators(status: int, said: Mapping[str, str], known: Validators, digest: str) -> Validators:
    etag, modified = _token(said.get("etag", "")), _token(said.get("last-modified", ""))
    if status == 304:
        return Validators(etag or known.etag, modified or known.last_modified, known.body_hash)
    return Validators(etag, modified, digest)


def _token(value: str) -> str:
    """A validator that can be sent back as it came."""
    usable = len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if usable else ""


def _a(who: str) -> str:
    return who if who.startswith("a ") else f"a {who}" if who[0] not in "AEIO" else f"an {who}"
