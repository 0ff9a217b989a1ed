"""`search`: stored articles by words, tags, language, source and time."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - commands import what they need when they run; an option each is a parameter each

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from rich.console import Group

    from worker.query import Query
    from worker.settings import Settings
    from worker.store.articles import StoredArticle


def search_command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help='Words or "phrases"; all must occur.')] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="kind/name; all must be there.")
    ] = None,
    any_tag: Annotated[list[str] | None, typer.Option(help="kind/name; one of them must be there.")] = None,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", "-l", help="en, ms, id, zh-Hans, zh-Hant, zh; any of them.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help="Id of a source; any of them.")] = None,
    publisher: Annotated[
        list[str] | None, typer.Option(help="Publisher, whole or in part; any of them.")
    ] = None,
    grade: Annotated[int, typer.Option("--grade", "-g", help="Least grade, 1 to 3.")] = 1,
    since: Annotated[str, typer.Option(help="7d, 24h, 2026-11-01 or RFC 3339.")] = "",
    until: Annotated[str, typer.Option(help="As --since; a day is included.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", help="Articles on one page.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where an earlier page ended.")] = "",
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Search stored articles, newest first.

    Traditional finds Simplified, and Chinese is found in mid-sentence.
    """
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import complain, console, emit
    from worker.query import Query, search
    from worker.query.plain import article_object
    from worker.query.times import read_time

    settings = settings_of(context, data)
    now, zone = clock.now(), ZoneInfo(settings.zone)
    query = Query(
        words=tuple(words or ()),
        tags_all=tuple(tag or ()),
        tags_any=tuple(any_tag or ()),
        langs=tuple(lang or ()),
        sources=tuple(source or ()),
        publishers=tuple(publisher or ()),
        grade_min=grade,
        since=read_time(since, now, zone) if since else None,
        until=read_time(until, now, zone, end=True) if until else None,
        limit=limit,
        cursor=cursor,
    )
    with open_store(settings) as runtime:
        result = search(runtime, query)
    if as_json:
        emit(article_object(article) for article in result.articles)
    else:
        screen = console()
        for article in result.articles:
            screen.print(block(article, query, settings))
    if not result.articles:
        complain("nothing found")
    if result.cursor:
        complain(f"there is more: --cursor {result.cursor}")


def block(article: StoredArticle, query: Query, settings: Settings) -> Group:
    """One article as a person reads it: title, whence and when, tags, a passage with the words, address."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from worker.cli.output import below, published, safe
    from worker.query.snippet import snippet

    zone = ZoneInfo(settings.zone)
    title = Text.assemble((f"{article.grade} ", "bold red" if article.grade == 3 else "bold"))
    title.append_text(safe(article.title or "(no title)", 300, "bold"))
    facts = [article.publisher or article.source, published(article.published, zone), article.lang]
    if article.sightings > 1:
        facts.append(f"{article.sightings} sources")
    passage = Text()
    for text, marked in snippet(article, query):
        passage.append(text, style="reverse" if marked else "")
    lines = [below(" · ".join((*facts, article.id)), style="green")]
    lines += [Padding(passage, (0, 0, 0, 2), expand=False)] if passage else []
    lines += [below(" ".join(article.tags), style="cyan")] if article.tags else []
    lines.append(below(article.link or article.url, style="blue"))
    return Group(title, *lines, "")
