"""Importing a library without a part of it that it would do without, and that nobody here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType


def never(*modules: str) -> list[str]:
    """From here on, importing one of these raises ImportError in this process; what is loaded already stays, the
    others are returned."""
    held = [name for name in modules if name not in sys.modules]
    loaded: dict[str, object] = sys.modules  # type: ignore[assignment]  # None is importlib's "not to be found"
    loaded.update(dict.fromkeys(held))
    return held


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Inside the block, importing one of these raises ImportError, as if it were not installed; what is loaded
    already stays. A library that catches that goes without. Afterwards they may be imported as ever."""
    held = never(*modules)
    try:
        yield
    finally:
        for name in held:
            del sys.modules[name]


def part(name: str) -> ModuleType:
    """The module `name` ("package.module") without what its package imports at its beginning. Neither is left among
    the loaded modules, so that importing the package later gives all of it. Raises ImportError."""
    package = name.partition(".")[0]
    spec = find_spec(package)
    if package in sys.modules or spec is None:
        return import_module(name)
    before = set(sys.modules)
    sys.modules[package] = module_from_spec(spec)
    try:
        return import_module(name)
    finally:
        for loaded in set(sys.modules) - before:
            if loaded == package or loaded.startswith(f"{package}."):
                del sys.modules[loaded]
