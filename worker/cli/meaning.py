"""What articles mean, at the shell: `judge`, by the built-in rules and by those of the user."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from worker.cli.options import DataDir, settings_of

if TYPE_CHECKING:
    from parsers.entry import Article, Verdict
    from parsers.relevance import Rules
    from worker.runtime import Runtime

_BATCH = 200  # stored articles asked for at once
RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules", help="TOML of yours: gazetteer entries and [weights], added to the built-in ones."
    ),
]


def judge_command(
    context: typer.Context,
    rules: RulesFile = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Judge what is stored, kept and dropped alike, instead of stdin.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Judge articles on stdin, {"id", "title", "summary", "text", "lang"?, "publisher"?, "country"?} a line.

    Prints {"id", "grade", "score", "tags", "reasons"} for each, and {"line", "error"} for what is no article. With
    --rules also the grade "was" by the built-in rules and the "change": gained, lost, regraded or "". --stored
    prints only what changes, and needs --rules.
    """
    from worker.cli.output import emit

    mine = rules_of(rules)
    if stored:
        if mine is None:
            raise typer.BadParameter("--stored shows what rules of yours would change: give --rules FILE")
        from worker.cli.opening import open_store

        with open_store(settings_of(context, data)) as runtime:
            emit(changed(_stored(runtime), mine))
        return
    failed = False

    def answers() -> Iterator[dict[str, Any]]:
        nonlocal failed
        for answer in judged(sys.stdin.buffer, mine):
            failed |= "error" in answer
            yield answer

    emit(answers())
    if failed:
        raise typer.Exit(1)


def rules_of(file: Path | None) -> Rules | None:
    """The built-in rules with a file of the user's on top; None without a file, which means the built-in ones. Ends
    the command with one line where the file cannot be used."""
    if file is None:
        return None
    from parsers.gazetteer import GazetteerError, builtin, read
    from parsers.relevance import Rules

    try:
        return Rules(read([(str(file), file.read_text("utf-8"))], builtin()))
    except GazetteerError as error:
        refuse(str(error), error)
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file}: cannot read: {getattr(error, 'strerror', None) or error}", error)


def judged(lines: Iterable[bytes], rules: Rules | None = None) -> Iterator[dict[str, Any]]:
    """Verdicts, line by line. With `rules`, beside the built-in ones."""
    import orjson

    from parsers.judge import article_of, verdict_record
    from parsers.relevance import judge

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            article = article_of(record)
        except ValueError as error:
            yield {"line": number, "error": str(error)}
            continue
        verdict = judge(article, rules)
        answer = {"id": record.get("id"), **verdict_record(verdict)}
        yield {**answer, **_change(judge(article), verdict)} if rules else answer


def changed(articles: Iterable[tuple[str, Article]], rules: Rules) -> Iterator[dict[str, Any]]:
    """The articles whose grade is another by `rules` than by the built-in ones."""
    from parsers.judge import verdict_record
    from parsers.relevance import judge

    for id, article in articles:
        before, after = judge(article), judge(article, rules)
        if before.grade != after.grade:
            yield {"id": id, "title": article.title, **verdict_record(after), **_change(before, after)}


def _change(before: Verdict, after: Verdict) -> dict[str, Any]:
    kind = "" if before.grade == after.grade else "regraded"
    if before.grade < 2 <= after.grade:
        kind = "gained"
    elif after.grade < 2 <= before.grade:
        kind = "lost"
    return {"was": before.grade, "change": kind}


def _stored(runtime: Runtime) -> Iterator[tuple[str, Article]]:
    """Everything stored, the youngest first: its id and the article as it was judged."""
    from worker.audit.why import stored_as_article
    from worker.store.articles import load

    last = int(runtime.server.client.get(runtime.keys.sequence) or 0)
    for start in range(last, 0, -_BATCH):
        numbers = range(start, max(0, start - _BATCH), -1)
        for article in load(runtime.server, runtime.keys, numbers):
            yield article.id, stored_as_article(article)


def refuse(message: str, error: Exception | None, code: int = 2) -> NoReturn:
    """Ends the command with one line on stderr."""
    from worker.cli.output import complain

    complain(message)
    raise typer.Exit(code) from error
