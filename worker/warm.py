"""What the children of the embedded service have in common, imported and read once before they are forked."""

from __future__ import annotations

import os
from importlib import import_module

from parsers.article import make_article
from parsers.entry import Article, Entry, SourceContext
from parsers.relevance import judge
from parsers.script import language
from worker.store.packing import pack

_MODULES = ("worker.tasks", "worker.celery_worker", "worker.polling", "worker.registering")

#: One text for each script: judging it reads every table.
_TEXTS = (
    "Hong Kong Economic and Trade Office in Kuala Lumpur",
    "Pejabat Ekonomi dan Perdagangan Hong Kong di Kuala Lumpur",
    "香港駐吉隆坡經濟貿易辦事處",
    "香港驻吉隆坡经济贸易办事处",
)


def warm() -> None:
    """Imports the workers, and reads the tables of words."""
    os.environ["NOSETPS"] = "1"  # Celery asks for it when it is imported; see worker.service
    for name in _MODULES:
        import_module(name)
    from worker.app import warm_workers  # noqa: PLC0415 - Celery is imported above, not with this module

    warm_workers()
    _read_tables()


def _read_tables() -> None:
    for text in _TEXTS:
        made = make_article(Entry("warm", "https://example.org/", text), SourceContext(id="warm"), language)
        if isinstance(made, Article):
            judge(made)
    pack({"title": "warm"})
