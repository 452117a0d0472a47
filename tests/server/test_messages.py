"""Lines over stdio that are no messages: each that asks for an answer gets one."""

from __future__ import annotations

from typing import Any

import pytest

from server.app import build_server
from server.github.credentials import FixedToken
from server.messages import refusal_of_text
from server.settings import Settings
from tests.http.service import connected_by_hand, post, replica
from tests.prove.fuzz_json import nested
from tests.prove.fuzz_wire import HANDSHAKE, Wire, wired

pytestmark = pytest.mark.anyio


async def asked(frame: bytes) -> Any:
    """Send a line to a server that was asked nothing before, then a ping; return the first answer."""
    async with wired(build_server(Settings(no_store=True), credentials=FixedToken("none"))) as wire:
        await wire.ask(b'{"jsonrpc":"2.0","id":"p","method":"ping"}', "p")
        return await first_answer(wire, frame)


async def first_answer(wire: Wire, frame: bytes) -> Any:
    await wire.send(frame)
    pong = await wire.ask(b'{"jsonrpc":"2.0","id":"p","method":"ping"}', "p")
    return wire.strays[0] if wire.strays else pong


@pytest.mark.parametrize(
    "params",
    [r'{"name":"\ud800"}', '{"a":' + "9" * 4400 + "}", '{"a":' + nested(300) + "}"],
    ids=["half", "digits", "deep"],
)
async def test_a_request_that_the_reader_refuses_is_answered_under_its_id_where_that_can_be_read(params: str) -> None:
    told = await asked(b'{"jsonrpc":"2.0","method":"tools/call","params":' + params.encode() + b',"id":5}')
    assert told["id"] == (None if "9999" in params else 5)
    assert told["error"]["code"] == -32700
    assert told["error"]["message"].startswith("The message was not understood: it cannot be read as JSON (")
    assert told["error"]["message"].endswith("Nothing was done; correct it and send it again.")


@pytest.mark.parametrize("frame", [b"[]", b"7", b'[{"jsonrpc":"2.0","id":5,"method":"ping"}]'])
async def test_what_is_no_message_is_answered_without_an_id(frame: bytes) -> None:
    told = await asked(frame)
    assert (told["id"], told["error"]["code"]) == (None, -32600)


async def test_the_id_of_a_broken_answer_is_not_repeated_since_the_client_may_use_it_too() -> None:
    told = await asked(b'{"jsonrpc":"2.0","id":5,"result":7}')
    assert (told["id"], told["error"]["code"]) == (None, -32600)


async def test_a_request_with_an_older_version_of_json_rpc_is_answered_under_its_id() -> None:
    told = await asked(b'{"jsonrpc":"1.0","id":5,"method":"ping"}')
    assert (told["id"], told["error"]["code"]) == (5, -32600)


async def test_an_empty_line_is_no_mistake() -> None:
    assert (await asked(b"  "))["id"] == "p"


def test_a_notification_whose_id_is_null_is_one_nevertheless() -> None:
    assert refusal_of_text(b'{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}') is None


@pytest.mark.parametrize(
    ("method", "given"),
    [("tools/list", "null"), ("notify", "null"), ("notifications/initialized", "1.5"), ("notifications/x", "[]")],
)
def test_any_other_id_that_is_none_is_refused(method: str, given: str) -> None:
    refused = refusal_of_text(f'{{"jsonrpc":"2.0","id":{given},"method":"{method}"}}'.encode())
    assert refused is not None
    assert (refused.id, refused.error.code) == (None, -32600)
    assert "its id is neither text nor a whole number" in refused.error.message


def test_a_client_of_2025_over_http_may_write_the_id_null_into_a_notification() -> None:
    with replica() as served:
        headers = connected_by_hand(served.url, HANDSHAKE)
        told = {
            method: post(served.url, {"jsonrpc": "2.0", "id": None, "method": method}, headers).status_code
            for method in ("notifications/initialized", "notifications/of-their-own", "tools/list")
        }
    assert told == {"notifications/initialized": 202, "notifications/of-their-own": 202, "tools/list": 400}
