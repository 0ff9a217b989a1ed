"""Errors that a person can do something about, in one line each. Imported only when something failed."""

from __future__ import annotations

from dataclasses import dataclass

from feeds.tomlfile import TomlComplaint
from worker.alerts.message import one_line
from worker.cli.opening import NoService
from worker.embedded import EmbeddedError
from worker.query import QueryError
from worker.redis_url import RedisUrlError
from worker.settings import SettingsError
from worker.store.client import ServerAway, ServerError, StoreUnusable


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` is the exit code: 2 for what was asked wrongly, 1 for what does not work."""

    lines: tuple[str, ...]
    code: int


def told(error: Exception) -> Failure | None:
    """The failure to show; None for a mistake of ours, which deserves its traceback."""
    match error:
        case SettingsError():
            return Failure(tuple(one_line(problem) for problem in error.problems), 2)
        case TomlComplaint() | QueryError() | RedisUrlError():
            return Failure((one_line(str(error)),), 2)
        case UnicodeEncodeError():
            return Failure(("an argument is not valid UTF-8",), 2)
        case EmbeddedError() | StoreUnusable() | NoService():
            return Failure((one_line(str(error)),), 1)
        case _ if isinstance(error, ServerAway):
            return Failure((f"the store does not answer: {one_line(str(error))}",), 1)
        case ServerError():
            return Failure((f"the store refused: {one_line(str(error))}",), 1)
        case _:
            return None
