"""Which files hold secrets, and who may read them."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker.doctor.facts import SecretFile
from worker.settings import Settings

#: Keys of [[channel]] and [[watch]] tables that name a file with a secret, and those that are one.
_FILES, _SECRETS = ("url_file", "secret_file"), ("url", "secret")
SECRET_SETTINGS = (
    "webhook.url",
    "webhook.secret",
    "web.token",
    "web.admin_token",
    "redis_url",
    "broker_url",
    "read_url",
)


def secret_files(settings: Settings, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that hold secrets of this installation: those that `<NAME>_FILE` variables and channels name, and the
    settings file if a secret stands in it."""
    found = [Path(value) for name, value in environ.items() if _names_a_secret_file(name) and value]
    toml = settings.toml
    if toml is not None:
        tables = toml.data.get("channel", [])
        found += [
            toml.path.parent / table[key]
            for table in tables
            for key in _FILES
            if isinstance(table.get(key), str)
        ]
        if any(key in table for table in tables for key in _SECRETS) or _holds_secret(toml.data):
            found.append(toml.path)
    return tuple(dict.fromkeys(found))


def _names_a_secret_file(name: str) -> bool:
    plain = {f"HKETO_{setting.replace('.', '__').upper()}_FILE" for setting in SECRET_SETTINGS}
    return name in plain | {"REDIS_URL_FILE"}


def _holds_secret(data: Mapping[str, Any]) -> bool:
    for setting in SECRET_SETTINGS:
        *parents, last = setting.split(".")
        table: Any = data
        for parent in parents:
            table = table.get(parent, {})
        if last in table:
            return True
    return False


def look_at(paths: Iterable[Path]) -> tuple[SecretFile, ...]:
    """The permissions of those that are there."""
    return tuple(state for path in paths if (state := _state(path)))


def _state(path: Path) -> SecretFile | None:
    try:
        found = path.stat()
        guarded = any(not parent.stat().st_mode & stat.S_IXOTH for parent in path.absolute().parents)
    except OSError:
        return None  # settings name a missing file themselves
    return SecretFile(str(path), stat.S_IMODE(found.st_mode), guarded, path.is_dir())
