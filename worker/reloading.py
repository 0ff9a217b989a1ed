"""Watches and channels of the user's file, read anew when it changes; with a mistake in it, the old ones stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from feeds.tomlfile import TomlComplaint
from worker import clock
from worker.alerts.channels import Channel
from worker.alerts.configured import read_channels
from worker.alerts.pace import PaceRules
from worker.logs import logger
from worker.settings import Settings, SettingsError, reread_here
from worker.watching import Watchers, read_watchers, remote_channels

_log = logger(__name__)

#: Seconds between two looks at the file, and that it must have been left alone: who writes it may be half through.
LOOK_SECONDS = 2.0
SETTLED_SECONDS = 1.0

#: Told once per change of the file: a state (`read` or `refused`), one sentence, and a name for this change.
Say = Callable[[str, str, str], None]


@dataclass(frozen=True)
class Configured:
    """One reading of the file."""

    settings: Settings

    @cached_property
    def watchers(self) -> Watchers:
        return read_watchers(self.settings)

    @cached_property
    def paces(self) -> dict[str, PaceRules]:
        """How fast each channel is used."""
        return {spec.name: spec.pace for spec in read_channels(self.settings).specs}

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """Those that a worker serves."""
        return remote_channels(self.settings)


@dataclass
class Reloading:
    """What is in force. `steady` are seconds that only go forward. Threads may share it."""

    started: Settings
    say: Say
    steady: Callable[[], float] = time.monotonic
    _stamp: tuple[int, int] | None = None
    _looked: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._now = Configured(self.started)
        self._text = self.started.toml.text if self.started.toml else ""
        self._looked = self.steady()

    def current(self) -> Configured:
        """Looks at the file when the last look is some seconds past."""
        toml = self.started.toml
        if toml and self.steady() - self._looked >= LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._look(toml.path)
            finally:
                self._lock.release()
        return self._now

    def _look(self, path: Path) -> None:
        self._looked = self.steady()
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamp = (0, 0)  # reading it says why
        settling = abs(clock.now().timestamp() - stamp[0] / 1e9) < SETTLED_SECONDS
        if stamp == self._stamp or settling:
            return
        self._read(f"{path.absolute()} {stamp}")
        self._stamp = stamp

    def _read(self, change: str) -> None:
        """Raises ServerAway when it cannot be told; then all is as before and the next look does it again."""
        try:
            settings = reread_here(self.started)
        except (TomlComplaint, SettingsError) as error:
            self._refuse(change, str(error).splitlines())
            return
        text = settings.toml.text if settings.toml else ""
        if text == self._text:
            return
        found = Configured(settings)
        if found.watchers.complaints:
            self._refuse(change, [str(one) for one in found.watchers.complaints])
            return
        watches = len(found.watchers.watches)
        names = ", ".join(found.watchers.channels) or "none"
        self.say("read", f"the file has changed; watches: {watches}, channels: {names}", change)
        self._now, self._text = found, text

    def _refuse(self, change: str, complaints: list[str]) -> None:
        for number, complaint in enumerate(complaints):
            _log.warning("the watches stay as they were", complaint=complaint)
            self.say(
                "refused", f"{complaint}; the watches and channels stay as they were", f"{change} {number}"
            )
