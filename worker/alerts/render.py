"""Alerts and briefs as plain text, Markdown and a page that mail programs show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from worker.alerts.digest import Brief
from worker.alerts.message import AlertMessage, one_line
from worker.alerts.view import BriefView, Reader, StoryView, brief_view, story_view
from worker.templating import Templates

# CommonMark 2.4: any ASCII punctuation may be escaped. These can open something in the middle of a line.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|&!#])")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message in every form. `subject` is one line; `html` is a whole page."""

    subject: str
    text: str
    markdown: str
    html: str


def render_alert(message: AlertMessage, reader: Reader) -> Rendered:
    """One alert."""
    story = story_view(message, reader)
    update = f", {story.update}" if story.update else ""
    grade = f"{story.grade} {story.grade_name}" if story.grade else story.grade_name
    subject = one_line(f"[{grade}{update}] {story.title}", 160)
    watch = one_line(message.watch_name or message.watch, 120)
    return _render("alert", subject, {"story": story, "watch": watch, "lang": story.lang or "en"})


def render_brief(brief: Brief, reader: Reader) -> Rendered:
    """A brief."""
    view = brief_view(brief, reader)
    subject = one_line(
        f"{view.watch}: {count(view.stories, 'story', 'stories')}, {view.until} {view.zone}", 160
    )
    return _render("brief", subject, {"brief": view, "lang": "en"})


def render_entry(message: AlertMessage, reader: Reader) -> str:
    """The body of a feed entry: a piece of HTML."""
    story = story_view(message, reader)
    return _templates().render("entry.html.j2", story=story).strip()


def count(number: int, one: str, many: str) -> str:
    """`1 story`, `2 stories`."""
    return f"{number} {one if number == 1 else many}"


def escape_markdown(text: str) -> str:
    """Untrusted text that a Markdown reader shows as it is, inside of a line."""
    return _MARKDOWN.sub(r"\\\1", text)


def code_span(text: str) -> str:
    """Text for between two backticks, where nothing can be escaped."""
    return text.replace("`", "'")


def _render(name: str, subject: str, values: Mapping[str, StoryView | BriefView | str]) -> Rendered:
    def form(suffix: str) -> str:
        text = _templates().render(f"{name}.{suffix}.j2", subject=subject, **values)
        return _BLANK_LINES.sub("\n\n", text).strip() + "\n"

    return Rendered(subject, form("txt"), form("md"), form("html"))


@cache
def _templates() -> Templates:
    return Templates(
        "worker.alerts", filters={"md": escape_markdown, "code": code_span}, names={"count": count}
    )
