"""A Celery worker without Celery's command line: `python -m worker.celery_worker OPTION...`, options as `celery worker`
has them. That program loads a shell with completion, 8 MB for each process, which an embedded service does not need.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from worker.app import WorkerOptions, run_worker
from worker.runtime import this_process
from worker.web.along import serve_along


def main() -> int:
    parser = argparse.ArgumentParser(prog="worker.celery_worker")
    parser.add_argument("-Q", dest="queues", required=True)
    parser.add_argument("-n", dest="name", required=True)
    parser.add_argument("--pool", choices=("threads", "prefork", "solo"), required=True)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--prefetch-multiplier", type=int, default=1)
    parser.add_argument("--without-gossip", action="store_true")
    parser.add_argument("--without-mingle", action="store_true")
    parser.add_argument("--beat", action="store_true", help="send the nudges of the schedule as well")
    parser.add_argument("--web", action="store_true", help="serve the page and the API as well")
    asked = vars(parser.parse_args())
    web = asked.pop("web")
    return run_worker(WorkerOptions(**asked), along=_serve if web else None)


def _serve() -> Callable[[], None]:
    """Serves on a thread; returns what ends it."""
    runtime = this_process()
    along = serve_along(runtime, runtime.settings.web.host, runtime.settings.web.port)
    return along.close if along else lambda: None


if __name__ == "__main__":
    sys.exit(main())
