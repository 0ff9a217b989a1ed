"""Python under libfaketime: `time.sleep` asks clock_nanosleep(2) for an absolute time of the monotonic clock, which
libfaketime 0.9.10 hands on as an invalid argument (EINVAL
at every sleep, whatever the offset). select(2) sleeps as well.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    if float(seconds) < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], float(seconds))


time.sleep = _sleep
