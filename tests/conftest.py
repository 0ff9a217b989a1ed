"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# An example that takes long says something about what else the machine does, and nothing about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

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
