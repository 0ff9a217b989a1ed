"""Errors that a person can do something about, in one line each. Imported only when something failed."""

from __future__ import annotations

from dataclasses import dataclass

from feeds.tomlfile import TomlComplaint
from worker.alerts.message import one_line
from worker.backup import BackupError
from worker.cli.opening import NoService
from worker.embedded import EmbeddedError
from worker.query import QueryError
from worker.redis_url import RedisUrlError
from worker.settings import SettingsError
from worker.store.client import ServerAway, ServerError, StoreUnusable
from worker.web.listening import PortTaken


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` is the exit code: 2 for what was asked wrongly, 1 for what does not work."""

    lines: tuple[str, ...]
    code: int


# Which errors, what is said before their own words, and the exit code. The first that fits counts.
_KNOWN: tuple[tuple[tuple[type[Exception], ...], str, int], ...] = (
    ((TomlComplaint, QueryError, RedisUrlError), "", 2),
    ((BackupError, EmbeddedError, StoreUnusable, NoService, PortTaken), "", 1),
    (ServerAway, "the store does not answer: ", 1),
    ((ServerError,), "the store refused: ", 1),
    ((UnicodeEncodeError,), "an argument is not valid UTF-8: ", 2),
)


def told(error: Exception) -> Failure | None:
    """The failure to show; None for a mistake of ours, which deserves its traceback."""
    if isinstance(error, SettingsError):
        return Failure(tuple(one_line(problem) for problem in error.problems), 2)
    for kinds, before, code in _KNOWN:
        if isinstance(error, kinds):
            return Failure((before + one_line(str(error)),), code)
    return None
