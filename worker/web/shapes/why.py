"""What became of an entry."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from worker.web.shapes.alerts import DeliveryShape
from worker.web.shapes.articles import ArticleShape
from worker.web.shapes.base import Shape, Time


class Earlier(Shape):
    """An earlier version of an article, in force `until`, and why another took its place."""

    title: str
    summary: str
    publisher: str
    url: str
    replaced: str
    grade: int
    until: Time | None


class AlertTrailShape(Shape):
    """An alert that an article gave rise to, and what became of it."""

    id: str
    watch: str
    matched: str
    created: Time | None
    shadow: bool
    deliveries: list[DeliveryShape]


class WatchAnswerShape(Shape):
    """Whether a watch asks for the article, and why or why not."""

    watch: str
    wants: bool
    alerted: bool
    sentence: str


class StepShape(Shape):
    """Something that happened to the article, `wait_s` seconds after the step before."""

    step: str
    at: Time | None
    wait_s: float | None


class WhyShape(ArticleShape):
    """Everything that is known of an entry, kept and dropped alike."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    summary: str = Field(description="The article's own summary")
    found_by: str
    fate: str
    detail: str
    judged_by: str
    earlier: list[Earlier]
    alerts: list[AlertTrailShape]
    watches: list[WatchAnswerShape]
    latency: list[StepShape]
