"""Stories merged and split over the API: by the admin only, with a reason, and back again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.web import ADMIN, Visitor, runtime_on, visitor
from tests.worker.test_story_care import FERRY, SONGKET, Town
from worker.query.stories import story
from worker.runtime import Runtime
from worker.store.client import Server
from worker.store.keys import Keys

HEAD = {"Authorization": f"Bearer {ADMIN}"}


@pytest.fixture
def runtime(server: Server, keys: Keys) -> Runtime:
    town = Town(server, keys)
    for one in (*FERRY, *SONGKET):
        town.store(*one)
    return runtime_on(server, web__admin_token=ADMIN)


@pytest.fixture
def client(runtime: Runtime) -> Visitor:
    return visitor(runtime)


def sizes(client: Visitor) -> list[int]:
    return [one["size"] for one in client.get("/api/v1/stories").json()["stories"]]


def post(client: Visitor, path: str, **given: Any) -> Any:
    return client.post(f"/api/v1/stories/{path}", params=given, headers=HEAD)


def test_stories_are_merged_split_and_put_back(runtime: Runtime, client: Visitor) -> None:
    songket, ferry = (one["id"] for one in client.get("/api/v1/stories").json()["stories"])
    done = post(client, f"{songket}/merge", other=ferry, reason="one festival").json()
    assert (done["story"], done["other"], done["decision"]["by"]) == (ferry, songket, "api")
    assert sizes(client) == [5]
    assert client.get(f"/api/v1/stories/{ferry}").json()["decisions"] == [done["decision"]]
    assert post(client, f"{songket}/merge", other=ferry, reason="again").status_code == 409
    assert post(client, f"{songket}/undo").status_code == 200
    assert sizes(client) == [2, 3]
    told = story(runtime, ferry)
    assert told is not None
    parted = post(client, f"{ferry}/split", article=[told.articles[0].number], reason="another line").json()
    assert sizes(client) == [2, 1, 2]
    assert post(client, f"{parted['other']}/undo").status_code == 200
    assert sizes(client) == [2, 3]


def test_changes_take_the_admin_token_and_sense(client: Visitor) -> None:
    songket, ferry = (one["id"] for one in client.get("/api/v1/stories").json()["stories"])
    path = f"/api/v1/stories/{songket}/merge?other={ferry}&reason=x"
    assert client.post(path).status_code == 403
    assert sizes(client) == [2, 3]
    assert post(client, f"{songket}/merge", other=ferry).status_code == 422
    assert post(client, f"{songket}/merge", other="f" * 16, reason="x").status_code == 404
    assert post(client, f"{songket}/split", article=[4, 5], reason="x").status_code == 409
    assert post(client, f"{songket}/split", article=[1], reason="x").status_code == 404
    assert post(client, f"{songket}/undo").status_code == 404
