"""The kinds of file that articles are exported as. By itself, so that the command line can name them quickly."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a file of articles can be; the value is also how its name ends."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA = {
    Format.JSONL: "application/jsonl",
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
