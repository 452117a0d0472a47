"""The service as an ASGI application in this process, and its callers' requests by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import TaskGroup
from starlette.types import ASGIApp

from tests.prove.guard_wires import LEGACY, MODERN, Inbox, Message, Reply, Seat, Session, opening, text_of

HOST = "127.0.0.1:8000"


@dataclass
class _Exchange:
    """A request and what comes back, message for message."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    heard: Callable[[Message], None] | None = None
    _unread: str = ""

    async def take(self, event: Any) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in event["headers"]}
            return
        text = event.get("body", b"").decode().replace("\r\n", "\n")
        self.body += text
        if self.heard is not None and self.streams:
            *events, self._unread = (self._unread + text).split("\n\n")
            for message in _told("\n".join(events)):
                self.heard(message)

    @property
    def streams(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def messages(self) -> list[Message]:
        """What the body holds, whole."""
        if self.streams:
            return _told(self.body)
        try:
            told = json.loads(self.body)
        except ValueError:
            return []
        return [told] if isinstance(told, dict) else []


def _told(events: str) -> list[Message]:
    return [json.loads(line[6:]) for line in events.split("\n") if line.startswith("data: {")]


async def exchange(
    app: ASGIApp,
    method: str,
    headers: Mapping[str, str],
    body: str = "",
    heard: Callable[[Message], None] | None = None,
) -> _Exchange:
    """Send one request to /mcp and return when all of its answer is there."""
    told = _Exchange(heard=heard)
    sent = [{"type": "http.request", "body": body.encode("utf-8", "surrogatepass"), "more_body": False}]
    gone = anyio.Event()

    async def receive() -> Any:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in {"host": HOST, **headers}.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, told.take)
    gone.set()
    return told


def _reply(told: _Exchange) -> Reply:
    messages = told.messages
    return Reply(messages[-1] if messages else None, told.status)


class HttpSeat:
    """A replica as a caller with this token reaches it; without one nobody is signed in."""

    def __init__(self, name: str, app: ASGIApp, token: str | None, tasks: TaskGroup) -> None:
        self.name = name
        self.app, self.tasks = app, tasks
        self.always = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        if token is not None:
            self.always["authorization"] = f"Bearer {token}"
        self._ids = itertools.count(1)

    async def send(self, message: Message, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request; the headers that the protocol wants are added unless others are given."""
        name = str(message.get("params", {}).get("name", "")) if isinstance(message.get("params"), dict) else ""
        named = {"mcp-method": str(message.get("method", "")), "mcp-protocol-version": MODERN}
        if name and name.isascii() and name.isprintable() and name == name.strip():
            named["mcp-name"] = name
        body = text_of({"id": next(self._ids), **message})
        return _reply(await exchange(self.app, "POST", {**self.always, **named, **(headers or {})}, body))

    async def send_text(self, text: str, headers: Mapping[str, str] | None = None) -> Reply:
        named = {"mcp-method": "tools/call", "mcp-protocol-version": MODERN}
        return _reply(await exchange(self.app, "POST", {**self.always, **named, **(headers or {})}, text))

    async def open(self, capabilities: Message) -> Session:
        told = await exchange(self.app, "POST", self.always, json.dumps({"id": 0, **opening(capabilities)}))
        assert told.status == 200, told.body
        headers = {"mcp-session-id": told.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}
        session = HttpSession(self, headers)
        await session.tell({"method": "notifications/initialized"})
        return session


class HttpSession:
    """A session of 2025 at a replica."""

    def __init__(self, seat: HttpSeat, headers: Mapping[str, str]) -> None:
        self.seat, self.headers = seat, dict(headers)
        self._ids = itertools.count(100)
        self._inbox = Inbox()

    async def begin(self, params: Mapping[str, Any]) -> int:
        request = next(self._ids)
        message = {"jsonrpc": "2.0", "id": request, "method": "tools/call", "params": dict(params)}
        self.seat.tasks.start_soon(self._call, request, text_of(message))
        return request

    async def _call(self, request: int, body: str) -> None:
        heard: list[Message] = []

        def hear(message: Message) -> None:
            heard.append(message)
            self._inbox.put(message)

        headers = {**self.seat.always, **self.headers}
        told = await exchange(self.seat.app, "POST", headers, body, hear)
        if not any(message.get("id") == request and "method" not in message for message in heard):
            nothing = {"error": {"code": 0, "message": f"HTTP {told.status}"}}
            self._inbox.put({**(told.messages[-1] if told.messages else nothing), "id": request})

    async def next(self) -> Message:
        return await self._inbox.take()

    async def tell(self, message: Message, *, by: Seat | None = None) -> None:
        seat = by if isinstance(by, HttpSeat) else self.seat
        await exchange(seat.app, "POST", {**seat.always, **self.headers}, json.dumps({"jsonrpc": "2.0", **message}))

    async def end(self, request: int) -> None:  # noqa: ARG002 - all its calls end
        await exchange(self.seat.app, "DELETE", {**self.seat.always, **self.headers})


@asynccontextmanager
async def running(app: ASGIApp, tasks: TaskGroup) -> AsyncIterator[None]:
    """Start the application, and stop it when the block is left."""
    up, stop, down = anyio.Event(), anyio.Event(), anyio.Event()
    told = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        event = next(told)
        if event["type"] == "lifespan.shutdown":
            await stop.wait()
        return event

    async def send(event: Any) -> None:
        assert event["type"].endswith(".complete"), event
        (down if up.is_set() else up).set()

    async def live() -> None:
        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    tasks.start_soon(live)
    await up.wait()
    try:
        yield
    finally:
        stop.set()
        with anyio.CancelScope(shield=True), anyio.move_on_after(10):
            await down.wait()
