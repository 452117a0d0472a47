"""A GitHub on a loopback port whose connection, answers or world go wrong when a plan says so.

The sandbox answers. Requests are read from and answers written to bare sockets, so that a reset is a reset, and a
body that ends early ends early. Time passes only when the server waits, or when a fault lets it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time as machine
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.lowlevel

from server.sandbox.app import Sandbox
from tests.prove.faults_http import Answer, Request, read_request

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing resets


class PassingTime:
    """Time that passes only when somebody waits.

    Args:
        ahead: how far the clock of the server's machine is ahead of GitHub's.

    Attributes:
        waits: what was slept, in seconds.
        on_wait: what happens while somebody sleeps.
    """

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self._now = NOON
        self._ahead = ahead
        self.waits: list[float] = []
        self.on_wait: Callable[[], Awaitable[None]] | None = None

    def github(self) -> datetime:
        return self._now

    def machine(self) -> datetime:
        return self._now + self._ahead

    def advance(self, passed: timedelta) -> None:
        self._now += passed

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(timedelta(seconds=seconds))
        if self.on_wait is not None:
            await self.on_wait()
        await anyio.lowlevel.checkpoint()


@dataclass
class Exchange:
    """A request on its connection, for a fault to deal with."""

    github: FaultyGitHub
    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def sandbox(self) -> Answer:
        """Let GitHub carry the request out; return what it would answer."""
        return await self.github.carried_out(self.request)

    async def send(self, answer: Answer, *, more: bool = False) -> None:
        """Answer; without `more` it is the last answer on this connection, and says so."""
        if not more:
            answer.headers.append(("connection", "close"))
        self.writer.write(answer.written())
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    def reset(self) -> None:
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Measure how long the request has been left hanging inside."""
        began = machine.monotonic()
        try:
            yield
        finally:
            self.github.hung.append(machine.monotonic() - began)

    async def given_up(self) -> None:
        """Return when the other side has closed the connection."""
        with contextlib.suppress(ConnectionError):
            await self.reader.read()


Act = Callable[[Exchange], Awaitable[None]]
"""Deals with one request. After it the connection is closed."""
Aim = Callable[[Request, int], Act | None]
"""Tells what befalls a request, if anything; the number counts the requests since the plan began, from 0."""


class FaultyGitHub:
    """The sandbox behind sockets.

    Attributes:
        requests: all that came since the plan began.
        hung: how long each of them hung that was left hanging, in seconds.
        aim: the plan; None while all is well.
        refuse_after: after so many answers nothing listens any more; None for never.
        etags: whether answers have one, so that the next request for the same may be conditional.
        strayed: how many connections were made to the other host.
    """

    def __init__(self, sandbox: Sandbox, time: PassingTime) -> None:
        self.sandbox = sandbox
        self.time = time
        self.requests: list[Request] = []
        self.hung: list[float] = []
        self.aim: Aim | None = None
        self.refuse_after: int | None = None
        self.etags = True
        self.strayed = 0
        self._answered = 0
        self._place = _bound(0)  # holds the port while nothing listens
        self._port = int(self._place.getsockname()[1])
        self._listener: asyncio.Server | None = None
        self._other: asyncio.Server | None = None
        self._opening = anyio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def elsewhere(self) -> str:
        """The address of another host, as far as an origin goes."""
        assert self._other is not None
        return f"http://127.0.0.1:{self._other.sockets[0].getsockname()[1]}"

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.writes]

    async def begin(self, aim: Aim | None = None, refuse_after: int | None = None) -> None:
        """Count anew, with another plan or none; GitHub can be reached, unless the plan refuses from the start."""
        await self._hang_up()
        await self.listen()
        self.requests, self.hung, self._answered = [], [], 0
        self.aim, self.refuse_after = aim, refuse_after
        if refuse_after == 0:
            await self.refuse()

    async def listen(self) -> None:
        """Listen, and go on listening."""
        self.refuse_after = None
        async with self._opening:
            if self._listener is None:
                self._listener = await asyncio.start_server(self._take, sock=_bound(self._port))

    async def refuse(self) -> None:
        """Let nothing listen; a request under way is answered."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Close the connections that nothing is going on on."""
        idle, self._idle = self._idle, set()
        for writer in idle:
            writer.close()
        for writer in idle:
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FaultyGitHub]:
        self._other = await asyncio.start_server(self._stray, "127.0.0.1", 0)
        await self.listen()
        try:
            yield self
        finally:
            self._place.close()
            self._other.close()
            with anyio.CancelScope(shield=True):
                await self.refuse()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def carried_out(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in request.headers],
            "server": ("127.0.0.1", self._port),
            "client": None,
        }
        answer = Answer(0)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
            else:
                answer.body += message.get("body", b"")

        await self.sandbox(scope, receive, send)
        return answer

    async def _stray(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.strayed += 1
        writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._idle.add(writer)
        try:
            while (request := await read_request(reader)) is not None:
                self._idle.discard(writer)
                if not await self._served(Exchange(self, request, reader, writer)):
                    return
                self._idle.add(writer)
        except (ConnectionError, asyncio.CancelledError):
            return  # the other side gave up, or the stage is cleared
        finally:
            self._tasks.discard(task)
            self._idle.discard(writer)
            writer.close()

    async def _served(self, exchange: Exchange) -> bool:
        """Serve one request; return whether the connection goes on."""
        number = len(self.requests)
        self.requests.append(exchange.request)
        act = self.aim(exchange.request, number) if self.aim is not None else None
        if act is not None:
            await act(exchange)
            return False
        answer = await exchange.sandbox()
        if not self.etags:
            answer.headers = [(name, value) for name, value in answer.headers if name != "etag"]
        self._answered += 1
        last = self.refuse_after is not None
        if last and self._answered == self.refuse_after:
            await self.refuse()
        await exchange.send(answer, more=not last)
        return not last


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
