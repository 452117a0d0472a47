"""A server in this process behind its real wire: every message as JSON text, read and written as over stdio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from server.protocol import CampaignServer
from server.stdio import serve_streams
from tests.prove.fuzz_json import dump

PATIENCE = 30.0  # seconds after which a call counts as hanging
MODERN, HANDSHAKE = "2026-07-28", "2025-11-25"
CLIENT = {"name": "fuzz", "version": "0"}
FORM: dict[str, Any] = {"elicitation": {"form": {}}}
GOOD = "the call after it"
"""The id of the call that is made after each wrong one."""

Answering = Callable[[dict[str, Any]], Any]
"""What a client answers a question of the server with: an object with result or error."""


def envelope(era: str, **capabilities: Any) -> dict[str, Any]:
    """Return the `_meta` that every request of the newer protocol carries; of the older, nothing."""
    if era != MODERN:
        return {}
    return {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientInfo": CLIENT,
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }
    }


def request(method: str, params: Any, id: Any) -> bytes:  # noqa: A002 - JSON-RPC's word
    """Write a request, or whatever these make."""
    return dump({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode()


def good_call(era: str) -> bytes:
    """Write a call whose answer is known: nothing that is sent here changes campaign 1."""
    params = {"name": "get_campaign", "arguments": {"campaign_number": 1}, **envelope(era)}
    return request("tools/call", params, GOOD)


def is_good(answer: Any) -> bool:
    """Tell whether that is the answer to the known call."""
    told = answer.get("result", {}).get("structuredContent", {})
    return not answer.get("result", {}).get("isError") and told.get("name") == "Hard-coded credentials"


def opening(**capabilities: Any) -> list[bytes]:
    """Write what a client of the older protocol begins with."""
    params = {"protocolVersion": HANDSHAKE, "capabilities": capabilities, "clientInfo": CLIENT}
    return [
        request("initialize", params, "opening"),
        dump({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode(),
    ]


class Wire:
    """A client's end. What comes in besides the awaited answer is kept in `strays`.

    Attributes:
        answering: answers what the server asks.
        texts: what came in since the last request.
        garbled: whether an answer to a question was sent since then that nobody can read; it has an answer of its own.
    """

    def __init__(
        self,
        there: MemoryObjectSendStream[SessionMessage | Exception],
        back: MemoryObjectReceiveStream[SessionMessage],
    ) -> None:
        self._there = there
        self._back = back
        self.answering: Answering = lambda _: {"error": {"code": -1, "message": "no"}}
        self.texts: list[str] = []
        self.strays: list[Any] = []
        self.garbled = False

    async def send(self, frame: bytes) -> None:
        """Send a line, read as the SDK reads it."""
        item: SessionMessage | Exception
        try:
            item = SessionMessage(jsonrpc_message_adapter.validate_json(frame.decode(errors="replace"), by_name=False))
        except ValueError as error:
            item = error
            self.garbled = True
        await self._there.send(item)

    async def receive(self) -> Any:
        """Return the next message, as a client of another make reads it."""
        message = (await self._back.receive()).message
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
        self.texts.append(text)
        return json.loads(text)

    async def ask(self, frame: bytes, id: Any) -> Any:  # noqa: A002 - JSON-RPC's word
        """Send a request and return its answer; that to something unreadable has the id null.

        Raises:
            TimeoutError: it hangs.
        """
        self.texts.clear()
        with anyio.fail_after(PATIENCE):
            await self.send(frame)
            self.garbled = False
            while True:
                told = await self.receive()
                if "method" in told:
                    if "id" in told:
                        reply = {"jsonrpc": "2.0", "id": told["id"], **self.answering(told)}
                        await self.send(dump(reply).encode())
                elif told.get("id", id) in (id, None):
                    return told
                else:
                    self.strays.append(told)


@asynccontextmanager
async def wired(server: CampaignServer) -> AsyncIterator[Wire]:
    """Serve one client while the block runs."""
    there_in, there_out = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    back_in, back_out = anyio.create_memory_object_stream[SessionMessage](64)
    async with anyio.create_task_group() as tasks, there_in, back_out:
        tasks.start_soon(serve_streams, server, there_out, back_in)
        yield Wire(there_in, back_out)
        await there_in.aclose()
