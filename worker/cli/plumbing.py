"""The parts of the program at the shell, JSON Lines in and out: `parse`, `extract`, `url`."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from parsers.entry import SourceContext

_KINDS = ("feed", "sitemap", "wordpress", "gdelt", "google-news", "bing-news")


_Zone = Annotated[str, typer.Option(help="IANA zone of times that have none.")]
_Country = Annotated[str, typer.Option(help="Country of the source (MY, HK, …): what its zone names mean.")]


def parse_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help='Bodies of sources; "-" is stdin.')],
    kind: Annotated[str, typer.Option(help=f"{', '.join(_KINDS)}.")] = "feed",
    url: Annotated[str, typer.Option(help="Address it came from: relative links are relative to it.")] = "",
    content_type: Annotated[str, typer.Option(help="Content-Type it came with.")] = "",
    zone: _Zone = "UTC",
    lang: Annotated[str, typer.Option(help="Language of the source, where entries do not tell.")] = "",
    country: _Country = "",
) -> None:
    """Read bodies: one line for each entry, and {"file", "error"} for each body that cannot be read.

    Exit code 1 when a file cannot be opened.
    """
    from worker.cli.output import emit

    if kind not in _KINDS:
        raise typer.BadParameter(f'unknown kind "{kind}"; there are {", ".join(_KINDS)}')
    context = _context(zone, lang, country)
    bodies = [(str(file), _body(file)) for file in files]
    for file, body in bodies:
        emit([body] if isinstance(body, dict) else _parsed(file, body, kind, url, content_type, context))
    if any(isinstance(body, dict) for _, body in bodies):
        raise typer.Exit(1)


def _context(zone: str, lang: str, country: str) -> SourceContext:
    """What the options say of a source. Raises typer.BadParameter for a zone that there is not."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from parsers.entry import SourceContext

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f'"{zone}" is no zone of the IANA database') from error
    return SourceContext("file", lang=lang, zone=zone, country=country.upper())


def _body(file: Path) -> bytes | dict[str, Any]:
    """The bytes of a file, or the record that says why there are none."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        return {"file": str(file), "error": f"cannot read: {error.strerror or error}"}


def _parsed(
    file: str, body: bytes, kind: str, url: str, content_type: str, context: SourceContext
) -> Iterator[dict[str, Any]]:
    from parsers.entry import ParseError
    from parsers.read import read
    from parsers.report import entry_records, error_record
    from worker import clock

    try:
        document = read(body, kind=kind, content_type=content_type, url=url, context=context, now=clock.now())
    except ParseError as error:
        yield error_record(file, error)
        return
    for record in entry_records(file, document, zone=context.zone):
        yield {**record, "language": record["language"] or context.lang}


def extract_command(
    file: Annotated[Path, typer.Argument(help='An article page; "-" is stdin.')],
    url: Annotated[str, typer.Option(help="Address it came from.")],
    content_type: Annotated[str, typer.Option(help="Content-Type it came with.")] = "",
    zone: _Zone = "UTC",
    lang: Annotated[str, typer.Option(help="Language of the site, where the page does not tell.")] = "",
    country: _Country = "",
) -> None:
    """Read an article page: {"url", "title", "text", "published", "language", "author", …}, or {"file", "error"}.

    Exit code 1 when the file cannot be opened.
    """
    from worker.cli.output import emit

    context = _context(zone, lang, country)
    body = _body(file)
    emit([body if isinstance(body, dict) else _extracted(str(file), body, url, content_type, context)])
    if isinstance(body, dict):
        raise typer.Exit(1)


def _extracted(file: str, body: bytes, url: str, content_type: str, context: SourceContext) -> dict[str, Any]:
    from parsers.entry import ParseError
    from parsers.page import page_record, read_page
    from parsers.report import error_record
    from parsers.script import language
    from worker import clock

    try:
        page = read_page(body, url=url, content_type=content_type, context=context, now=clock.now())
    except ParseError as error:
        return error_record(file, error)
    record = page_record(file, page, zone=context.zone)
    told = record["language"] or language(f"{page.title}\n{page.text}", context.lang)
    return {**record, "language": told}


def url_command(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL]...", help="Addresses; without any, one a line on stdin."),
    ] = None,
) -> None:
    """Give the canonical form of addresses: {"url", "canonical"} a line; "" for what no reader can open."""
    from parsers.links import canonical
    from worker.cli.output import emit

    given = urls or (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)
    emit({"url": url, "canonical": canonical(url)} for url in given if url)
