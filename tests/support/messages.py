"""Alerts for tests, written for this project."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from worker.alerts.message import AlertArticle, AlertMessage, StoryRef

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Kuala Lumpur and Hong Kong

ARTICLE = AlertArticle(
    id="4be1",
    guid="bernama-77",
    url="https://news.example/ms/77?ref=rss&x=1",
    title="Pejabat HKETO dibuka di Kuala Lumpur",
    publisher="Berita Contoh",
    source="berita-contoh",
    lang="ms",
    published="2026-11-24T03:45:00Z",
    first_seen=NOON,
    summary="Ketua Eksekutif Hong Kong John Lee merasmikan pejabat itu.",
)


def article(**changes: Any) -> AlertArticle:
    return replace(ARTICLE, **changes)


def message(**changes: Any) -> AlertMessage:
    """The opening of an office, told in three languages."""
    base = AlertMessage(
        alert_id="core-4be1",
        watch="core",
        watch_name="Malaysia–Hong Kong relations",
        kind="first",
        reason="“HKETO” in the title and “John Lee” in the summary: official relations",
        matched="grade 3",
        grade=3,
        score=88.5,
        tags=("office/hketo", "office/hketo-kl", "person/john-lee"),
        story=StoryRef("st-1", ARTICLE.title),
        articles=(
            ARTICLE,
            article(
                id="4be2", lang="zh-Hant", title="香港經貿辦在吉隆坡開幕", publisher="示例日報",
                url="https://news.example/zh/1", published="2026-11-24", guid="z-1",
            ),
            article(
                id="4be3", lang="en", title="Hong Kong opens trade office in KL", publisher="Sample Wire",
                url="https://news.example/en/1", published="", guid="e-1",
            ),
        ),
        created=NOON,
    )  # fmt: skip
    return replace(base, **changes)
