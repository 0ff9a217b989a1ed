"""An entry and what we know of its source to an article: one text, one address, one language."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from parsers.agency import credit
from parsers.entry import Article, Entry, SourceContext
from parsers.links import canonical

# What blog software puts under every summary; it names the site and repeats the headline.
_FOOTER = re.compile(
    r"\s*(?:The post [^\n]{1,300}? appeared first on (?:[^.\n]|\.(?=\w)){1,80}\.?|"
    r"(?:Continue reading|Read more|Read the full (?:story|article))\b.{0,200}|"
    r"Baca (?:lagi|selanjutnya|seterusnya)\b.{0,200}|"
    r"\[\s*(?:…|\.\.\.|&hellip;)\s*\]|(?:閱讀全文|阅读全文|繼續閱讀|继续阅读).{0,100})\s*$",
    re.IGNORECASE | re.DOTALL,
)
_FOOTER_WORDS = (
    "appeared first on",
    "continue reading",
    "read more",
    "read the full",
    "baca",
    "閱讀",
    "阅读",
)
#: With what a footer may begin in the middle of a word, folded: see `_FOOTER`.
FOOTER_STARTS = ("the post", "continue reading", "read more", "read the full", "baca")
_ELLIPSIS = re.compile(r"\s*(?:\[\s*)?(?:…|\.\.\.)(?:\s*\])?\s*$")
_OVERLAP = 40  # characters that must agree before a cut summary counts as the beginning of the content

LanguageOf = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no article can be made of an entry: one clear sentence."""

    reason: str


def make_article(entry: Entry, context: SourceContext, lang_of: LanguageOf) -> Article | Unreadable:
    """The article of an entry, or why there is none. `lang_of` as for `completed`."""
    made = outline(entry, context)
    return made if isinstance(made, Unreadable) else completed(made, entry, context, lang_of)


def outline(entry: Entry, context: SourceContext) -> Article | Unreadable:
    """The article of an entry as far as judging asks: without its language and agencies, which are most of the work;
    or why there is none."""
    title = strip_prefix(entry.title, context.strip_title)
    summary, content = without_footer(entry.summary), without_footer(entry.content)
    text = join_text(summary, content)
    if not title and not text:
        return Unreadable("the entry has neither a title nor a text")
    guid = entry.guid or entry.link
    if not guid:
        return Unreadable("the entry has neither an id nor a link, so it could never be told from others")
    return Article(
        guid=guid,
        url=canonical(entry.link),
        link=entry.link,
        title=title,
        summary=summary,
        text=text,
        lang="",
        publisher=entry.publisher or context.publisher,
        source=context.id,
        country=context.country,
        author=entry.author,
        published=entry.published or entry.updated,
    )


def completed(article: Article, entry: Entry, context: SourceContext, lang_of: LanguageOf) -> Article:
    """The outline of an entry, with its language and agencies.

    `lang_of(text, hint)` names the language of a text (`en`, `ms`, `id`, `zh-Hans`, `zh-Hant`, `other`); the
    hint is the source's own language, else the entry's.
    """
    signed = without_footer(entry.content) or article.summary
    return replace(
        article,
        lang=lang_of(f"{article.title}\n{article.text}", context.lang or entry.language),
        agencies=credit(signed, article.author, article.publisher, article.link).agencies,
    )


def strip_prefix(title: str, pattern: str) -> str:
    """The title without the prefix its source puts before each (`General : `), unless that is all of it."""
    if not pattern:
        return title
    match = _compiled(pattern).match(title)
    rest = title[match.end() :].strip() if match else title
    return rest or title


def without_footer(text: str) -> str:
    """The text without the lines that the publishing software adds at its end."""
    while text and _may_have_footer(text[-700:]):
        shorter = _FOOTER.sub("", text[-700:])
        shorter = text[:-700] + shorter if len(text) > 700 else shorter
        if shorter == text:
            break
        text = shorter
    return text


def _may_have_footer(tail: str) -> bool:
    """Whether any footer begins here: most texts have none, and the pattern is slow to say so."""
    low = tail.lower()
    for words in _FOOTER_WORDS:  # a third of the time of `any`, and every text comes here twice
        if words in low:
            return True
    return low.rstrip().endswith("]")


def join_text(summary: str, content: str) -> str:
    """Summary and content without repetition: a summary that the content holds is left out."""
    if not content or content == summary:
        return summary
    if not summary:
        return content
    opening, whole = _flat(_without_ellipsis(summary)), _flat(content)
    if not opening or opening in whole or _same_start(opening, whole):
        return content
    if _flat(summary).startswith(whole):
        return summary
    return f"{summary}\n{content}"


def _without_ellipsis(text: str) -> str:
    end = text.rstrip().removesuffix("]").rstrip()
    return _ELLIPSIS.sub("", text) if end.endswith(("…", "...")) else text


def _same_start(opening: str, content: str) -> bool:
    """A summary cut in the middle of a word: all but its last characters begin the content."""
    most = opening[: max(_OVERLAP, len(opening) - 12)]
    return len(opening) >= _OVERLAP and content.startswith(most)


def _flat(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
