"""A copy of the embedded store in one file, taken while it works, and its way back.

The copy is the server's own snapshot (BGSAVE): one moment of everything, with a checksum. The append-only file could
only be copied while no rewrite runs. A server that is told to keep an append-only file reads nothing else at its
start, not even a snapshot beside it, so a restored one is first started without, then told to begin its log.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.embedded import EmbeddedError, EmbeddedServer, server_for
from worker.redis_url import masked
from worker.settings import Settings
from worker.store.client import ServerError, connect
from worker.store.keys import Keys

SNAPSHOT = "dump.rdb"  # what the server calls it
_MAGIC = (b"REDIS", b"VALKEY")
_END = 0xFF  # opcode before the checksum, which is 8 bytes (Redis RDB format)
_WAIT_SECONDS = 3600.0


class BackupError(RuntimeError):
    """No copy was made, or none was brought back; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy and what is in it: `size` in bytes, `seconds` it took, `articles` kept and `alerts` in the ledger."""

    path: str
    size: int
    seconds: float
    articles: int
    alerts: int


def backup(settings: Settings, file: Path) -> Copied:
    """Writes the store of `settings.data_dir` to `file`, which must not exist yet; the service may run. Raises
    BackupError, EmbeddedError."""
    _only_embedded(settings, "take its copy with `valkey-cli --rdb FILE` (docs/operations.md)")
    if not (settings.data_dir / "store").is_dir():
        raise BackupError(f"nothing is stored in {settings.data_dir} yet: name the directory with --data")
    if file.exists():
        raise BackupError(f"{file} is there already: choose another name")
    began = time.monotonic()
    with server_for(settings.data_dir, settings.appendfsync) as url:
        client: Any = connect(url, timeout=60.0)
        try:
            _save(client)
            taken = settings.data_dir / "store" / f"backup-{os.getpid()}.rdb"
            (settings.data_dir / "store" / SNAPSHOT).rename(taken)
            try:
                _copy(taken, file)
            finally:
                taken.unlink()
            return _copied(client, settings, file, began)
        except OSError as error:
            raise BackupError(f"{file} cannot be written: {error.strerror or error}") from error
        finally:
            client.close()


def restore(settings: Settings, file: Path) -> Copied:
    """Makes `settings.data_dir`, which must hold no store, from a copy. Raises BackupError; then nothing is left."""
    _only_embedded(settings, "bring the copy back where that server runs (docs/operations.md)")
    store = settings.data_dir / "store"
    if store.is_dir() and any(store.iterdir()):
        raise BackupError(
            f"{settings.data_dir} holds a store: name an empty directory with --data, or move it away"
        )
    _check(file)
    began = time.monotonic()
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _load(settings, file, began)
    except (EmbeddedError, ServerError, OSError) as error:
        shutil.rmtree(store, ignore_errors=True)
        raise BackupError(f"{file} could not be brought back: {error}") from error
    except BackupError:
        shutil.rmtree(store, ignore_errors=True)
        raise


def _only_embedded(settings: Settings, instead: str) -> None:
    if settings.redis_url is not None:
        where = masked(settings.redis_url.get_secret_value())
        raise BackupError(f"the store is the server at {where}, whose files are not here: {instead}")


def _save(client: Any) -> None:
    """A snapshot begun from now on. `rdb_saves` counts those that were begun (Redis 7.0, Valkey 7.2)."""
    before = client.info("persistence")["rdb_saves"]
    client.bgsave(schedule=True)  # waits for a rewrite of the log that runs

    def done() -> bool:
        info = client.info("persistence")
        over = info["rdb_saves"] > before and not info["rdb_bgsave_in_progress"]
        if over and info["rdb_last_bgsave_status"] != "ok":
            raise BackupError("the server could not save: is the disk full? See DATA/log/server.log")
        return bool(over)

    _wait(done, "the server did not save")


def _copy(taken: Path, file: Path) -> None:
    """Under another name first: a file of that name is a whole copy."""
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with taken.open("rb") as source, unfinished.open("r+b") as out:
        shutil.copyfileobj(source, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    _check(unfinished)
    unfinished.rename(file)


def _check(file: Path) -> None:
    """That it is a whole snapshot by its first and last bytes; the server checks all when it reads it."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(9)
            opened.seek(-9, os.SEEK_END)
            ends = opened.read(1)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}") from error
    if not begins.startswith(_MAGIC) or ends[0] != _END:
        raise BackupError(f"{file} is no whole copy of a store: it does not begin and end like one")


def _load(settings: Settings, file: Path, began: float) -> Copied:
    store = settings.data_dir / "store"
    shutil.copyfile(file, store / SNAPSHOT)
    server = EmbeddedServer(settings.data_dir, settings.appendfsync, extra=("--appendonly", "no"))
    try:
        server.start()
        client: Any = connect(server.url, timeout=60.0)
        keys = Keys(settings.namespace)
        if not client.exists(keys.sequence, keys.sources):
            raise BackupError(
                f'{file} holds nothing of the namespace "{settings.namespace}": set `namespace`'
            )
        client.config_set("appendonly", "yes")
        _wait(lambda: _log_begun(client), "the log was not begun")
        made = _copied(client, settings, file, began)
        client.close()
        return made
    finally:
        server.stop()
        (store / SNAPSHOT).unlink(missing_ok=True)


def _log_begun(client: Any) -> bool:
    info = client.info("persistence")
    if info["aof_last_bgrewrite_status"] != "ok":
        raise BackupError("the server could not write its log: is the disk full? See DATA/log/server.log")
    return not (info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"])


def _copied(client: Any, settings: Settings, file: Path, began: float) -> Copied:
    keys = Keys(settings.namespace)
    return Copied(
        path=str(file),
        size=file.stat().st_size,
        seconds=round(time.monotonic() - began, 3),
        articles=client.zcard(keys.by_time),
        alerts=client.zcard(keys.alerts),
    )


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    give_up = time.monotonic() + _WAIT_SECONDS
    while not done():
        if time.monotonic() > give_up:
            raise BackupError(f"{otherwise} within {_WAIT_SECONDS / 3600:g} h")
        time.sleep(0.05)
