"""`search`: stored articles by a question in the query language, or by options."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.asking import Asked, asking
from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from rich.console import Group

    from worker.query import Query
    from worker.settings import Settings
    from worker.store.articles import StoredArticle


@asking
def search_command(
    context: typer.Context,
    asked: Asked,
    best: Annotated[
        bool, typer.Option("--best", help="Best first: by grade and words in the title.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Articles on one page.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where an earlier page ended.")] = "",
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Search stored articles, newest first.

    Traditional finds Simplified, and Chinese is found in mid-sentence. An argument of several words is a phrase:
    hketo-watch search 'trade office' topic:trade lang:zh since:30d
    """
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import complain, console, emit
    from worker.query import Query, search
    from worker.query.plain import article_object

    settings = settings_of(context, data)
    criteria = asked.criteria(clock.now(), ZoneInfo(settings.zone))
    query = Query(**criteria, limit=limit, cursor=cursor, order="best" if best else "newest")
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
        complain(f"{'' if result.exact else 'up to '}{result.total} in all; more: --cursor {result.cursor}")


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
