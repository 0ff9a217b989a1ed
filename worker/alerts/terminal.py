"""An alert on a terminal. Text from outside is stripped of control characters and never read as markup."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from worker.alerts.digest import Brief
from worker.alerts.message import AlertArticle, AlertMessage, one_line
from worker.alerts.view import sparkline, update_word
from worker.alerts.when import show_published, show_time, zone_label

GRADE_NAMES = {3: "CORE", 2: "LINK", 1: "MENTION", 0: "NONE"}
_GRADE_STYLES = {3: "bold white on red", 2: "bold black on yellow", 1: "black on cyan", 0: "black on white"}
_SHOWN_ARTICLES = 6


def render(message: AlertMessage, zone: ZoneInfo) -> RenderableType:
    """The alert as rich draws it, at whatever width the console has."""
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(justify="right", no_wrap=True, min_width=9)
    grid.add_column(overflow="fold")
    grid.add_row(_badge(message), Text(one_line(message.story.title, 300), style="bold"))
    grid.add_row("", _heading(message, zone))
    for label, value in (("why", message.reason), ("watch", _watch(message))):
        if value:
            grid.add_row(Text(label, style="dim"), Text(one_line(value, 500)))
    if message.tags:
        grid.add_row(Text("tags", style="dim"), _tags(message.tags))
    for article in message.articles[:_SHOWN_ARTICLES]:
        grid.add_row(Text(one_line(article.lang, 8), style="dim"), _article(article, message, zone))
    hidden = len(message.articles) - _SHOWN_ARTICLES
    if hidden > 0:
        grid.add_row("", Text(f"and {hidden} more", style="dim"))
    return grid


def render_brief(brief: Brief, zone: ZoneInfo) -> RenderableType:
    """A brief: a heading, then its stories under their topics."""
    name = one_line(brief.watch_name or brief.watch, 120)
    until = f"{show_time(brief.until, zone)} {zone_label(brief.until, zone)}"
    lines: list[RenderableType] = [
        Text.assemble((f" BRIEF {name} ", "bold reverse"), f"  {until}"),
        Text(sparkline([one.articles for one in brief.coverage]), style="dim"),
    ]
    for group in brief.groups:
        lines += [Text(f"\n{one_line(group.topic, 80)}", style="bold cyan")]
        lines += [render(story, zone) for story in group.stories]
    return Group(*lines)


def terminal_lines(message: AlertMessage, width: int, zone: ZoneInfo, *, color: bool = False) -> list[str]:
    """The alert as lines of at most `width` cells, without line ends; plain unless `color` is asked for."""
    console = Console(
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(render(message, zone))
    return [line.rstrip() for line in captured.get().splitlines()]


def _badge(message: AlertMessage) -> Text:
    if message.kind == "source":
        return Text(" SOURCE ", style="black on magenta")
    grade = message.grade
    return Text(f" {grade} {GRADE_NAMES.get(grade, '')} ", style=_GRADE_STYLES.get(grade, ""))


def _heading(message: AlertMessage, zone: ZoneInfo) -> Text:
    word = update_word(message)
    update = f"{word} · " if word else ""
    when = f"{show_time(message.created, zone)} {zone_label(message.created, zone)}"
    score = "" if message.kind == "source" else f" · score {message.score:.0f}"
    return Text(f"{update}{when}{score}", style="dim")


def _watch(message: AlertMessage) -> str:
    name = message.watch_name or message.watch
    return f"{name}: {message.matched}" if message.matched else name


def _tags(tags: tuple[str, ...]) -> Text:
    line = Text()
    for tag in tags:
        kind, _, name = one_line(tag, 80).partition("/")
        line.append(f"{kind}/", style="dim").append(name, style="cyan").append("  ")
    line.rstrip()
    return line


def _article(article: AlertArticle, message: AlertMessage, zone: ZoneInfo) -> Text:
    line = Text().append(one_line(article.publisher or article.source, 60), style="green")
    if published := show_published(article.published, zone):
        line.append(f"  {one_line(published, 40)}", style="dim")
    title = one_line(article.title, 200)
    if title != one_line(message.story.title, 200):
        line.append(f"  {title}")
    if url := one_line(article.url).replace(" ", "%20"):
        linked = Style(link=url) if url.startswith(("http://", "https://")) else Style()
        line.append("\n").append(url, style=Style(color="blue", underline=True) + linked)
    return line
