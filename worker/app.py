"""The Celery application: queues, schedule, transport. A message is only a nudge; the truth is in the store."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from feeds.lean import without
from worker import logs
from worker.child import die_with_parent
from worker.commands import QUEUES
from worker.redis_url import celery_broker
from worker.settings import Settings, load_here
from worker.store.client import RedisConnectionError
from worker.store.keys import PRIORITIES, Keys

with without("yaml"):  # a format of messages that we never speak; loading it takes 0.8 MB
    import kombu.transport.redis
    from celery import Celery, signals
    from celery.beat import Scheduler, Service
    from celery.bootsteps import StartStopStep
    from celery.utils.nodenames import default_nodename, host_format
    from celery.worker import state as worker_state
    from kombu.entity import Queue

#: Nudges outlive this many of their intervals, then they are dropped: the next one does the same.
_EXPIRES_INTERVALS = 4
#: Seconds that every nudge lives at least. The worker compares the sender's clock with its own, so one that is ahead
#: by more than this would drop all of them (`benchmarks.soak`); the few hundred that pile up while a worker is away
#: cost it a second or two.
NUDGE_LIVES = 300.0


#: Set where the supervisor has registered what is polled.
_REGISTERED = "sources_registered"

#: A worker that once took this much memory (kB) ends after its task, and is started again with little.
_ENOUGH_KB = 400_000

#: Imported by Celery only when a worker starts.
_STARTED = (
    "celery.apps.worker",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.app.routes",
    "celery.backends.base",
    "celery.concurrency.solo",
    "celery.concurrency.thread",
    "celery.events.receiver",
    "celery.fixups.django",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.consumer.delayed_delivery",
    "kombu.mixins",
)


class Guard:
    """kombu closes a channel of a lost connection by building a new client from `connection.client`, which is
    None by then; the AttributeError is in no list of connection errors and ends the worker (kombu 5.7; six of
    48 restarts under load, none with this guard)."""

    connection: Any

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise RedisConnectionError("the transport is closed")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # of the channel that it is laid over


class SafeChannel(Guard, kombu.transport.redis.Channel):
    """To a server at an address."""


class SafeSentinelChannel(Guard, kombu.transport.redis.SentinelChannel):
    """To the server that Sentinels name."""


kombu.transport.redis.Transport.Channel = SafeChannel
kombu.transport.redis.SentinelTransport.Channel = SafeSentinelChannel


class Deadline(StartStopStep):  # type: ignore[misc]
    """A worker that does not end within `SECONDS` of having begun to is ended: one that an unexpected error stops
    waits for its pool without limit, and nobody starts again what has not ended."""

    requires = ("celery.worker.components:Pool",)  # so that it is stopped before the pool is
    SECONDS = 50.0

    def start(self, parent: Any) -> None:
        """Nothing: it counts from `stop`."""

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        timer = threading.Timer(self.SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()

    terminate = stop


def make_app(settings: Settings) -> Celery:
    """An application for these settings. `settings.redis_url` must be set: workers never start a server."""
    url = settings.broker_url or settings.redis_url
    if url is None:
        raise SystemExit("workers need a server: set REDIS_URL, or start everything with `hketo-watch run`")
    broker, more = celery_broker(url.get_secret_value(), str(settings.redis_ca_certs or ""))
    app = Celery("hketo-watch", broker=broker, include=["worker.tasks"])
    app.steps["worker"].add(Deadline)
    common = _configuration(settings)
    common["broker_transport_options"] |= more.pop("broker_transport_options", {})
    app.conf.update(common, beat_schedule=schedule(settings), **more)
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_default_queue": "poll",
        "task_create_missing_queues": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        # Late acknowledgement shortens recovery; nothing depends on it (a message can be lost between BRPOP and
        # the record of it: kombu #305), so leases in the store make good what the broker loses.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_ignore_result": True,
        "result_backend": None,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A server without memory refuses to note that a message was taken: to be tried again, not a reason to end.
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,  # no pidbox keys, no fan-out; health is progress, not a ping
        "worker_max_tasks_per_child": 5000,
        "task_soft_time_limit": None,
        "task_time_limit": 600,  # prefork only: a body that hangs a parser costs its child, and is tried again
        "broker_transport_options": {
            "visibility_timeout": 900,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 30,  # the default of 300 s blocks redelivery when a sweeper was killed
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "retry_on_timeout": True,
            "global_keyprefix": Keys(settings.namespace).broker,
            "queue_order_strategy": "priority",
            "priority_steps": list(PRIORITIES),
        },
    }


def schedule(settings: Settings) -> dict[str, Any]:
    """Beat's few fixed entries. Each may run twice, late or not at all: the next one makes it good."""
    return {
        "tick": _every("worker.tick", settings.poll.tick, "poll"),
        "sweep": _every("worker.process", 5.0, "process"),
        "pages": _every("worker.pages", 5.0, "poll"),
        "deliver": _every("worker.deliver", 2.0, "deliver"),
        "canary-poll": _every("worker.canary", 10.0, "poll", "poll"),
        "canary-process": _every("worker.canary", 10.0, "process", "process"),
        "canary-deliver": _every("worker.canary", 10.0, "deliver", "deliver"),
        "plan": _every("worker.plan", 120.0, "process"),
        "stories": _every("worker.stories", 30.0, "process"),
        "trim": _every("worker.trim", 3600.0, "process"),
    }


def _every(task: str, seconds: float, queue: str, *args: str) -> dict[str, Any]:
    options = {"queue": queue, "priority": 0, "expires": max(NUDGE_LIVES, seconds * _EXPIRES_INTERVALS)}
    return {"task": task, "schedule": seconds, "args": args, "options": options}


def start_beat(app: Celery) -> threading.Thread:
    """Beat as a thread of this process, its schedule in memory. Only one sender is needed, and two would be
    harmless."""
    service = Service(app, max_interval=1, scheduler_cls=Scheduler)
    thread = threading.Thread(
        target=service.start, kwargs={"embedded_process": False}, name="beat", daemon=True
    )
    thread.start()
    return thread


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Those of `celery worker`, by its names. `beat`: this process also sends the nudges of the schedule."""

    queues: str
    name: str
    pool: str
    concurrency: int
    prefetch_multiplier: int = 1
    without_gossip: bool = True
    without_mingle: bool = True
    beat: bool = False


def run_worker(options: WorkerOptions, along: Callable[[], Callable[[], None]] | None = None) -> int:
    """A worker until it is told to stop; its exit code. `along` starts what runs beside it and returns what ends
    that."""
    settings = load_here()
    logs.set_up(settings.log)
    app = make_app(settings)
    app.conf[_REGISTERED] = True
    globals()["app"] = app
    worker = app.Worker(
        hostname=host_format(default_nodename(options.name)),
        queues=options.queues,
        pool=options.pool,
        concurrency=options.concurrency,
        prefetch_multiplier=options.prefetch_multiplier,
        without_gossip=options.without_gossip,
        without_mingle=options.without_mingle,
        loglevel=settings.log.level.upper(),
        quiet=True,
    )
    if options.pool == "solo":
        guard_solo(app.conf.task_time_limit)
    if options.beat:
        start_beat(app)
    end = along() if along else None
    worker.start()
    if end:
        end()
    return int(worker.exitcode or 0)


def guard_solo(limit: int) -> None:
    """Celery has no time limit where the worker itself works (celery #9203). The kernel has: SIGALRM, which nobody
    handles, ends the process even inside a library that never comes back to Python."""

    def arm(**_: object) -> None:
        signal.alarm(limit)

    def disarm(**_: object) -> None:
        signal.alarm(0)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _ENOUGH_KB:
            worker_state.should_stop = 0  # the exit code; None while it goes on

    signals.task_prerun.connect(arm, weak=False)
    signals.task_postrun.connect(disarm, weak=False)


def warm_workers() -> None:
    """Imports what Celery imports when a worker starts."""
    for name in _STARTED:
        import_module(name)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def _tie_to_parent(**_: object) -> None:
    """A prefork child goes when its worker is killed, instead of lingering at the queue."""
    die_with_parent(os.getppid())


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _prepare_store(sender: Any = None, **_: object) -> None:
    """Every worker brings the server's functions; one that polls also says what is polled. Both may be repeated."""
    from worker.registering import configured_sources, register  # noqa: PLC0415 - beat needs none of this
    from worker.runtime import this_process  # noqa: PLC0415

    runtime = this_process()
    runtime.server.check()
    runtime.server.load_functions()
    if "poll" in sender.app.amqp.queues.consume_from and not sender.app.conf.get(_REGISTERED):
        register(runtime, configured_sources(runtime.settings))


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_logging(**_: object) -> None:
    logs.set_up(load_here().log)


def __getattr__(name: str) -> Celery:
    """`celery -A worker.app` finds `app` here; making it needs the environment, so importing does not."""
    if name == "app":
        app = make_app(load_here())
        globals()["app"] = app
        return app
    raise AttributeError(name)
