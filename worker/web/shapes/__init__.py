"""What the API answers, for its OpenAPI document. The values themselves come from the modules called `plain`."""

from worker.web.shapes.alerts import (
    AlertArticleShape,
    AlertList,
    AlertShape,
    DeliveryList,
    DeliveryShape,
    StoryRefShape,
    WatchList,
    WatchShape,
)
from worker.web.shapes.articles import (
    ArticlePage,
    ArticleShape,
    DayCountShape,
    FacetsShape,
    Reason,
    SightingShape,
    StoryPageShape,
    StoryShape,
    SuggestionList,
    ValueCount,
)
from worker.web.shapes.base import Shape
from worker.web.shapes.service import Alive, QueueShape, Ready, SourceList, SourceShape, StatList
from worker.web.shapes.why import AlertTrailShape, Earlier, StepShape, WatchAnswerShape, WhyShape

__all__ = [
    "AlertArticleShape",
    "AlertList",
    "AlertShape",
    "AlertTrailShape",
    "Alive",
    "ArticlePage",
    "ArticleShape",
    "DayCountShape",
    "DeliveryList",
    "DeliveryShape",
    "Earlier",
    "FacetsShape",
    "QueueShape",
    "Ready",
    "Reason",
    "Shape",
    "SightingShape",
    "SourceList",
    "SourceShape",
    "StatList",
    "StepShape",
    "StoryPageShape",
    "StoryRefShape",
    "StoryShape",
    "SuggestionList",
    "ValueCount",
    "WatchAnswerShape",
    "WatchList",
    "WatchShape",
    "WhyShape",
]
