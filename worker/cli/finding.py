"""`sources discover`, `sources import` and `sources export`: finding sources, and lists of other readers."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import AsJson, settings_of

if TYPE_CHECKING:
    from feeds.discovery import Found
    from feeds.source import Source
    from worker.settings import Settings


def discover_command(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Any page of a site.")],
    allow_private_hosts: Annotated[
        bool, typer.Option("--allow-private-hosts", help="Also open loopback and private addresses.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the sources of a site that answer; print them as tables for your hketo-watch.toml.

    Exit code 1 when there is none.
    """
    import asyncio

    from feeds.sources_file import write_sources_toml
    from worker.cli.output import complain, emit

    settings = settings_of(context, poll__allow_private_hosts=allow_private_hosts or None)
    found = asyncio.run(_discover(settings, url))
    if as_json:
        emit({"url": one.fetched.url, "kind": one.candidate.kind.value, "title": one.candidate.title,
              "how": one.candidate.how} for one in found)  # fmt: skip
    elif found:
        typer.echo(write_sources_toml(_named(one) for one in found), nl=False)
    if not found:
        complain(f"no source was found on the site of {url}")
        raise typer.Exit(1)


async def _discover(settings: Settings, url: str) -> tuple[Found, ...]:
    from feeds.discovery import discover
    from feeds.http import open_client
    from feeds.slots import HostSlots
    from worker.polling import http_settings

    http = http_settings(settings)
    async with open_client(http) as client:
        return await discover(client, HostSlots(http), url)


def _named(one: Found) -> Source:
    from urllib.parse import urlsplit

    from feeds.source import Source
    from feeds.sources_file import id_from_url

    url = one.fetched.url or one.candidate.url
    return Source(
        id_from_url(url), url, one.candidate.title or urlsplit(url).hostname or url, kind=one.candidate.kind
    )


def import_command(
    file: Annotated[Path, typer.Argument(help="An OPML file of another reader.")],
) -> None:
    """Read an OPML file; print its feeds as tables for your hketo-watch.toml."""
    from feeds.opml import read_opml
    from feeds.sources_file import write_sources_toml

    try:
        sources = read_opml(file.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file}: cannot read: {error.strerror or error}") from error
    except ValueError as error:
        raise typer.BadParameter(f"{file}: {error}") from error
    typer.echo(write_sources_toml(sources), nl=False)


def export_command(context: typer.Context) -> None:
    """Print the configured feeds as OPML, for another reader."""
    from feeds.opml import write_opml
    from worker import clock
    from worker.registering import configured_sources

    typer.echo(write_opml(configured_sources(settings_of(context)), clock.now()), nl=False)
