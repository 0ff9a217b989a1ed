"""Logging: the only door to structlog's set-up. Text for a person at a terminal, JSON Lines elsewhere; UTC in JSON."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from feeds.lean import without
from worker.settings_tables import LogSettings

with without("rich", "rich.pretty", "rich.traceback"):  # a highlighter; errors are logged as plain text
    import structlog

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
#: Libraries that say too much at info.
_QUIET = ("httpx", "httpcore", "celery.worker.strategy", "celery.app.trace", "celery.beat", "kombu", "amqp")


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The log of a module, by the module's name."""
    found: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return found


def set_up(settings: LogSettings, file: Path | None = None) -> None:
    """Route all logging of this process, in one format, to standard error or to `file` (appended)."""
    terminal = file is None and sys.stderr.isatty()
    text = settings.format == "text" or (settings.format == "auto" and terminal)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=terminal) if text else structlog.processors.JSONRenderer()
    )
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=_SHARED,
        )
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # tests and the demo set logging up more than once
    )
    close()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def close() -> None:
    """Closes what this process logs to."""
    root = logging.getLogger()
    for handler in root.handlers:
        handler.close()
    root.handlers = []
