"""`stories`: what happened, each event once; merged and split by hand, and back again."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.asking import Asked, asking
from worker.cli.options import AsJson, DataDir, remember, settings_of

if TYPE_CHECKING:
    from rich.padding import Padding
    from rich.text import Text

    from worker.query.stories import Told
    from worker.runtime import Runtime
    from worker.store.articles import Sighting, StoredArticle
    from worker.store.storyrecords import StoryDecision

app = typer.Typer(no_args_is_help=True, help="Stories: each event once, in all its articles.")

StoryId = Annotated[str, typer.Argument(metavar="ID", help="Id of a story, or of an article of it.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept with the story.")]
BY = "operator"
DAY = 86400.0
BARS = "▁▂▃▄▅▆▇█"
COLUMNS = 12  # of the growth curve


@app.callback()
def stories(context: typer.Context, data: DataDir = None) -> None:
    remember(context, data)


@app.command("list")
@asking
def list_command(
    context: typer.Context,
    asked: Asked,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Stories on one page.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where an earlier page ended.")] = "",
    as_json: AsJson = False,
) -> None:
    """Stories with an article that answers a question, the latest first: when, grade, languages, articles, how many
    of them within the last day, the curve of its growth, id; below its title and its publishers."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import complain, emit
    from worker.query import Query
    from worker.query.plain import story_object
    from worker.query.stories import stories as find

    settings = settings_of(context)
    now = clock.now()
    query = Query(**asked.criteria(now, ZoneInfo(settings.zone)), limit=limit, cursor=cursor)
    with open_store(settings) as runtime:
        page = find(runtime, query)
    if as_json:
        emit(map(story_object, page.stories))
    else:
        _list(page.stories, ZoneInfo(settings.zone), now.timestamp())
    if not page.stories:
        complain("nothing found")
    if page.cursor:
        complain(f"more: --cursor {page.cursor}")


@app.command()
def show(context: typer.Context, story_id: StoryId, as_json: AsJson = False) -> None:
    """One story: all its articles and who else showed them, by time, each with what made it part of the story."""
    from worker.cli.opening import open_store
    from worker.cli.output import console, emit
    from worker.query.plain import decision_object, story_object
    from worker.query.stories import decisions

    settings = settings_of(context)
    with open_store(settings) as runtime:
        told = _found(runtime, story_id)
        done = decisions(runtime, told.id)
    if as_json:
        emit([{**story_object(told), "decisions": [decision_object(one) for one in done]}])
        return
    for part in _whole(told, done, ZoneInfo(settings.zone)):
        console().print(part)


@app.command()
def merge(
    context: typer.Context,
    one: Annotated[str, typer.Argument(help="Id of a story, or of an article of it.")],
    other: Annotated[str, typer.Argument(help="The same of the other story.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Make two stories one, under the one that began earlier. What was told stays told."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.story_care import merge as merge_stories

    with open_store(settings_of(context)) as runtime:
        first, second = _found(runtime, one).id, _found(runtime, other).id
        if first == second:
            raise _refused(f"{one} and {other} are one story already: {first}")
        kept = merge_stories(runtime.story_care, first, second, BY, reason, clock.now().timestamp())
        gone = second if kept == first else first
        _done(runtime, kept, gone, f"{gone} went into {kept}; `stories undo {gone}` takes it back", as_json)


@app.command()
def split(
    context: typer.Context,
    story_id: StoryId,
    numbers: Annotated[list[str], typer.Argument(help="Numbers or ids of the articles to take out.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Take articles out of a story into one of their own."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.story_care import UnknownStory
    from worker.story_care import split as split_story

    with open_store(settings_of(context)) as runtime:
        story = _found(runtime, story_id)
        chosen = [_number(story, wanted) for wanted in numbers]
        try:
            new = split_story(runtime.story_care, story.id, chosen, BY, reason, clock.now().timestamp())
        except (UnknownStory, ValueError) as error:
            raise _refused(str(error)) from error
        _done(
            runtime,
            story.id,
            new,
            f"{new} came out of {story.id}; `stories undo {new}` takes it back",
            as_json,
        )


@app.command()
def undo(
    context: typer.Context,
    story_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a story that was merged or split.")],
    as_json: AsJson = False,
) -> None:
    """Take back the last merge or split of a story. Articles that came since stay where they are."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.story_care import UnknownStory
    from worker.story_care import undo as undo_last

    with open_store(settings_of(context)) as runtime:
        try:
            story, other = undo_last(runtime.story_care, story_id, BY, clock.now().timestamp())
        except UnknownStory as error:
            raise _refused(str(error)) from error
        _done(runtime, story, other, f"undone: {story} and {other} are as they were", as_json)


def _found(runtime: Runtime, wanted: str) -> Told:
    from worker.query.stories import story

    told = story(runtime, wanted)
    if told is None:
        raise _refused(f"there is no story {wanted}; `hketo-watch stories list` shows the ids")
    return told


def _number(story: Told, wanted: str) -> int:
    for article in story.articles:
        if wanted in (str(article.number), article.id):
            return article.number
    raise _refused(
        f"the story {story.id} has no article {wanted}; `hketo-watch stories show {story.id}` lists them"
    )


def _refused(message: str) -> typer.Exit:
    from worker.cli.output import complain

    complain(message)
    return typer.Exit(1)


def _done(runtime: Runtime, story: str, other: str, sentence: str, as_json: bool) -> None:
    from worker.cli.output import console, emit, safe
    from worker.query.plain import decision_object
    from worker.query.stories import decisions

    if as_json:
        last = next(iter(decisions(runtime, story)), None)
        emit([{"story": story, "other": other, "decision": decision_object(last) if last else None}])
    else:
        console().print(safe(sentence))


def _list(found: Sequence[Told], zone: ZoneInfo, now: float) -> None:
    from worker.cli.output import aligned, below, console, when

    screen = console()
    rows = [
        (when(told.last, zone), str(told.grade), " ".join(told.langs), _articles(told), _day(told, now),
         curve([article.ts for article in told.articles]), told.id)
        for told in found
    ]  # fmt: skip
    for line, told in zip(aligned(rows) if rows else (), found, strict=True):
        screen.print(line)
        screen.print(below(told.lead.title, 300, "bold"))
        screen.print(below(", ".join(told.publishers), 300))


def _articles(told: Told) -> str:
    return f"{told.size} article{'s' if told.size != 1 else ''}"


def _day(told: Told, now: float) -> str:
    fresh = told.since(now - DAY)
    return f"+{fresh} in a day" if fresh else ""


def curve(times: Iterable[float]) -> str:
    """How a story grew from its first to its last article, as a row of bars; empty for one moment."""
    ordered = sorted(times)
    if not ordered or ordered[-1] <= ordered[0]:
        return ""
    width = (ordered[-1] - ordered[0]) / COLUMNS
    counts = [0] * COLUMNS
    for at in ordered:
        counts[min(COLUMNS - 1, int((at - ordered[0]) / width))] += 1
    most = max(counts)
    return "".join(BARS[round((len(BARS) - 1) * count / most)] for count in counts)


def _whole(told: Told, done: Sequence[StoryDecision], zone: ZoneInfo) -> Iterator[Text | Padding]:
    from worker.cli.output import below, safe, when

    yield safe(f"{told.grade} {told.lead.title}", 300, "bold")
    times = when(told.first, zone) + (f" – {when(told.last, zone)}" if told.last > told.first else "")
    facts = (told.id, times, _articles(told), " ".join(told.langs), curve(a.ts for a in told.articles))
    yield below(" · ".join(filter(None, facts)))
    for article in reversed(told.articles):
        yield safe("")
        yield from _version(article, zone)
    if told.size > len(told.articles):
        yield safe(f"\nand {told.size - len(told.articles)} earlier ones")
    if done:
        yield safe("")
    for one in done:
        what = f"{one.other} {'went into' if one.kind == 'merge' else 'came out of'} {one.story}"
        yield safe(f"{when(one.at, zone)}  {what}, by {one.by}: {one.reason}", 400)


def _version(article: StoredArticle, zone: ZoneInfo) -> Iterator[Text | Padding]:
    from parsers.agency import agency_name
    from worker.cli.output import below, safe, when

    names = ", ".join(map(agency_name, article.agencies))
    facts = (
        when(article.ts, zone),
        article.lang,
        article.publisher or article.source,
        names,
        f"#{article.number}",
    )
    yield safe(" · ".join(filter(None, facts)), 200, "green")
    yield below(article.title, 300, "bold")
    yield below(article.link or article.url, 0, "blue")
    yield below(article.story_why, 400, "dim")
    for seen in article.seen_by[1:]:
        yield below(_shown(seen, zone), 600)


def _shown(seen: Sighting, zone: ZoneInfo) -> str:
    from worker.cli.output import when

    facts = (when(seen.seen, zone), seen.publisher or seen.source, f"“{seen.title}”" if seen.title else "")
    return "also " + " · ".join(filter(None, (*facts, seen.url, f"({seen.why})" if seen.why else "")))
