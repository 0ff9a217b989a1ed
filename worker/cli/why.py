"""`why`: what became of one entry, kept and dropped alike."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from worker.audit.why import Why


def why_command(
    context: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="ID|URL", help="Id, number or address of an article, or id of an alert.")
    ],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Explain what became of an entry: its fate, grade and reasons, who showed it, who was told and when."""
    from worker.audit.plain import why_object
    from worker.audit.why import unknown, why
    from worker.cli.opening import open_store
    from worker.cli.output import complain, console, emit

    settings = settings_of(context, data)
    with open_store(settings) as runtime:
        found = why(runtime, wanted)
        if found is None:
            complain(unknown(runtime, wanted))
            raise typer.Exit(1)
    if as_json:
        emit([why_object(found)])
        return
    screen = console()
    for part in parts(found, ZoneInfo(settings.zone)):
        screen.print(part)


def parts(found: Why, zone: ZoneInfo) -> Iterator[RenderableType]:
    """The same for a person, heading by heading."""
    from rich.text import Text

    from worker.cli.output import safe

    article = found.article
    yield safe(article.title or "(no title)", 300, "bold")
    yield safe(article.link or article.url or article.guid, style="blue")
    yield safe(found.sentence)
    yield ""
    yield _facts(found, zone)
    if article.reasons:
        yield Text("\nreasons", "bold")
        yield _reasons(found)
    if article.seen_by:
        yield Text("\nshown by", "bold")
        yield from _sightings(found, zone)
    if found.versions:
        yield Text("\nearlier versions", "bold")
        yield _versions(found, zone)
    if found.watches:
        yield Text("\nwatches", "bold")
        yield _watches(found)
    yield from _alerts(found, zone)
    yield Text("\nlatency", "bold")
    yield _latency(found, zone)


def _facts(found: Why, zone: ZoneInfo) -> RenderableType:
    from parsers.agency import agency_name
    from worker.cli.output import published, safe, table, when

    article = found.article
    rows = table("", "", fold=[""])
    rows.show_header = False
    graded = f"{article.grade} (score {article.score:.0f})"
    for name, value in (
        ("id", f"{article.id}, number {article.number}, found by its {found.found_by}"),
        ("fate", article.fate),
        ("detail", article.detail),
        ("page", article.page),
        ("grade", graded if article.version else ""),
        ("tags", " ".join(article.tags)),
        ("publisher", ", ".join(filter(None, (article.publisher, article.country, article.lang)))),
        ("agency", ", ".join(map(agency_name, article.agencies))),
        ("published", published(article.published, zone) if article.published else "not said"),
        ("first seen", when(article.first_seen, zone)),
        ("stored", when(article.stored, zone)),
        ("judged by", article.version),
    ):
        if value:
            rows.add_row(name, safe(value, 400))
    return rows


def _reasons(found: Why) -> RenderableType:
    from worker.cli.output import safe, table

    rows = table("points", "rule", "because", right=["points"], fold=["because"])
    for reason in found.article.reasons:
        unsaid = [f"“{word}”" for word in reason.words if word not in reason.sentence]
        more = f" ({', '.join(unsaid)} in the {reason.where})" if unsaid else ""
        rows.add_row(f"{reason.weight:+.0f}", safe(reason.rule), safe(f"{reason.sentence}{more}", 300))
    return rows


def _sightings(found: Why, zone: ZoneInfo) -> Iterator[RenderableType]:
    from worker.cli.output import aligned, below, published, when

    rows = [("seen", "source", "publisher", "published")]
    rows += [
        (when(seen.seen, zone), seen.source, seen.publisher, published(seen.published, zone))
        for seen in found.article.seen_by
    ]
    lines = aligned(rows)
    yield next(lines)
    for seen, line in zip(found.article.seen_by, lines, strict=True):
        yield line
        yield below(seen.url or seen.guid, style="blue")


def _versions(found: Why, zone: ZoneInfo) -> RenderableType:
    from worker.audit.why import replaced
    from worker.cli.output import safe, table, when

    rows = table("until", "grade", "title", "replaced", right=["grade"], fold=["title", "replaced"])
    for old, why in zip(found.versions, replaced(found), strict=True):
        title = f"{old.publisher}: {old.title}" if old.publisher else old.title
        rows.add_row(when(old.until, zone), str(old.grade), safe(title, 200), safe(why, 200))
    return rows


def _watches(found: Why) -> RenderableType:
    from worker.cli.output import safe, table

    rows = table("watch", "", "because", fold=["because"])
    for item in found.watches:
        word = "told" if item.alerted else "wants it" if item.wants else "not for it"
        rows.add_row(safe(item.watch), word, safe(item.sentence, 400))
    return rows


def _alerts(found: Why, zone: ZoneInfo) -> Iterator[RenderableType]:
    from worker.cli.ledger import delivery_table
    from worker.cli.output import safe, when

    for trail in found.alerts:
        shadow = ", shadow: sent nowhere" if trail.alert.shadow else ""
        yield safe(f"alert {trail.alert.id}, {when(trail.alert.created, zone)}{shadow}", style="bold")
        if trail.deliveries:
            yield delivery_table(trail.deliveries, zone)


def _latency(found: Why, zone: ZoneInfo) -> RenderableType:
    from worker.cli.output import safe, table, when
    from worker.plain import duration

    rows = table("step", "at", "after", right=["after"])
    for step in found.steps:
        rows.add_row(
            safe(step.name), when(step.at, zone), "" if step.wait is None else duration(max(0.0, step.wait))
        )
    return rows
