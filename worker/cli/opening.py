"""The store for one command: the server that REDIS_URL names, the running service's, or one for the moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from worker.embedded import running_address, server_for
from worker.runtime import Runtime, open_reader, open_runtime
from worker.settings import Settings


class NoService(RuntimeError):
    """Nothing to ask: no service runs, or nothing was ever stored here. The message says what to do."""


@contextmanager
def open_store(
    settings: Settings, *, running: bool = False, create: bool = False, reading: bool = False
) -> Iterator[Runtime]:
    """A runtime on the store of `settings`. A directory that was never used is not made by asking for it,
    unless with `create`; with `running` no server is started: then there must be a service; `reading` asks
    the replica at `read_url` where there is one. Raises NoService, EmbeddedError."""
    with ExitStack() as stack:
        if settings.redis_url is not None:
            runtime = open_reader(settings) if reading and settings.read_url else open_runtime(settings)
        else:
            runtime = open_runtime(settings, _embedded(settings, running, create, stack))
        stack.callback(runtime.server.close)
        yield runtime


def _embedded(settings: Settings, running: bool, create: bool, stack: ExitStack) -> str:
    folder = settings.data_dir
    if running:
        address = running_address(folder)
        if address is None:
            raise NoService(
                f"no service runs on {folder}: start one with `hketo-watch run`, or set REDIS_URL"
            )
        return address
    if not create and not has_data(folder):
        raise NoService(
            f"nothing is stored in {folder} yet: start `hketo-watch run`, or name the directory with --data"
        )
    return stack.enter_context(server_for(folder, settings.appendfsync))


def has_data(folder: Path) -> bool:
    """Whether an embedded server ever ran on `folder`."""
    return (folder / "store").is_dir()
