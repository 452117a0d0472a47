"""Real processes of the server, over stdio and HTTP, and a GitHub that keeps a request waiting."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import ClientDisconnect
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from server.sandbox.options import ADMIN_TOKEN
from tests.http.service import ServiceProcess, service_process
from tests.processes import LoopbackGitHub, environment
from tests.prove.endurance_clients import LONGEST_LINE, PATIENCE, PipeClient, listens
from tests.prove.endurance_sockets import HttpClient


@dataclass
class HeldGitHub(LoopbackGitHub):
    """Lets requests wait until it is told to go on.

    Attributes:
        held: the method of requests that wait; none when empty.
        applied: whether what waits is its answer, after the request was carried out.
        reached: that something waits.
        go_on: what waits may go on.
        idle: that no request is under way.
    """

    held: str = ""
    applied: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    idle: threading.Event = field(default_factory=threading.Event)
    _under_way: int = 0

    def hold(self, method: str, *, applied: bool) -> None:
        """Let the next requests of that kind wait."""
        self.held, self.applied = method, applied
        self.reached.clear()
        self.go_on.clear()

    async def until_reached(self) -> None:
        """Wait until such a request is there."""
        assert await asyncio.to_thread(self.reached.wait, PATIENCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whether anybody waits for it or not."""
        self._under_way += 1
        self.idle.clear()
        try:
            with suppress(ClientDisconnect):
                await self._answer(scope, receive, send)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.idle.set()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        held = scope["type"] == "http" and scope["method"] == self.held
        whole = await receive()  # a request has only reached GitHub when all of it has

        async def again() -> Event:
            return whole

        async def sent(event: Event) -> None:
            if held and self.applied and event["type"] == "http.response.start":
                await self._wait()
            await send(event)

        if held and not self.applied:
            await self._wait()
        await super().__call__(scope, again, sent)

    async def _wait(self) -> None:
        self.reached.set()
        await anyio.to_thread.run_sync(self.go_on.wait, PATIENCE)


def environ_of(github: LoopbackGitHub) -> dict[str, str]:
    """Return what a process gets that talks to this GitHub."""
    return environment(GITHUB_API_URL=github.url, GITHUB_TOKEN=ADMIN_TOKEN)


@dataclass
class Running:
    """A process of the server.

    Attributes:
        pid: its id.
        client: the one over stdio, or a first one over HTTP.
    """

    pid: int
    client: PipeClient | HttpClient
    errors: Path | None = None
    service: ServiceProcess | None = None
    listening: asyncio.Task[None] | None = None

    async def ended(self) -> int:
        """Wait for its end and return the exit status, negative for a signal.

        Raises:
            TimeoutError: it goes on.
        """
        if isinstance(self.client, PipeClient):
            return await asyncio.wait_for(self.client.process.wait(), PATIENCE)
        assert self.service
        assert self.listening
        status = await asyncio.to_thread(self.service.process.wait, PATIENCE)
        await self.listening
        return status

    @property
    def said(self) -> str:
        """What it wrote to stderr; of the service, but for the lines that tell of what goes well."""
        if self.errors is not None:
            return self.errors.read_text(encoding="utf-8", errors="replace")
        assert self.service
        return "".join(line for line in self.service.said if " INFO " not in line)


@asynccontextmanager
async def over_stdio(github: LoopbackGitHub, errors: Path, era: str, *arguments: str) -> AsyncIterator[Running]:
    """Start a process over stdio with a client; what it says on stderr goes into a file. At the end it is killed."""
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "security_campaigns_mcp", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=environ_of(github),
            limit=LONGEST_LINE,
        )
        try:
            client = PipeClient(process, era)
            await client.open()
            yield Running(process.pid, client, errors)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def over_http(github: LoopbackGitHub, token: str, era: str, *arguments: str) -> AsyncIterator[Running]:
    """Start the service with a first client. At the end it is killed."""
    with service_process(*arguments, **environ_of(github)) as service:
        listening = asyncio.create_task(asyncio.to_thread(_listen, service))
        port = urlsplit(service.url).port
        assert port
        client = HttpClient(port, token, era)
        try:
            await listens(port)
            await client.open()
            yield Running(service.process.pid, client, None, service, listening)
        finally:
            await client.hang_up()
            service.process.kill()
            await listening


def _listen(service: ServiceProcess) -> None:
    assert service.process.stderr
    for line in service.process.stderr:
        if " INFO " not in line:
            service.said.append(line)


def faults_at_end(name: str, said: str, status: int, *right: int) -> list[str]:
    """Return what is wrong with how a process ended: with another status, or with what nobody should read."""
    faults = [] if status in right else [f"{name}: the process ended with {status}, not {right}: {said[-600:]}"]
    if any(sign in said for sign in ("Traceback", "ExceptionGroup", "most recent call")):
        faults.append(f"{name}: it said {said[:1500]}")
    return faults
