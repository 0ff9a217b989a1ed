"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# An example that takes long says something about what else the machine does, and nothing about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

# A shell starts what it puts in the background with SIGINT ignored, and every program that a test starts inherits that;
# those that are to end by it would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of labelled development data beside the checkout. Absent: skipped on a laptop, failed in CI
    when the folder was promised by HKETO_SHARED."""
    named = os.environ.get("HKETO_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    if (folder / "eval").is_dir():
        return folder
    if named:
        pytest.fail(f"HKETO_SHARED names {named}, which holds no eval/ folder")
    pytest.skip("the labelled development data (eval/) is not beside this checkout")
