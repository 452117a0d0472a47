"""Sessions, which clients of 2025 need to be asked: bounded, their owner's, and gone with their replica."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import httpx
import pytest

from server.http.settings import ServeSettings
from tests.harness import ORG, Sent, accept, text_of
from tests.http.service import (
    MODERN,
    PATIENCE,
    READ,
    answer_in,
    client_of,
    connected_by_hand,
    headers_of,
    make_token,
    post,
    replica,
    request_of,
    send,
)
from tests.signin.local_issuer import AUDIENCE, local_issuer

pytestmark = pytest.mark.anyio

LEGACY = "2025-11-25"
DELETE = {"campaign_number": 3}
INITIALIZE = request_of(
    LEGACY,
    "initialize",
    protocolVersion=LEGACY,
    capabilities={},
    clientInfo={"name": "test", "version": "0"},
)


async def test_both_eras_are_asked_and_answer(era: str) -> None:
    person = accept(campaign=f"{ORG}/3")
    with replica() as running:
        async with client_of(running.url, era, person=person) as client:
            answer = await client.call_tool("delete_campaign", DELETE)
    assert not answer.is_error, text_of(answer)
    assert running.writes == [Sent("DELETE", f"/orgs/{ORG}/campaigns/3")]
    assert len(person.asked) == 1


async def test_without_sessions_a_client_of_2025_gets_the_readable_refusal() -> None:
    person = accept(campaign=f"{ORG}/3")
    with replica(ServeSettings(stateless=True)) as running:
        async with client_of(running.url, LEGACY, person=person) as client:
            reading = await client.call_tool("get_campaign", DELETE)
            refused = await client.call_tool("delete_campaign", DELETE)
        async with client_of(running.url, MODERN, person=person) as client:
            done = await client.call_tool("delete_campaign", DELETE)
    assert not reading.is_error
    assert text_of(refused).startswith("Deleting needs a person's confirmation, and this client cannot ask for one.")
    assert text_of(refused).endswith("Campaign 3 was not deleted.")
    assert not done.is_error
    assert len(running.writes) == 1


async def test_a_session_whose_replica_has_died_is_told_so_and_how_to_go_on() -> None:
    with replica() as first, replica() as second:
        headers = connected_by_hand(first.url, LEGACY)
        refused = post(second.url, request_of(LEGACY, "tools/list"), headers)
        assert (refused.status_code, refused.json()["id"]) == (404, 7)
        assert "send initialize without Mcp-Session-Id" in refused.json()["error"]["message"]
        again = connected_by_hand(second.url, LEGACY)
        assert post(second.url, request_of(LEGACY, "tools/list"), again).status_code == 200


async def test_a_session_that_was_ended_is_told_the_same() -> None:
    with replica() as running:
        headers = connected_by_hand(running.url, LEGACY)
        assert send("DELETE", running.url, headers).status_code == 200
        refused = post(running.url, request_of(LEGACY, "tools/list"), headers)
    assert refused.status_code == 404
    assert "send initialize" in refused.json()["error"]["message"]


async def test_a_session_is_its_owners_alone(tmp_path: Path) -> None:
    anna, bert = make_token(tmp_path / "tokens", "anna"), make_token(tmp_path / "tokens", "bert")
    with replica(ServeSettings(tokens=tmp_path / "tokens")) as running:
        headers = connected_by_hand(running.url, LEGACY, anna)
        stolen = headers | {"authorization": f"Bearer {bert}"}
        for message in (request_of(LEGACY, "tools/list"), {"jsonrpc": "2.0", "id": 1, "result": {"action": "accept"}}):
            refused = post(running.url, message, stolen)
            assert refused.status_code == 404
            assert "does not know the session" in refused.json()["error"]["message"]
        assert send("DELETE", running.url, stolen).status_code == 404
        assert post(running.url, request_of(LEGACY, "tools/list"), headers).status_code == 200


async def test_too_many_sessions_are_refused_and_those_that_are_open_go_on() -> None:
    with replica(ServeSettings(max_sessions=2)) as running:
        first, second = connected_by_hand(running.url, LEGACY), connected_by_hand(running.url, LEGACY)
        refused = post(running.url, INITIALIZE, headers_of(LEGACY))
        assert (refused.status_code, refused.json()["id"], refused.headers["retry-after"]) == (503, 7, "30")
        assert "Too many sessions are open" in refused.json()["error"]["message"]
        assert post(running.url, request_of(LEGACY, "tools/list"), second).status_code == 200
        assert post(running.url, request_of(MODERN, "tools/list"), headers_of(MODERN)).status_code == 200
        send("DELETE", running.url, first)
        assert connected_by_hand(running.url, LEGACY)


async def test_an_unknown_method_of_the_new_protocol_is_not_taken_for_a_lost_session() -> None:
    with replica() as running:
        headers = headers_of(MODERN) | {"mcp-session-id": "left-over"}
        answered = post(running.url, request_of(MODERN, "tools/destroy"), headers)
    assert answered.status_code == 404
    assert answer_in(answered)["error"]["code"] == -32601


async def test_one_caller_gets_a_quarter_of_the_sessions_and_a_new_one_ends_the_own_unused_one(tmp_path: Path) -> None:
    anna, bert = make_token(tmp_path / "tokens", "anna"), make_token(tmp_path / "tokens", "bert", READ)
    with replica(ServeSettings(tokens=tmp_path / "tokens", max_sessions=8)) as running:
        hers = connected_by_hand(running.url, LEGACY, anna)
        first, second = (connected_by_hand(running.url, LEGACY, bert) for _ in range(2))
        assert post(running.url, request_of(LEGACY, "tools/list"), first).status_code == 200
        third = connected_by_hand(running.url, LEGACY, bert)
        ended = post(running.url, request_of(LEGACY, "tools/list"), second)
        assert ended.status_code == 404
        assert "send initialize without Mcp-Session-Id" in ended.json()["error"]["message"]
        for session in (hers, first, third):
            assert post(running.url, request_of(LEGACY, "tools/list"), session).status_code == 200


async def test_who_uses_all_sessions_of_one_caller_is_refused_and_others_are_not(tmp_path: Path) -> None:
    anna, bert = make_token(tmp_path / "tokens", "anna"), make_token(tmp_path / "tokens", "bert", READ)
    with replica(ServeSettings(tokens=tmp_path / "tokens", max_sessions=4)) as running:
        opened = connected_by_hand(running.url, LEGACY, bert)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http,
            http.stream("GET", running.url, headers=opened) as events,
        ):
            assert events.status_code == 200
            refused = post(running.url, INITIALIZE, headers_of(LEGACY, bert))
            assert (refused.status_code, refused.json()["id"], refused.headers["retry-after"]) == (429, 7, "30")
            assert "as many sessions are open" in refused.json()["error"]["message"]
            assert post(running.url, request_of(LEGACY, "tools/list"), opened).status_code == 200
            assert connected_by_hand(running.url, LEGACY, anna)
        send("DELETE", running.url, opened)
        assert connected_by_hand(running.url, LEGACY, bert)


async def test_an_open_stream_of_events_ends_when_its_token_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.http.challenges.LOOK_AGAIN", 0.01)
    tokens = tmp_path / "tokens"
    make_token(tokens, "anna")
    kept = tokens.read_text()
    token = make_token(tokens, "bert")
    with replica(ServeSettings(tokens=tokens)) as running, anyio.fail_after(PATIENCE):
        headers = connected_by_hand(running.url, LEGACY, token)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http,
            http.stream("GET", running.url, headers=headers) as events,
        ):
            assert events.status_code == 200
            tokens.write_text(kept)
            async for _ in events.aiter_bytes():
                pass


async def test_an_open_stream_of_events_ends_when_its_token_expires() -> None:
    """Requests are served half a minute longer, for clocks differ; a stream could go on for ever."""
    with local_issuer() as issuer, replica(ServeSettings(issuer=issuer.url, audience=AUDIENCE)) as running:
        headers = connected_by_hand(running.url, LEGACY, issuer.token(exp=int(time.time()) - 5))
        with anyio.fail_after(PATIENCE):
            async with (
                httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http,
                http.stream("GET", running.url, headers=headers) as events,
            ):
                async for _ in events.aiter_bytes():
                    pass
