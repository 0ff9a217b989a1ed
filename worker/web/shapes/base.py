"""What every shape is made on."""

from __future__ import annotations

from pydantic import BaseModel

Time = str  # RFC 3339 in UTC


class Shape(BaseModel):
    """These fields are always there; later releases may add others."""
