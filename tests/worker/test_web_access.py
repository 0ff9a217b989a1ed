"""Who is let in, who may change things, and how often: pure rules, then the rules at the door."""

from __future__ import annotations

import asyncio
import base64
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.web import ADMIN, TOKEN, runtime_on, visitor
from worker.runtime import Runtime
from worker.settings import SettingsError, load
from worker.store.client import Server
from worker.web.access import Caller, Pace, Scope, Tokens, credentials, host_name, scope_of
from worker.web.app import application
from worker.web.context import Web
from worker.web.listening import listen

TOKENS = Tokens(TOKEN, ADMIN)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("address", "host", "authorization", "wanted"),
    [
        ("127.0.0.1", "localhost:8321", "", Scope.READ),
        ("::1", "[::1]:8321", "", Scope.READ),
        ("127.0.0.1", "127.0.0.1", "", Scope.READ),
        ("127.0.0.1", "evil.example", "", Scope.NONE),  # DNS rebinding
        ("127.0.0.1", "", "", Scope.NONE),
        ("203.0.113.5", "localhost", "", Scope.NONE),
        ("203.0.113.5", "desk.example", f"Bearer {TOKEN}", Scope.READ),
        ("203.0.113.5", "desk.example", f"bearer  {TOKEN}", Scope.READ),
        ("203.0.113.5", "desk.example", basic(TOKEN), Scope.READ),
        ("203.0.113.5", "desk.example", f"Bearer {ADMIN}", Scope.ADMIN),
        ("203.0.113.5", "desk.example", basic(ADMIN), Scope.READ),  # a browser's password changes nothing
        ("127.0.0.1", "localhost", f"Bearer {ADMIN}", Scope.ADMIN),
        ("203.0.113.5", "desk.example", f"Bearer {TOKEN}x", Scope.NONE),
        ("203.0.113.5", "desk.example", "Bearer ", Scope.NONE),
        ("203.0.113.5", "desk.example", f"Digest {TOKEN}", Scope.NONE),
        ("203.0.113.5", "desk.example", "Basic !!!", Scope.NONE),
        ("", "localhost", "", Scope.NONE),
    ],
)
def test_scopes(address: str, host: str, authorization: str, wanted: Scope) -> None:
    assert scope_of(Caller(address, host, authorization), TOKENS) is wanted


def test_a_proxy_on_this_machine_speaks_for_others() -> None:
    assert scope_of(Caller("127.0.0.1", "localhost", forwarded=True), TOKENS) is Scope.NONE


@given(st.text(), st.sampled_from(["Bearer ", "Basic ", "bearer ", ""]))
def test_without_a_configured_token_nothing_opens_the_door(text: str, scheme: str) -> None:
    assert scope_of(Caller("203.0.113.5", "desk.example", scheme + text), Tokens()) is Scope.NONE


@given(st.text())
def test_any_header_is_read(text: str) -> None:
    assert credentials(text)[0] in ("", "bearer", "basic")
    host_name(text)


def test_pace_gives_back_what_it_took() -> None:
    pace = Pace(60)
    assert [pace.wait("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert pace.wait("a", 0.0) == pytest.approx(1.0)
    assert pace.wait("b", 0.0) == 0.0
    assert pace.wait("a", 1.0) == 0.0
    assert pace.wait("a", 1.0) > 0
    assert pace.wait("a", 1000.0, cost=20) == 0.0  # never more than a minute's worth is saved up
    assert [pace.wait("a", 1000.0) for _ in range(40)] == [0.0] * 40
    assert pace.wait("a", 1000.0) > 0


def test_pace_remembers_a_bounded_number_of_addresses() -> None:
    pace = Pace(10)
    for i in range(30_000):
        pace.wait(str(i), i / 1000)
    assert len(pace._left) <= 10_001


def everything(runtime: Runtime) -> list[str]:
    """A path of every route there is, of the OpenAPI document and beside it, and of none."""
    app = application(Web(runtime))
    paths = {*app.openapi()["paths"], *(str(getattr(route, "path", "")) for route in app.routes), "/nothing"}
    assert {"/", "/static/{name}", "/metrics", "/api/v1/openapi.json", "/api/v1/live/alerts"} <= paths
    return sorted(re.sub(r"\{\w+\}", "0123456789abcdef", path) for path in paths - {""})


def test_nothing_answers_off_this_machine_without_a_token(server: Server) -> None:
    runtime = runtime_on(server, web__token=TOKEN, web__rate=1_000_000)
    stranger = visitor(runtime, "203.0.113.5", "desk.example")
    for path in everything(runtime):
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer = stranger.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"
    for authorization in (f"Bearer {TOKEN}", basic(TOKEN)):
        assert stranger.get("/api/v1/articles", headers={"Authorization": authorization}).status_code == 200


def test_guessing_is_slowed_down_and_said_so(server: Server) -> None:
    stranger = visitor(runtime_on(server, web__token=TOKEN, web__rate=100), "203.0.113.5", "desk.example")
    statuses = [
        stranger.get("/livez", headers={"Authorization": f"Bearer guess {i}"}).status_code for i in range(8)
    ]
    assert statuses == [401] * 5 + [429] * 3
    answer = stranger.get("/livez", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_this_machine_is_not_rationed(server: Server) -> None:
    local = visitor(runtime_on(server, web__rate=1))
    assert {local.get("/livez").status_code for _ in range(20)} == {200}


def test_opening_it_to_others_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        load(None, {"web.host": "0.0.0.0"}, {})
    assert "set web.token too" in refused.value.problems[0]
    assert load(None, {"web.host": "0.0.0.0", "web.token": TOKEN}, {}).web.host == "0.0.0.0"
    with pytest.raises(SettingsError):
        load(None, {"web.token": "short"}, {})
    shown = {origin.name: origin.value for origin in load(None, {"web.token": TOKEN}, {}).origins()}
    assert shown["web.token"] == "***"


def test_answers_do_not_wait_for_the_acknowledgement_of_their_head() -> None:
    """Nagle's algorithm with delayed acknowledgements costs 40 ms an answer."""
    set_on: list[int] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        set_on.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        with listen("127.0.0.1", 0) as opened:
            async with await asyncio.start_server(answer, sock=opened):
                reader, writer = await asyncio.open_connection(*opened.getsockname())
                await reader.read()
                writer.close()

    asyncio.run(ask())
    assert set_on == [1]
