"""Tasks of asyncio within this process: none may be left behind by a call, a session, a client or a server."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from server.app import build_server
from server.github.credentials import FixedToken
from server.http.connections import PunctualProtocol
from server.http.serving import service
from server.http.settings import Address, ServeSettings
from server.http.shutdown import CallsUnderWay
from server.protocol import CampaignServer
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from tests.harness import UNHURRIED, open_pairs
from tests.http.service import make_token
from tests.prove.endurance_calls import Caller
from tests.prove.endurance_clients import Client, Leaving, Message, Rounds, cancelled, listens
from tests.prove.endurance_sockets import HttpClient
from tests.prove.fuzz_wire import FORM, HANDSHAKE, MODERN, Wire, envelope, opening, request, wired
from tests.prove.parts import Findings

Serving = Callable[[CampaignServer, str], AbstractAsyncContextManager[Client]]
_UNCHANGED = 40
_WARM = 30
"""Calls after which everything that stays has been started."""


class MemoryClient(Rounds):
    """A client of a server in this process, over the text that stdio carries."""

    def __init__(self, wire: Wire, era: str) -> None:
        self.era = era
        self._wire = wire
        self._ids = itertools.count(1)

    async def _once(self, method: str, params: Message, answer: Message | None) -> Message:
        self._wire.answering = lambda _: {"result": answer or {"action": "decline"}}
        number = next(self._ids)
        told: Message = await self._wire.ask(request(method, {**params, **envelope(self.era, **FORM)}, number), number)
        return told

    async def give_up(self, how: Leaving, method: str, params: Message) -> list[str]:
        """Go away from a request; what comes of it after all is none's."""
        number = next(self._ids)
        await self._wire.send(request(method, {**params, **envelope(self.era, **FORM)}, number))
        if how == "questions left":
            told: Message = {}
            while not ("inputRequests" in told.get("result", {}) or ("id" in told and "method" in told)):
                told = await self._wire.receive()
        await self.tell(cancelled(number))
        return []

    async def tell(self, notification: bytes) -> None:
        """Send what nobody answers."""
        await self._wire.send(notification)


@asynccontextmanager
async def over_memory(server: CampaignServer, era: str) -> AsyncIterator[Client]:
    """Serve a client as over stdio."""
    async with wired(server) as wire:
        if era == HANDSHAKE:
            first, then = opening(**FORM)
            await wire.ask(first, "opening")
            await wire.send(then)
        yield MemoryClient(wire, era)


@asynccontextmanager
async def over_http(server: CampaignServer, era: str) -> AsyncIterator[Client]:
    """Serve a client over HTTP, by this loop. There may be one session of it at once: the one that it has left ends."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listening:
        tokens, port = Path(folder) / "tokens", listening.getsockname()[1]
        settings = ServeSettings(tokens=tokens, max_sessions=1)
        client = HttpClient(port, make_token(tokens), era)
        app = service(server, settings, Address("127.0.0.1", port), CallsUnderWay())
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", http=PunctualProtocol)
        http = uvicorn.Server(config)
        serving = asyncio.create_task(http.serve(sockets=[listening]))
        try:
            await listens(port)
            await client.open()
            yield client
            await client.close()
        finally:
            await client.hang_up()
            http.should_exit = True
            await serving


def _server(sandbox: Sandbox, store: Path) -> CampaignServer:
    transport = httpx.ASGITransport(app=sandbox)
    settings = Settings(**{**UNHURRIED, "store": store})
    return build_server(settings, credentials=FixedToken(ADMIN_TOKEN, "the test"), transport=transport)


async def look_for_tasks(findings: Findings, calls: int, seed: int, folder: Path) -> None:
    """Make so many mixed calls in each era each way, with sessions that end, and note which tasks are left."""
    root = logging.getLogger()
    root.handlers = root.handlers or [logging.NullHandler()]  # or the SDK writes every call to the terminal
    for era in (MODERN, HANDSHAKE):
        for name, serving in (("memory", over_memory), ("HTTP", over_http)):
            before = asyncio.all_tasks()
            faults, warm, last = await _calls(serving, era, calls, seed, folder / f"{era} {name}")
            findings.faults += faults
            after = await _settled(before)
            findings.tried += calls
            findings.rows.append((f"tasks, {name}, {era}", f"{warm} to {last}, {after} more than before at the end"))
            if last > warm:
                findings.faults.append(f"{name}, {era}: of {calls} calls {last - warm} tasks are left")
            if after:
                findings.faults.append(f"{name}, {era}: {after} tasks are left when the server has ended")


async def _calls(serving: Serving, era: str, calls: int, seed: int, store: Path) -> tuple[list[str], int, int]:
    """Return faults, and how many tasks there were after the first few calls and after the last."""
    sandbox = create_sandbox(SandboxOptions(limits=False))
    faults: list[str] = []
    warm = 0
    async with serving(_server(sandbox, store), era) as client:
        caller = Caller(f"tasks {era}", seed, client.leavings, open_pairs(sandbox, 1))
        for number in range(calls):
            call = caller.next()
            if call.leaves:
                faults += await client.give_up(call.leaves, call.method, call.params)
            else:
                faults += caller.note(call, await client.ask(call.method, call.params, call.answer))
            if isinstance(client, HttpClient) and number % 10 == 9:
                await client.close()
                await client.open()
            if number == min(_WARM, calls // 2):
                warm = await _at_rest()
        return faults, warm, await _at_rest()


async def _at_rest() -> int:
    """Return how many tasks there are when those that only have to end have ended: when for long none has any more."""
    fewest, unchanged = len(asyncio.all_tasks()), 0
    while unchanged < _UNCHANGED:
        await asyncio.sleep(0.005)
        unchanged = unchanged + 1 if len(asyncio.all_tasks()) >= fewest else 0
        fewest = min(fewest, len(asyncio.all_tasks()))
    return fewest


async def _settled(before: set[Any]) -> int:
    """Return how many tasks there are that were not there before, when those that only have to end have ended."""
    for _ in range(200):
        if not _ours() - before:
            return 0
        await asyncio.sleep(0.005)
    return len(_ours() - before)


def _ours() -> set[asyncio.Task[Any]]:
    """Return all tasks but the one of sse-starlette, of which a loop has one for good: it waits for a signal."""
    return {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") != "_shutdown_watcher"}
