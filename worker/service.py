"""The whole service in one command: server, workers, schedule and live alerts. `run` at the shell."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType

from worker import commands, forking, logs
from worker.embedded import EmbeddedServer
from worker.operator import Events
from worker.registering import configured_sources, register
from worker.reviving import Revival
from worker.runtime import Runtime, open_runtime
from worker.settings import Settings, as_environment
from worker.store.client import ServerAway
from worker.supervise import ChildSpec, Supervisor
from worker.warm import warm
from worker.web import listening

LOOK_SECONDS = 0.2
#: Workers get this long to finish what they do when the service is stopped, so that all is over within five seconds.
PATIENCE = 2.0


@dataclass
class Stop:
    """Set by Ctrl-C or SIGTERM; `wait` returns early when it is."""

    event: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        self.event.set()

    @property
    def asked(self) -> bool:
        return self.event.is_set()

    def wait(self, seconds: float) -> None:
        self.event.wait(seconds)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Signals ask to stop instead of raising wherever the program happens to be."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Service:
    """Runs until `stop` is asked. `look` is called on every round with the runtime: it shows alerts and events.

    `say` tells the operator one line. Must be used from the main thread.
    """

    settings: Settings
    say: Callable[[str], None]
    look: Callable[[Runtime, Events], None]
    embedded: EmbeddedServer | None = None
    revival: Revival | None = None
    away: bool = False
    supervisor: Supervisor = field(default_factory=Supervisor)

    def run(self, stop: Stop) -> None:
        """Raises EmbeddedError, StoreUnusable or a complaint about the sources before anything is started."""
        sources = configured_sources(self.settings)
        try:
            settings = self._with_server()
            logs.set_up(settings.log, _log_folder(settings) / "run.log")
            runtime = open_runtime(settings)
            runtime.server.check()
            runtime.server.load_functions()
            for complaint in runtime.watchers.complaints:
                self.say(f"left out: {complaint}")
            new, kept, dropped = register(runtime, sources)
            sources = ()  # thousands of them, which the children need not inherit
            self.say(
                f"{new + kept} sources are polled ({new} new, {dropped} no longer); Ctrl-C stops everything"
            )
            events = Events(runtime)
            self._start_children(settings, runtime)
            while not stop.asked:
                self._round(runtime, events)
                stop.wait(LOOK_SECONDS)
        finally:
            self.supervisor.stop(PATIENCE)
            if self.embedded:
                self.embedded.stop()

    def _start_children(self, settings: Settings, runtime: Runtime) -> None:
        """Imports what they share, then lets them go: a forked child has it all at once, and the memory once."""
        warm()
        forking.settle()
        specs = _children(settings, self._web(settings))
        leave = partial(self._leave, runtime)
        self.supervisor.start([replace(spec, leave=leave) for spec in specs], time.monotonic())

    def _leave(self, runtime: Runtime) -> None:
        """In a forked child: what the parent has open is its own."""
        logs.close()
        runtime.server.client.close()
        if self.embedded:
            self.embedded.leave()

    def _web(self, settings: Settings) -> bool:
        """Whether there is a page and an API: unless they are switched off or their port is taken."""
        web = settings.web
        if not web.port:
            return False
        if taken := listening.free(web.host, web.port):
            self.say(f"no page and no API: {taken}; set web.port to another port, or to 0")
            return False
        self.say(f"the page is at {listening.address(web.host, web.port)}")
        return True

    def _with_server(self) -> Settings:
        if self.settings.redis_url:
            return self.settings
        self.embedded = EmbeddedServer(self.settings.data_dir, self.settings.appendfsync)
        self.embedded.start()
        self.revival = Revival(self.embedded, time.monotonic())
        return self.settings.with_values({"redis_url": self.embedded.url}, "embedded server")

    def _round(self, runtime: Runtime, events: Events) -> None:
        if self.revival and (told := self.revival.look_after(time.monotonic())):
            self.say(told)
        for told in self.supervisor.look_after(time.monotonic()):
            self.say(told)
        try:
            self.look(runtime, events)
        except ServerAway as error:
            if not self.away:
                self.say(f"the server is away for a moment: {error}")
            self.away = True
        else:
            self.away = False


def _children(settings: Settings, web: bool) -> list[ChildSpec]:
    processes = settings.process.workers or max(1, (os.cpu_count() or 1) // 2)
    return [
        _child(settings, "poll", commands.embedded_poll_worker(web=web)),
        *(
            _child(settings, name, commands.embedded_process_worker(name))
            for name in _names("process", processes)
        ),
    ]


def _names(kind: str, count: int) -> list[str]:
    """process, process-2, process-3: names of children and of their logs."""
    return [kind if number == 1 else f"{kind}-{number}" for number in range(1, count + 1)]


def _child(settings: Settings, name: str, command: list[str]) -> ChildSpec:
    note = f"({settings.data_dir.absolute()})"
    return ChildSpec(name, command, _environment(settings), _log_folder(settings) / f"{name}.log", note)


def _environment(settings: Settings) -> dict[str, str]:
    # Celery would replace the title that tells the processes apart.
    return {**os.environ, **as_environment(settings), "PYTHONUNBUFFERED": "1", "NOSETPS": "1"}


def _log_folder(settings: Settings) -> Path:
    folder = settings.data_dir / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
