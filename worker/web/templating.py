"""Pages from templates. Every value is escaped; a name that is not there is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from urllib.parse import urlencode

from worker.templating import Templates


def render(name: str, /, **values: object) -> str:
    """A template of `worker/web/templates` with `values`."""
    return _templates().render(name, **values)


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs as the query of an address."""
    return urlencode(list(pairs))


@cache
def stamp() -> str:
    """A short hash of everything static: in its addresses, so that a browser never keeps an old one."""
    files = sorted(resources.files("worker.web").joinpath("static").iterdir(), key=lambda item: item.name)
    return hashlib.blake2b(b"".join(item.read_bytes() for item in files), digest_size=6).hexdigest()


@cache
def _templates() -> Templates:
    return Templates("worker.web", names={"stamp": stamp(), "encoded": encoded})
