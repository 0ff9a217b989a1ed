"""JSON as it comes: values of any type read as text, with errors that say what stands there instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from parsers.entry import ParseError

_SHOWN = 80


def load(text: str, expected: str) -> Any:
    """The value of a JSON document. Raises ParseError (bad-json) that quotes what came instead."""
    try:
        return json.loads(text)
    except RecursionError:
        message = f"the JSON is nested too deeply to be {expected}"
        raise ParseError("too-deep", message) from None
    except ValueError as error:
        shown = " ".join(text[: 4 * _SHOWN].split())[:_SHOWN]
        where = f" ({error.msg} in line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"{expected} was expected, but this is no valid JSON{where}; it begins with {shown!r}"
        raise ParseError("bad-json", message) from None


def string(record: Any, *path: str) -> str:
    """The text at `path`, "" when it is absent or no text. Numbers become text."""
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    if isinstance(record, str):
        return record
    return str(record) if isinstance(record, int | float) and not isinstance(record, bool) else ""


def records(value: Any, *path: str) -> Sequence[dict[str, Any]]:
    """The objects of the list at `path`; anything else in it is passed over."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
