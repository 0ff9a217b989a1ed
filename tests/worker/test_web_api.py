"""The API against a real store: what is asked is answered, in the shapes that its document declares."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from tests.support.atom import faults
from tests.support.stored import NOW, Item, put
from tests.support.web import ADMIN, Visitor, join, runtime_on, visitor
from worker import commands, heartbeat
from worker.alerts.watches import CORE
from worker.clock import now
from worker.runtime import Runtime
from worker.store.articles import WantedAlert
from worker.store.client import Server, connect
from worker.store.keys import Keys

HOUR = timedelta(hours=1)
OFFICE = Item(
    "Trade office opens in Kuala Lumpur",
    "HKETO begins its work.",
    3,
    ("office/hketo-kl", "topic/trade"),
    1 * HOUR,
    alerts=(WantedAlert(CORE.id, ("desk",), "grade 3"),),
)
CHINESE = Item(
    "香港經貿辦在吉隆坡啟用", "貿易往來更密切。", 3, ("office/hketo-kl",), 2 * HOUR, publisher="示例日報"
)
FLIGHTS = Item("=HYPERLINK more flights", "Cathay adds seats.", 2, ("topic/tourism-aviation",), 3 * HOUR)
MENTION = Item("Stocks end mixed", "Hang Seng up.", 1, ("place/hong-kong",), 30 * HOUR)
DROPPED = Item("Cooking at home", "", 0, (), 1 * HOUR)
ALL = (OFFICE, CHINESE, FLIGHTS, MENTION, DROPPED)


@pytest.fixture
def runtime(server: Server, keys: Keys) -> Runtime:
    put(server, keys, *ALL)
    return runtime_on(server, web__admin_token=ADMIN)


@pytest.fixture
def client(runtime: Runtime) -> Visitor:
    return visitor(runtime)


def titles(answer: Any, name: str = "articles") -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()[name]]


def conforms(client: Visitor, path: str, answer: Any) -> None:
    """The answer is what the OpenAPI document says of `path`."""
    document = client.get("/api/v1/openapi.json").json()
    [content] = document["paths"][path]["get"]["responses"]["200"]["content"].values()
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [OFFICE, CHINESE, FLIGHTS, MENTION]),
        ('q="trade office"', [OFFICE]),
        ("q=office trade", [OFFICE]),
        ("q=经贸办", [CHINESE]),
        ("q=topic:trade OR lang:zh", [OFFICE, CHINESE]),
        ("q=grade:>=2 -office:hketo-kl", [FLIGHTS]),
        ("lang=zh", [CHINESE]),
        ("lang=en&lang=zh-Hant&grade=3", [OFFICE, CHINESE]),
        ("tag=office/hketo-kl&tag=topic/trade", [OFFICE]),
        ("any_tag=topic/trade&any_tag=place/hong-kong", [OFFICE, MENTION]),
        ("publisher=示例日報", [CHINESE]),
        ("source=demo&grade=2", [OFFICE, CHINESE, FLIGHTS]),
        (f"since={(NOW - timedelta(hours=2.5)).isoformat().replace('+00:00', 'Z')}", [OFFICE, CHINESE]),
        ("until=2026-11-23", [MENTION]),
        ("limit=2", [OFFICE, CHINESE]),
    ],
)
def test_search_narrows_by_everything(client: Visitor, query: str, wanted: list[Item]) -> None:
    answer = client.get(f"/api/v1/articles?{query}")
    assert titles(answer) == [item.title for item in wanted]
    conforms(client, "/api/v1/articles", answer)


def test_tags_are_suggested(client: Visitor) -> None:
    answer = client.get("/api/v1/suggestions?q=hketo")
    conforms(client, "/api/v1/suggestions", answer)
    assert answer.json() == {"suggestions": [{"tag": "office/hketo-kl", "count": 2, "form": None}]}
    [spelled] = client.get("/api/v1/suggestions?q=吉隆坡經貿辦").json()["suggestions"]
    assert spelled["form"]
    assert client.get("/api/v1/suggestions?q=").status_code == 422


def test_pages_follow_their_links(client: Visitor) -> None:
    answer, seen = client.get("/api/v1/articles?limit=1&grade=2"), []
    while True:
        seen += titles(answer)
        if "link" not in answer.headers:
            break
        answer = client.get(answer.headers["link"].partition("<")[2].partition(">")[0])
    assert seen == [OFFICE.title, CHINESE.title, FLIGHTS.title]
    assert answer.json()["cursor"] is None


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/v1/articles?grade=4", 422, "query.grade"),
        ("/api/v1/articles?limit=0", 422, "query.limit"),
        ("/api/v1/articles?colour=red", 422, "query.colour"),
        ("/api/v1/articles?lang=xx", 422, "query.lang"),
        ("/api/v1/articles?tag=trade", 422, "kind/name"),
        ("/api/v1/articles?since=yesterday", 422, "is no time"),
        ("/api/v1/articles?cursor=zzz", 422, "no cursor"),
        ("/api/v1/articles?q=!!!", 422, "no letter"),
        ("/api/v1/articles?q=(trade", 422, "at the end of the question"),
        ("/feeds/articles.atom?q=colour:red", 422, "character"),
        ("/api/v1/articles?order=worst", 422, "query.order"),
        ("/api/v1/articles/xyz", 422, "path.id"),
        ("/api/v1/articles/0123456789abcdef", 404, "nothing is known"),
        ("/api/v1/stories/0123456789abcdef", 404, "no story"),
        ("/api/v1/alerts/none", 404, "no alert"),
        ("/feeds/watches/none.atom", 404, "no watch"),
        ("/feeds/articles.rss", 422, "path.format"),
        ("/api/v1/nothing", 404, "Not Found"),
    ],
)
def test_mistakes_are_problems_that_name_the_place(
    client: Visitor, path: str, status: int, word: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert word in problem["detail"]


def test_facets_count_what_is_found(client: Visitor) -> None:
    answer = client.get("/api/v1/facets?grade=2")
    conforms(client, "/api/v1/facets", answer)
    found = answer.json()
    assert (found["total"], found["exact"]) == (3, True)
    assert found["values"]["office"] == [{"value": "office/hketo-kl", "count": 2}]
    assert {one["value"]: one["count"] for one in found["values"]["lang"]} == {"en": 2, "zh-Hant": 1}
    assert found["days"][-1] == {"day": "2026-11-24", "count": 3}


def test_the_best_come_first_where_that_is_asked(client: Visitor) -> None:
    assert titles(client.get("/api/v1/articles?order=best&q=trade OR seats&limit=1")) == [OFFICE.title]
    answer = client.get("/api/v1/articles?limit=1")
    assert (answer.json()["total"], answer.json()["exact"]) == (4, True)


def test_why_knows_kept_and_dropped(client: Visitor) -> None:
    answer = client.get(f"/api/v1/why?of={OFFICE.address}")
    assert answer.json()["alerts"][0]["deliveries"][0]["channel"] == "desk"
    conforms(client, "/api/v1/why", answer)
    by_id = client.get(f"/api/v1/articles/{answer.json()['id']}")
    assert by_id.json() | {"found_by": "address"} == answer.json()
    dropped = client.get("/api/v1/why", params={"of": DROPPED.address})
    assert (dropped.json()["fate"], dropped.json()["grade"]) == ("off-topic", 0)


def test_stories_stand_once_where_their_newest_article_is(runtime: Runtime, client: Visitor) -> None:
    join(runtime, CHINESE.title, OFFICE.title, MENTION.title)
    answer = client.get("/api/v1/stories")
    conforms(client, "/api/v1/stories", answer)
    assert titles(answer, "stories") == [CHINESE.title, FLIGHTS.title]
    first = answer.json()["stories"][0]
    assert [one["title"] for one in first["articles"]] == [OFFICE.title, CHINESE.title, MENTION.title]
    assert (first["size"], first["grade"], first["langs"]) == (3, 3, ["en", "zh-Hant"])
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/stories?limit=1&cursor={cursor}").json()
        seen += [one["id"] for one in page["stories"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 2
    # asked for what only an older member has, the story stands where that member is
    assert titles(client.get("/api/v1/stories?q=stocks"), "stories") == [CHINESE.title]
    alone = client.get(f"/api/v1/stories/{first['articles'][0]['id']}")
    assert alone.json()["id"] == first["id"]


def test_alerts_and_dead_letters_and_who_may_revive_them(runtime: Runtime, client: Visitor) -> None:
    [alert] = client.get("/api/v1/alerts").json()["alerts"]
    conforms(client, "/api/v1/alerts", client.get("/api/v1/alerts"))
    assert alert["articles"][0]["title"] == OFFICE.title
    conforms(client, "/api/v1/alerts/{id}", client.get(f"/api/v1/alerts/{alert['alert_id']}"))
    delivery = alert["deliveries"][0]["id"]
    path, admin = f"/api/v1/deliveries/{delivery}/retry", {"Authorization": f"Bearer {ADMIN}"}
    assert client.post(path).status_code == 403
    assert client.post(path, headers=admin).status_code == 409
    [claimed] = runtime.outbox.claim("desk", 1, 30)
    runtime.outbox.dead(claimed, "the desk is closed")
    [dead] = client.get("/api/v1/deliveries").json()["deliveries"]
    assert (dead["id"], dead["note"]) == (delivery, "the desk is closed")
    assert client.post(path, headers=admin).json()["state"] == "pending"
    assert client.get("/api/v1/deliveries").json() == {"deliveries": []}
    assert client.post("/api/v1/deliveries/none/retry", headers=admin).status_code == 404


def test_the_ledger_goes_on_where_a_list_ended(runtime: Runtime, server: Server, keys: Keys) -> None:
    more = [Item(f"Story {i}", "", 3, alerts=(WantedAlert("core", (), "grade 3"),)) for i in range(3)]
    for i, item in enumerate(more):
        put(server, keys, item, poll=f"later{i}")
    client, seen, cursor = visitor(runtime), [], ""
    while True:
        page = client.get("/api/v1/alerts", params={"limit": 1, "cursor": cursor}).json()
        seen += [one["alert_id"] for one in page["alerts"]]
        assert len(seen) < 10
        cursor = page["cursor"]
        if not cursor:
            break
    assert client.get("/api/v1/alerts?cursor=zzz").status_code == 422
    assert client.get("/alerts?cursor=zzz").status_code == 422
    assert len(seen) == len(set(seen)) == 4


def test_export_streams_all_of_it_and_runs_nothing(client: Visitor) -> None:
    lines = client.get("/api/v1/export?grade=2").text.splitlines()
    assert [json.loads(line)["title"] for line in lines] == [OFFICE.title, CHINESE.title, FLIGHTS.title]
    answer = client.get("/api/v1/export?format=csv")
    assert answer.content.startswith(b"\xef\xbb\xbfid,grade")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["title"] for row in rows] == [OFFICE.title, CHINESE.title, f"'{FLIGHTS.title}", MENTION.title]
    assert rows[0]["tags"] == "office/hketo-kl topic/trade"
    workbook = client.get("/api/v1/export?format=xlsx")
    assert zipfile.is_zipfile(io.BytesIO(workbook.content))
    assert workbook.headers["content-type"].endswith("spreadsheetml.sheet")
    assert workbook.headers["content-disposition"] == 'attachment; filename="hketo-watch.xlsx"'
    assert client.get("/api/v1/export?cursor=x").status_code == 422
    assert client.get("/api/v1/export?format=pdf").status_code == 422


@pytest.mark.parametrize("path", ["/feeds/articles.atom?q=office", "/feeds/watches/core.atom"])
def test_atom_reads_without_complaint_and_is_sent_once(client: Visitor, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert faults(answer.content) == []
    parsed = feedparser.parse(io.BytesIO(answer.content))
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == [OFFICE.title]
    assert parsed.feed.links[0].href.endswith(path.replace("&", "&amp;"))
    for header in ({"If-None-Match": answer.headers["etag"]}, {"If-None-Match": f'"x", {answer.headers["etag"].removeprefix("W/")}'},
                   {"If-Modified-Since": answer.headers["last-modified"]}):  # fmt: skip
        again = client.get(path, headers=header)
        assert (again.status_code, again.content) == (304, b""), header
        assert again.headers["etag"] == answer.headers["etag"]
    other = {"If-None-Match": '"other"', "If-Modified-Since": answer.headers["last-modified"]}
    assert client.get(path, headers=other).status_code == 200
    assert client.get(path, headers={"If-Modified-Since": "nonsense"}).status_code == 200


def test_feeds_of_both_formats_have_the_same_stable_ids(
    runtime: Runtime, client: Visitor, server: Server, keys: Keys
) -> None:
    def ids(path: str) -> list[str]:
        return [entry.id for entry in feedparser.parse(io.BytesIO(client.get(path).content)).entries]

    before = ids("/feeds/articles.atom")
    feed = client.get("/feeds/articles.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in feed["items"]] == before
    put(server, keys, Item("One more", "", 2, age=timedelta()), poll="p2")
    after = ids("/feeds/articles.atom")
    assert len(after) == len(before) + 1
    assert set(before) < set(after)


def test_documents_of_the_rest_are_true(runtime: Runtime, client: Visitor) -> None:
    for path in ("/api/v1/sources", "/api/v1/watches", "/api/v1/stats", "/api/v1/deliveries", "/livez"):
        conforms(client, path, client.get(path))
    assert [watch["id"] for watch in client.get("/api/v1/watches").json()["watches"]] == [CORE.id]
    opml = client.get("/feeds/sources.opml")
    assert opml.status_code == 200
    assert (
        client.get("/feeds/sources.opml", headers={"If-None-Match": opml.headers["etag"]}).status_code == 304
    )


def test_ready_follows_progress(runtime: Runtime, client: Visitor) -> None:
    assert client.get("/readyz").status_code == 503
    for queue in commands.QUEUES:
        heartbeat.beat(runtime, queue, now())
    assert client.get("/readyz").json()["ready"] is True
    heartbeat.beat(runtime, "poll", now() - timedelta(minutes=5))
    stalled = client.get("/readyz")
    assert stalled.status_code == 503
    assert {queue["queue"]: queue["healthy"] for queue in stalled.json()["queues"]}["poll"] is False
    assert client.get("/livez").status_code == 200


def test_metrics_are_prometheus_and_count_what_is_there(client: Visitor) -> None:
    client.get("/api/v1/articles")
    client.get("/api/v1/articles/zzz")
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    assert families["hketo_articles_kept"].samples[0].value == 4
    assert families["hketo_entries_dropped"].samples[0].value == 1
    counted = {
        (s.labels["route"], s.labels["status"]): s.value
        for s in families["hketo_http_requests"].samples
        if s.name.endswith("_total")
    }
    assert counted["/api/v1/articles", "200"] == 1
    assert counted["/api/v1/articles/{id}", "422"] == 1


def test_a_store_that_is_away_is_said_so(runtime: Runtime) -> None:
    gone = visitor(Runtime(runtime.settings, Server(connect("unix:///nonexistent/server.sock", retries=0))))
    for path in ("/api/v1/articles", "/api/v1/stats", "/"):
        answer = gone.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["retry-after"] == "5"
    assert gone.get("/readyz").json() == {"ready": False, "queues": []}
    assert gone.get("/livez").status_code == 200


def test_every_declared_example_is_an_example(client: Visitor) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", []):
            Draft202012Validator({**schema, "components": document["components"]}).validate(example)
    assert document["components"]["schemas"]["ArticleShape"]["examples"]
