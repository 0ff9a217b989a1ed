"""What all commands share: options of one form, and the settings that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines instead of a table.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Directory of the embedded server's data.")]


@dataclass(frozen=True, slots=True)
class Globals:
    """Options that stand before the command."""

    config: Path | None = None
    data: Path | None = None


def settings_of(context: typer.Context, data: Path | None = None, **overrides: object) -> Settings:
    """The settings of this command. `data` is the command's own --data, which wins over the global one;
    `overrides` are further flags, with `__` for the dot of a setting's name and None for one not given.

    Raises SettingsError.
    """
    from worker.settings import load_here  # noqa: PLC0415 - pydantic takes long to import

    given = context.find_object(Globals) or Globals()
    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    return load_here(given.config, {"data_dir": data or given.data, **dotted})


def remember(context: typer.Context, data: Path | None) -> None:
    """For groups of commands: their --data holds for the command below."""
    if data is not None:
        given = context.find_object(Globals) or Globals()
        context.obj = replace(given, data=data)
