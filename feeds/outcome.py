"""What an answer means. Pure: facts of one exchange in, a named outcome out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The end of one poll, by name. Only FRESH carries a body to read."""

    FRESH = "fresh"  # 200 with a body that differs from the last one
    UNCHANGED = "unchanged"  # 304, or the same bytes as before
    MOVED = "moved"  # a permanent redirect was followed (the body, if any, is FRESH or UNCHANGED beside it)
    GONE = "gone"  # 410
    BUSY = "busy"  # 429, or 503 with or without Retry-After
    BLOCKED = "blocked"  # 401, 403, 451, a challenge page, or an address we may not open
    BROKEN = (
        "broken"  # other statuses, HTML where a feed was expected, too large, bad encoding, too many hops
    )
    UNREACHABLE = "unreachable"  # DNS, connect, TLS, time out, connection lost


@dataclass(frozen=True, slots=True)
class Validators:
    """What the last body was, so that we need not fetch it again. Empty strings when unknown."""

    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""  # hex blake2b-128 of the decoded body


@dataclass(frozen=True, slots=True)
class Fetched:
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
    validators: Validators = Validators()
    retry_after: float | None = None
    max_age: float | None = None
    elapsed: float = 0.0
    requests: int = 0
