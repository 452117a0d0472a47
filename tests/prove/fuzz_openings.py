"""The ways to begin a connection wrongly: each on a connection of its own, which must come to serve after all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import anyio
import httpx

from server.app import build_server
from server.github.credentials import FixedToken
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from tests.harness import UNHURRIED, Recorder
from tests.prove.fuzz_frames import Frame, call, no_json, no_message
from tests.prove.fuzz_json import dump
from tests.prove.fuzz_verdict import faults_in, refused
from tests.prove.fuzz_wire import (
    CLIENT,
    GOOD,
    HANDSHAKE,
    MODERN,
    PATIENCE,
    Wire,
    good_call,
    is_good,
    opening,
    request,
    wired,
)


@dataclass
class Openings:
    """What came of them."""

    tried: int = 0
    faults: list[str] = field(default_factory=list)


def _first_frames() -> Iterator[tuple[str, str, list[bytes]]]:
    """Yield a few words, the era in which the connection goes on, and what comes before its first good message."""
    early = call(HANDSHAKE, "early", "delete_campaign", campaign_number=4)
    told = dump({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    answer = dump({"jsonrpc": "2.0", "id": 1, "result": {}}).encode()
    wrong = request("initialize", {"protocolVersion": 7, "capabilities": [], "clientInfo": None}, "early")
    other = request("initialize", {"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": CLIENT}, "early")
    yield "a write before initialize", HANDSHAKE, [early]
    yield "many calls before initialize", HANDSHAKE, [early] * 20
    yield "initialize with nonsense, then right", HANDSHAKE, [wrong]
    yield "initialize of a version nobody knows, then right", HANDSHAKE, [other]
    yield "initialize three times", HANDSHAKE, [*opening(), *opening()]
    for era in (MODERN, HANDSHAKE):
        yield "a notification first", era, [told] * 20
        yield "an answer first", era, [answer] * 20
        broken: list[Frame] = [*no_json(era), *no_message(era)]
        yield "everything unreadable first", era, [one.body for one in broken if one.id is None]


async def fuzz_openings() -> Openings:
    """Begin connections, one after the other, to a server that asks nobody; none may write."""
    found = Openings()
    recorder = Recorder(httpx.ASGITransport(app=create_sandbox(SandboxOptions(limits=False))))
    settings = Settings(**UNHURRIED, no_store=True, confirm="never")
    server = build_server(settings, credentials=FixedToken(ADMIN_TOKEN, "the test"), transport=recorder)
    for what, era, frames in _first_frames():
        found.tried += 1
        recorder.sent.clear()
        async with wired(server) as wire:
            try:
                with anyio.fail_after(PATIENCE):
                    await _begin(wire, era, frames)
                    served = is_good(await wire.ask(good_call(era), GOOD))
            except TimeoutError:
                served = False
            if not served:
                found.faults.append(f"{what}, {era}: the connection does not come to serve")
            found.faults += [f"{what}, {era}: {fault}" for each in wire.strays for fault in faults_in(each, str(each))]
            if any(not refused(each) for each in wire.strays if each.get("id") == "early" and what != _NEGOTIATED):
                found.faults.append(f"{what}, {era}: what came too early was done")
        found.faults += [f"{what}, {era}: {one} left" for one in recorder.sent if one.method != "GET"]
    return found


_NEGOTIATED = "initialize of a version nobody knows, then right"


async def _begin(wire: Wire, era: str, frames: list[bytes]) -> None:
    """Send what comes first, taking in answers meanwhile, then what is right."""
    async with anyio.create_task_group() as tasks:

        async def hear() -> None:
            while True:
                wire.strays.append(await wire.receive())

        tasks.start_soon(hear)
        for frame in frames:
            await wire.send(frame)
        tasks.cancel_scope.cancel()
    if era == HANDSHAKE:
        first, then = opening()
        while (await wire.ask(first, "opening")).get("id") is None:
            pass  # the answers to what came before
        await wire.send(then)
