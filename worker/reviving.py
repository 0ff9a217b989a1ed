"""The embedded server started again when it ended, as often as it takes.

With `appendfsync always` the server ends itself when its log cannot be written: what it cannot keep it must not
acknowledge. While the disk is full it ends again with the first write after each start, so starts get rarer.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.embedded import EmbeddedError, EmbeddedServer
from worker.supervise import STEADY, wait_before_restart

_NO_LOG = "AOF write error"  # in its last words when it cannot write its log


@dataclass
class Revival:
    """`started` and all times are of the monotonic clock, in seconds."""

    server: EmbeddedServer
    started: float
    deaths: int = 0
    restart_at: float = 0.0
    _told: str = ""

    def look_after(self, now: float) -> str | None:
        """One round; what to tell the operator, once per trouble. Must be called from the main thread."""
        if self.server.alive():
            return None
        if not self.restart_at:
            return self._died(now)
        if now < self.restart_at:
            return None
        self.restart_at, self.started = 0.0, now
        try:
            self.server.start_process()
        except EmbeddedError as error:
            self.restart_at = now + self._count()
            return self._once(str(error))
        return None

    def _died(self, now: float) -> str | None:
        if now - self.started > STEADY:
            self.deaths, self._told = 0, ""
        wait = self._count()
        self.restart_at = now + wait
        how = self.server.ending()
        if _NO_LOG in how:
            how = f"it cannot write to {self.server.data_dir / 'store'}: is the disk full?"
        return self._once(f"the embedded server ended ({how}); starting it again")

    def _count(self) -> float:
        self.deaths += 1
        return wait_before_restart(self.deaths)

    def _once(self, told: str) -> str | None:
        """The sentence, unless it was the last one already: a full disk is one trouble, however long it lasts."""
        if self.deaths > 1 and self._told:
            return None
        self._told = told
        return told
