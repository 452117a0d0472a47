"""Clients of both eras behind the proxies of deploy/: whatever they are asked, their answers reach who asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mcp_types import CallToolResult

from server.http.settings import ServeSettings
from server.sandbox.app import create_sandbox
from server.sandbox.options import SandboxOptions
from tests.deploy.proxies import free_port, haproxy, nginx
from tests.harness import MODES, ORG, accept, text_of
from tests.http.service import (
    MODERN,
    Replica,
    answer_in,
    client_of,
    connected_by_hand,
    get,
    headers_of,
    make_token,
    post,
    replica,
    request_of,
    send,
)

pytestmark = pytest.mark.anyio

OLD = next(era for era in MODES if era != MODERN)
CLIENTS = 6
Proxy = Callable[[Path, list[int]], AbstractContextManager[str]]


@dataclass
class Cluster:
    """Two replicas with one world behind a proxy."""

    url: str
    token: str
    replicas: tuple[Replica, Replica]

    @property
    def busy(self) -> list[bool]:
        return [bool(each.sent) for each in self.replicas]


def port_of(running: Replica) -> int:
    port = urlsplit(running.url).port
    assert port
    return port


@pytest.fixture(params=[nginx, haproxy], ids=["nginx", "haproxy"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    chosen: Proxy = request.param
    return chosen


@contextmanager
def cluster(proxy: Proxy, folder: Path) -> Iterator[Cluster]:
    world, token = create_sandbox(SandboxOptions()), make_token(folder / "tokens")
    store = folder / "store.sqlite3"
    # The proxy hands on the name that clients used, whatever it is.
    serve = ServeSettings(tokens=folder / "tokens", state_keys=(b"k" * 32,), allowed_hosts=("127.0.0.1",))
    with (
        replica(serve, sandbox=world, store=store) as first,
        replica(serve, sandbox=world, store=store) as second,
        proxy(folder, [port_of(first), port_of(second)]) as url,
    ):
        yield Cluster(url, token, (first, second))


async def close_a_campaign(url: str, era: str, token: str) -> CallToolResult:
    async with client_of(url, era, token, accept(go_ahead=True)) as client:
        return await client.call_tool("update_campaign", {"org": ORG, "campaign_number": 4, "state": "closed"})


async def test_people_are_asked_and_their_answers_arrive(proxy: Proxy, era: str, tmp_path: Path) -> None:
    with cluster(proxy, tmp_path) as running:
        for _ in range(CLIENTS):
            answer = await close_a_campaign(running.url, era, running.token)
            assert not answer.is_error, text_of(answer)
            async with client_of(running.url, era, running.token) as client:
                await client.call_tool("update_campaign", {"org": ORG, "campaign_number": 4, "state": "open"})
        assert running.busy == [True, True]


async def test_many_sessions_stay_where_they_were_opened(proxy: Proxy, tmp_path: Path) -> None:
    with cluster(proxy, tmp_path) as running:
        sessions = [connected_by_hand(running.url, OLD, running.token) for _ in range(CLIENTS)]
        for headers in [*sessions, *reversed(sessions)]:
            listed = post(running.url, request_of(OLD, "tools/call", name="list_campaigns", arguments={}), headers)
            assert not answer_in(listed)["result"].get("isError"), listed.text
        assert running.busy == [True, True]
        for headers in sessions:
            assert send("DELETE", running.url, headers).status_code == 200
            assert post(running.url, request_of(OLD, "tools/list"), headers).status_code == 404


async def test_a_session_nobody_knows_and_one_made_up_are_told_to_start_anew(proxy: Proxy, tmp_path: Path) -> None:
    with cluster(proxy, tmp_path) as running:
        for session in ("0" * 32, "0" * 32 + ".a", "0" * 32 + ".z", "127.0.0.1:22", "x" * 500):
            headers = {**headers_of(OLD, running.token), "mcp-session-id": session}
            refused = post(running.url, request_of(OLD, "tools/list"), headers)
            assert (refused.status_code, "send initialize" in refused.text) == (404, True)


async def test_the_sessions_of_a_replica_that_died_are_told_so_by_another(proxy: Proxy, tmp_path: Path) -> None:
    token = make_token(tmp_path / "tokens")
    serve = ServeSettings(tokens=tmp_path / "tokens", allowed_hosts=("127.0.0.1",))
    with replica(serve, store=tmp_path / "store.sqlite3") as survivor:
        with replica(serve, store=tmp_path / "store.sqlite3") as dying:
            running = proxy(tmp_path, [port_of(dying), port_of(survivor)])
            url = running.__enter__()
            sessions = [connected_by_hand(url, OLD, token) for _ in range(CLIENTS)]
        try:
            told = [post(url, request_of(OLD, "tools/list"), headers).status_code for headers in sessions]
            assert set(told) == {200, 404}
            gone = sessions[told.index(404)]
            assert "Start a new one" in post(url, request_of(OLD, "tools/list"), gone).text
            again = connected_by_hand(url, OLD, token)
            assert post(url, request_of(OLD, "tools/list"), again).status_code == 200
        finally:
            running.__exit__(None, None, None)


async def test_a_post_is_never_sent_to_a_second_replica(proxy: Proxy, tmp_path: Path) -> None:
    """Another program stands in for a replica that takes a call and drops the connection."""
    from tests.deploy.dropping import dropping  # noqa: PLC0415 - only this test needs it

    with dropping() as first, dropping() as second, proxy(tmp_path, [first.port, second.port]) as url:
        answer = post(url, request_of(MODERN, "tools/call", name="x", arguments={}), headers_of(MODERN, "t"))
        assert answer.status_code == 502
        assert first.taken + second.taken == 1


async def test_probes_are_for_those_inside_only(proxy: Proxy, tmp_path: Path) -> None:
    with proxy(tmp_path, [free_port(), free_port()]) as url:
        for path in ("healthz", "readyz"):
            assert get(url.replace("mcp", path)).status_code == 404


async def test_without_a_token_the_way_to_one_is_told_through_the_proxy(proxy: Proxy, tmp_path: Path) -> None:
    with cluster(proxy, tmp_path) as running:
        refused = post(running.url, request_of(MODERN, "tools/list"), headers_of(MODERN))
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_large_request_is_taken_and_a_too_large_one_refused_in_the_protocols_words(
    proxy: Proxy, tmp_path: Path
) -> None:
    with cluster(proxy, tmp_path) as running:
        headers = headers_of(MODERN, running.token)
        call = request_of(MODERN, "tools/call", name="get_campaign", arguments={"org": "x" * 900_000})
        assert answer_in(post(running.url, call, headers))["result"]["isError"]
        refused = send("POST", running.url, headers, content=b" " * 2_000_000)
        assert (refused.status_code, "larger than" in refused.json()["error"]["message"]) == (413, True)


@pytest.mark.parametrize("proxied", [haproxy], ids=["haproxy"])
async def test_while_a_replica_is_stopped_new_calls_go_to_another(proxied: Proxy, era: str, tmp_path: Path) -> None:
    with cluster(proxied, tmp_path) as running:
        running.replicas[0].calls.stopping = True
        for _ in range(CLIENTS):
            async with client_of(running.url, era, running.token) as client:
                answer = await client.call_tool("list_campaigns", {})
                assert not answer.is_error, text_of(answer)
        assert running.busy == [False, True]
