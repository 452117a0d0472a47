"""A slice of the fuzzing, and what the whole of it found."""

from __future__ import annotations

import json
import os
import sys
import tracemalloc
from collections import Counter

import httpx
import pytest
from jsonschema import Draft202012Validator

from server.domain.explain import unknown_argument
from server.http.bounds import LARGEST_BODY
from tests.http.service import connected_by_hand, post, replica, request_of
from tests.prove.fuzz import prove
from tests.prove.fuzz_calls import Call, Offers
from tests.prove.fuzz_frames import MIB
from tests.prove.fuzz_memory import Tally
from tests.prove.fuzz_verdict import faults_in, wrong_id
from tests.prove.fuzz_weights import TAKEN, TAKEN_BY_TOO_LONG, Scale
from tests.prove.fuzz_wire import HANDSHAKE, MODERN
from tests.prove.parts import SLICE

pytestmark = pytest.mark.anyio


async def test_a_slice_of_the_fuzzing_finds_nothing() -> None:
    found = await prove(SLICE, lambda _: None)
    assert found.faults == []
    figures = dict(found.rows)
    assert figures["calls in memory, in both eras"] == "400"
    assert int(str(figures["questions answered wrongly"])) > 0
    assert int(str(figures["writes that left, all from sound calls where nobody is asked"])) > 0  # the control
    for tool in ("list_campaigns", "get_campaign", "find_alerts", "report_progress"):
        done, refused = map(int, str(figures[f"tool {tool}: done, refused"]).split(", "))
        assert done > 0, tool
        assert refused > 0, tool
    for offered in ("prompt", "resource", "completion"):
        told = [str(told) for what, told in figures.items() if what.startswith(f"{offered} ")]
        assert any(not each.startswith("0,") for each in told), offered
    assert int(str(figures["results held against the tool's published schema"])) > 0
    assert found.tried > 600
    for way in ("stdio", "HTTP"):
        assert int(str(figures[f"{way}: damaged ones among them"])) >= 20  # ten in each era


def test_what_is_offered_but_never_done_or_never_refused_is_a_fault() -> None:
    tally = Tally(done=Counter({"tool a": 1, "tool b": 2}), refused=Counter({"tool a": 1}))
    assert tally.never() == []
    tally.offered |= {"tool a", "tool b", "prompt c"}
    assert tally.never() == ["prompt c was never done", "prompt c was never refused", "tool b was never refused"]


def test_a_result_that_is_not_as_the_tool_publishes_it_is_a_fault() -> None:
    schema = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
    offers = Offers({}, {}, (), (), {"t": Draft202012Validator(schema)})
    call = Call("tool t", "tools/call", {"name": "t"}, False)
    assert offers.wrong_result(call, {"structuredContent": {"number": 7}}) is None
    assert "$.number" in (offers.wrong_result(call, {"structuredContent": {"number": "7"}}) or "")
    assert "no structure" in (offers.wrong_result(call, {}) or "")


@pytest.mark.parametrize(
    "told",
    [
        'Traceback (most recent call last):\n  File "x.py"',
        "Internal server error",
        "KeyError: 'org'",
        "1 validation error for get_campaignArguments",
        "get_campaign: this server failed; its log says why.",
    ],
)
def test_an_answer_that_shows_a_programs_inside_is_a_fault(told: str) -> None:
    assert faults_in({"result": {"isError": True}}, told)


@pytest.mark.parametrize("code", [-32603, 0])
def test_an_error_that_blames_the_server_is_a_fault(code: int) -> None:
    assert faults_in({"error": {"code": code, "message": "Sorry"}}, "Sorry")
    assert not faults_in({"error": {"code": -32602, "message": "Sorry"}}, "Sorry")


def session_with(url: str, body: bytes) -> httpx.Response:
    headers = connected_by_hand(url, HANDSHAKE) | {"content-type": "application/json"}
    return httpx.post(url, content=body, headers=headers, trust_env=False)


def test_a_client_of_2025_is_not_shown_how_python_sees_its_mistake_nor_its_secret_again() -> None:
    secret = "ghp_neverShowThisToken1234567890"
    with replica() as running:
        body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": [secret]}).encode()
        refused = session_with(running.url, body)
    assert refused.status_code == 400
    assert secret not in refused.text
    assert refused.json() == {
        "jsonrpc": "2.0",
        "id": 7,
        "error": {
            "code": -32600,
            "message": "The message was not understood: it is not one JSON-RPC 2.0 message (batches are no part of "
            "MCP). Nothing was done; correct it and send it again.",
        },
    }


DELETING = {"name": "delete_campaign", "arguments": {"campaign_number": 4}}
WHAT_IS_WRONG = {
    HANDSHAKE: "its id is neither text nor a whole number",
    MODERN: "Body must be a single JSON-RPC request or notification object",  # the SDK's sentence
}


@pytest.mark.parametrize("id_", [None, 1.5, True, [], [1], {}, {"a": 1}])
def test_a_request_with_an_id_that_is_none_is_refused_and_not_taken_for_a_notification(era: str, id_: object) -> None:
    with replica(confirm="never") as running:
        headers = connected_by_hand(running.url, era)
        refused = post(running.url, {**request_of(era, "tools/call", **DELETING), "id": id_}, headers)
        assert running.writes == []
    assert refused.status_code == 400
    assert refused.json()["id"] is None
    assert WHAT_IS_WRONG[era] in refused.json()["error"]["message"]


@pytest.mark.parametrize("method", ["tools/call", "tools/list", "nope", "notifications/cancelled"])
def test_what_has_no_id_is_a_notification_which_is_accepted_and_does_nothing(era: str, method: str) -> None:
    with replica(confirm="never") as running:
        told = request_of(era, method, **DELETING)
        del told["id"]
        accepted = post(running.url, told, connected_by_hand(running.url, era))
        assert running.sent == []
    assert (accepted.status_code, accepted.content) == (202, b"")


def test_a_message_that_takes_too_much_memory_is_a_fault() -> None:
    scale = Scale(os.getpid())
    scale.set_down()
    assert scale.lift("nothing", LARGEST_BODY + 1) is None
    assert scale.rows() or sys.platform != "linux"
    for length, many in ((LARGEST_BODY + 1, TAKEN_BY_TOO_LONG), (LARGEST_BODY, TAKEN)):
        scale.set_down()
        held = b"x" * int((many + 8) * MIB)
        del held  # the peak is what counts
        fault = scale.lift("much", length)
        assert sys.platform != "linux" or (fault is not None and f"more than {many:.0f} MiB" in fault)


def test_a_stream_that_is_to_go_on_from_an_event_begins_anew() -> None:
    with replica() as running:
        headers = connected_by_hand(running.url, HANDSHAKE) | {"last-event-id": "7"}
        with httpx.Client(trust_env=False) as http, http.stream("GET", running.url, headers=headers) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")


def test_an_argument_with_an_endless_name_costs_no_more_memory_than_its_text() -> None:
    name = "x" * 1_000_000
    tracemalloc.start()
    try:
        said = unknown_argument(name, ["campaign_number", "org"])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said == "`(unprintable)`: there is no such argument; known are campaign_number, org"
    assert most < 3 * len(name)


def test_an_answer_without_the_id_that_its_message_has_is_a_fault() -> None:
    frame = b'{"jsonrpc": "1.0", "id": "w", "method": "ping"}'
    assert wrong_id(frame, {"id": None})
    assert wrong_id(frame, {"id": "v"})
    assert not wrong_id(frame, {"id": "w"})
    assert not wrong_id(frame[1:], {"id": None})
