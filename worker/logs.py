"""Logging: the only door to structlog. Text for a person at a terminal, JSON Lines elsewhere; UTC in JSON."""

from __future__ import annotations

import logging
import sys

import structlog

from worker.settings_tables import LogSettings

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
#: Libraries that say too much at info.
_QUIET = ("httpx", "httpcore", "celery.worker.strategy", "celery.app.trace", "celery.beat", "kombu", "amqp")


def set_up(settings: LogSettings) -> None:
    """Route all logging of this process to standard error in one format."""
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if text
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=_SHARED,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
