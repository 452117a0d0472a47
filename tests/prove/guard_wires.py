"""Ways into a server for messages that the SDK's client would never send: the text of JSON-RPC, as stdio carries it.

Each way in is a `Seat`; a 2025 client's session at it is a `Session`. `guard_http` has the same for the service.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
from anyio.abc import TaskGroup
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from pydantic import ValidationError

from server.protocol import CampaignServer
from server.stdio import serve_streams

MODERN, LEGACY = "2026-07-28", "2025-11-25"
Message = dict[str, Any]
ASKS: Message = {"elicitation": {"form": {}}}
"""The capabilities of a client that can ask a person."""
_META = "io.modelcontextprotocol/"
_RAW = "arguments as text"


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        message: the JSON-RPC answer, or whatever JSON came instead; None when nothing came.
        status: of HTTP; None elsewhere.
    """

    message: Message | None
    status: int | None = None


@dataclass(frozen=True)
class Raw:
    """Arguments of a call as text, for what only text can say: `6e0`, a key twice, characters as escapes."""

    text: str


class Inbox:
    """What came and was not looked at yet."""

    def __init__(self) -> None:
        self._came: list[Message] = []
        self._something = anyio.Event()

    def put(self, message: Message) -> None:
        self._came.append(message)
        self._something.set()

    async def take(self) -> Message:
        while not self._came:
            self._something = anyio.Event()
            await self._something.wait()
        return self._came.pop(0)


class Session(Protocol):
    """A client of 2025, whose questions come while a call is under way."""

    async def begin(self, params: Mapping[str, Any]) -> int:
        """Call a tool and return the request's id; `next` brings what comes of it."""
        ...

    async def next(self) -> Message:
        """Return the next question or answer."""
        ...

    async def tell(self, message: Message, *, by: Seat | None = None) -> None:
        """Send anything else, such as the answer to a question; through another seat if there is one."""
        ...

    async def end(self, request: int) -> None:
        """End the session, or the call where the transport has no sessions to end; then nothing of the call goes on."""
        ...


class Seat(Protocol):
    """A process of the server as a certain caller reaches it."""

    name: str

    async def send(self, message: Message, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request of the 2026-07-28 protocol and return what came back; an `id` is added where there is none."""
        ...

    async def send_text(self, text: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Send whatever text there is, and return what came back, if that can be known."""
        ...

    async def open(self, capabilities: Message) -> Session:
        """Open a session of 2025."""
        ...


def envelope(capabilities: Message | None = None, version: str = MODERN) -> Message:
    """Return the `_meta` of every request of the 2026-07-28 protocol."""
    return {
        f"{_META}protocolVersion": version,
        f"{_META}clientInfo": {"name": "proof", "version": "0"},
        f"{_META}clientCapabilities": ASKS if capabilities is None else capabilities,
    }


def tool_call(tool: Any, arguments: Any, *, capabilities: Message | None = None, **more: Any) -> Message:
    """Return a call of a tool; `more` are further params, such as requestState and inputResponses."""
    params = {"name": tool, "arguments": arguments, "_meta": envelope(capabilities), **more}
    return {"jsonrpc": "2.0", "method": "tools/call", "params": params}


def text_of(message: Message) -> str:
    """Write a message down, with `Raw` arguments as they are."""
    params = message.get("params")
    arguments = params.get("arguments") if isinstance(params, dict) else None
    if not isinstance(params, dict) or not isinstance(arguments, Raw):
        return json.dumps(message)
    spelled = json.dumps({**message, "params": {**params, "arguments": _RAW}})
    return spelled.replace(json.dumps(_RAW), arguments.text)


@dataclass(eq=False)
class _Awaited:
    """An answer, when it has come."""

    came: anyio.Event = field(default_factory=anyio.Event)
    message: Message | None = None


class _Line:
    """A connection over memory streams: one conversation, in the era of its first request."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading, self._writing = reading, writing
        self._ids = itertools.count(1000)
        self._waiting: dict[int, _Awaited] = {}
        self._unreadable: list[_Awaited] = []
        self._rest = Inbox()

    async def listen(self) -> None:
        async for item in self._reading:
            message = item.message.model_dump(mode="json", by_alias=True, exclude_unset=True)
            awaited = self._awaited(message) if "method" not in message else None
            if awaited is None:
                self._rest.put(message)
            else:
                awaited.message = message
                awaited.came.set()

    def _awaited(self, answer: Message) -> _Awaited | None:
        """Return what an answer is to: what cannot be read may be refused with the id null, and is in its turn."""
        if answer.get("id") is not None:
            awaited = self._waiting.get(answer["id"])
        else:
            awaited = self._unreadable[0] if self._unreadable else None
        if awaited in self._unreadable:
            self._unreadable.remove(awaited)
        return awaited

    async def write(self, text: str, awaited: _Awaited | None = None) -> None:
        """Send a message, or what is none, as stdio does; `awaited` is for the answer."""
        try:
            parsed = jsonrpc_message_adapter.validate_json(text, by_name=False)
        except ValidationError as problem:
            self._unreadable.append(awaited or _Awaited())
            await self._writing.send(problem)
        else:
            await self._writing.send(SessionMessage(parsed))

    async def ask(self, message: Message) -> Reply:
        request = next(self._ids)
        awaited = self._waiting[request] = _Awaited()
        await self.write(text_of({"id": request, **message}), awaited)
        await awaited.came.wait()
        del self._waiting[request]
        return Reply(awaited.message)

    async def begin(self, params: Mapping[str, Any]) -> int:
        request = next(self._ids)
        await self.write(text_of({"jsonrpc": "2.0", "id": request, "method": "tools/call", "params": dict(params)}))
        return request

    async def next(self) -> Message:
        return await self._rest.take()

    async def tell(self, message: Message, *, by: Seat | None = None) -> None:  # noqa: ARG002 - a pipe has two ends
        await self.write(text_of({"jsonrpc": "2.0", **message}))

    async def end(self, request: int) -> None:
        await self.tell({"method": "notifications/cancelled", "params": {"requestId": request}})


class MemorySeat:
    """A process over stdio, but for the process and the pipes."""

    def __init__(self, name: str, server: CampaignServer, tasks: TaskGroup) -> None:
        self.name = name
        self._server, self._tasks = server, tasks
        self._modern: _Line | None = None

    async def _line(self) -> _Line:
        return await self._tasks.start(_served, self._server)  # type: ignore[no-any-return]  # anyio's start returns Any

    async def send(self, message: Message, headers: Mapping[str, str] | None = None) -> Reply:  # noqa: ARG002 - HTTP's
        return await (await self._opened()).ask(message)

    async def send_text(self, text: str, headers: Mapping[str, str] | None = None) -> Reply:  # noqa: ARG002 - likewise
        """Send a line, wait until the server has nothing left to do, and return the refusal of what is no message."""
        refusal = _Awaited()
        await (await self._opened()).write(text, refusal)
        await anyio.wait_all_tasks_blocked()
        return Reply(refusal.message)

    async def _opened(self) -> _Line:
        if self._modern is None:
            self._modern = await self._line()
            await self._modern.ask({"jsonrpc": "2.0", "method": "tools/list", "params": {"_meta": envelope()}})
        return self._modern

    async def open(self, capabilities: Message) -> Session:
        line = await self._line()
        await line.ask(opening(capabilities))
        await line.tell({"method": "notifications/initialized"})
        return line


def opening(capabilities: Message) -> Message:
    """Return the first request of a session."""
    client = {"name": "proof", "version": "0"}
    params = {"protocolVersion": LEGACY, "capabilities": capabilities, "clientInfo": client}
    return {"jsonrpc": "2.0", "method": "initialize", "params": params}


@asynccontextmanager
async def _connected(server: CampaignServer, tasks: TaskGroup) -> AsyncIterator[_Line]:
    async with create_client_server_memory_streams() as ((reading, writing), (theirs_in, theirs_out)):
        line = _Line(reading, writing)
        tasks.start_soon(serve_streams, server, theirs_in, theirs_out)
        tasks.start_soon(line.listen)
        yield line


async def _served(server: CampaignServer, *, task_status: Any) -> None:
    async with anyio.create_task_group() as tasks, _connected(server, tasks) as line:
        task_status.started(line)
        await anyio.sleep_forever()
