"""The parts of the program at the shell, JSON Lines in and out: `parse`, `judge`, `url`."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from parsers.entry import Entry, FeedDocument, SourceContext

_KINDS = ("feed", "sitemap", "wordpress", "gdelt", "google-news", "bing-news")


def parse_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help='Bodies of sources; "-" is stdin.')],
    kind: Annotated[str, typer.Option(help=f"{', '.join(_KINDS)}.")] = "feed",
    url: Annotated[str, typer.Option(help="Address it came from: relative links are relative to it.")] = "",
    content_type: Annotated[str, typer.Option(help="Content-Type it came with.")] = "",
    zone: Annotated[str, typer.Option(help="IANA zone of times that have none.")] = "UTC",
    lang: Annotated[str, typer.Option(help="Language of the source, where entries do not tell.")] = "",
) -> None:
    """Read bodies: one line for each entry, and {"file", "error"} for each body that cannot be read.

    Exit code 1 when a file cannot be opened.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from parsers.entry import SourceContext
    from worker.cli.output import emit

    if kind not in _KINDS:
        raise typer.BadParameter(f'unknown kind "{kind}"; there are {", ".join(_KINDS)}')
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f'"{zone}" is no zone of the IANA database') from error
    context, missing = SourceContext("file", lang=lang, zone=zone), False
    for file in files:
        try:
            body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            missing = True
            emit([{"file": str(file), "error": f"cannot read: {error.strerror or error}"}])
            continue
        emit(_parsed(str(file), body, kind, url, content_type, context))
    if missing:
        raise typer.Exit(1)


def _parsed(
    file: str, body: bytes, kind: str, url: str, content_type: str, context: SourceContext
) -> Iterator[dict[str, Any]]:
    from parsers.entry import ParseError
    from parsers.read import read
    from worker import clock

    try:
        document = read(body, kind=kind, content_type=content_type, url=url, context=context, now=clock.now())
    except ParseError as error:
        yield {"file": file, "error": str(error), "kind": error.kind}
        return
    for entry in document.entries:
        yield {"file": file, **entry_object(entry, document)}


def entry_object(entry: Entry, document: FeedDocument) -> dict[str, Any]:
    """An entry as plain values; times RFC 3339 in UTC, YYYY-MM-DD when only the day is known, or null."""
    from worker.entries import show_moment

    return {
        "id": entry.guid,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "author": entry.author,
        "publisher": entry.publisher,
        "published": show_moment(entry.published) or None,
        "updated": show_moment(entry.updated) or None,
        "language": entry.language or document.language,
        "format": document.kind,
    }


def judge_command() -> None:
    """Judge articles on stdin, {"id", "title", "summary", "text", "lang"?, "publisher"?} a line.

    Prints {"id", "grade", "score", "tags", "reasons"} for each, and {"line", "error"} for what is no article.
    """
    from worker.cli.output import emit

    failed = False

    def answers() -> Iterator[dict[str, Any]]:
        nonlocal failed
        for answer in judged(sys.stdin.buffer):
            failed |= "error" in answer
            yield answer

    emit(answers())
    if failed:
        raise typer.Exit(1)


def judged(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Verdicts, line by line."""
    import orjson

    from parsers.relevance import judge

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            article = _article(record)
        except ValueError as error:
            yield {"line": number, "error": str(error)}
            continue
        verdict = judge(article)
        yield {
            "id": record.get("id"),
            "grade": verdict.grade,
            "score": round(verdict.score, 1),
            "tags": list(verdict.tags),
            "reasons": [
                {
                    "rule": r.rule,
                    "words": list(r.words),
                    "where": r.where,
                    "weight": r.weight,
                    "sentence": r.sentence,
                }
                for r in verdict.reasons
            ],
            "sentence": verdict.sentence,
            "version": verdict.version,
        }


def _article(record: Any) -> Any:
    """Made the way an entry of a feed is. Raises ValueError."""
    from parsers.article import Unreadable, make_article
    from parsers.entry import Entry, SourceContext
    from parsers.script import language

    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    fields = {
        name: record.get(name) or "" for name in ("title", "summary", "text", "lang", "publisher", "url")
    }
    wrong = [name for name, value in fields.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{wrong[0]} must be text")
    entry = Entry(
        guid=str(record.get("id") or "stdin"),
        link=fields["url"],
        title=fields["title"],
        summary=fields["summary"],
        content=fields["text"],
        publisher=fields["publisher"],
    )
    made = make_article(entry, SourceContext("stdin", lang=fields["lang"]), language)
    if isinstance(made, Unreadable):
        raise ValueError(made.reason)
    return made


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
