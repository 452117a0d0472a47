"""Clients that write JSON-RPC themselves, for speed, and answer the questions that come back; here over pipes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, Protocol

import anyio

from tests.prove.fuzz_wire import FORM, HANDSHAKE, MODERN, envelope, opening, request

PATIENCE = 120.0
"""Seconds after which a call, a start or an end counts as hanging: on a starved machine a start has taken thirty."""
LONGEST_LINE = 16 * 1024 * 1024
Message = dict[str, Any]
Leaving = Literal["calls cancelled", "questions left", "clients that hang up", "sign-ins refused"]
"""How a client goes away from a call without its answer; the last has not even signed in."""


class Client(Protocol):
    """One client of a server.

    Attributes:
        era: the version of the protocol that it speaks.
        leavings: how it can go away from a call.
    """

    era: str
    leavings: tuple[Leaving, ...]

    async def ask(self, method: str, params: Message, answer: Message | None = None) -> Message:
        """Make a request, answer whatever is asked meanwhile, and return the JSON-RPC answer.

        Args:
            method: of the request.
            params: without the envelope of the protocol.
            answer: what the person answers: the result of an elicitation. Without one the person declines.

        Raises:
            OSError, EOFError: the server has gone.
            TimeoutError: no answer came.
        """
        ...

    async def give_up(self, how: Leaving, method: str, params: Message) -> list[str]:
        """Begin a request and go away from it, good for further ones; return what is wrong.

        A question that is left came by that request, and nobody ever answers it.

        Raises:
            OSError, EOFError, TimeoutError: as `ask`.
        """
        ...


def _answered(asked: Message, answer: Message | None) -> Message:
    """Return the params that answer the question in a result (2026-07-28)."""
    given = answer or {"action": "decline"}
    return {
        "requestState": asked["requestState"],
        "inputResponses": dict.fromkeys(asked["inputRequests"], given),
    }


def cancelled(number: int) -> bytes:
    """Write that nobody waits for the answer to a request any more."""
    params = {"requestId": number, "reason": "Nobody waits any more."}
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).encode()


def reply(question: Message, answer: Message | None) -> bytes:
    """Write the answer to a question that came as a request (2025-11-25)."""
    return json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": answer or {"action": "decline"}}).encode()


class Rounds(ABC):
    """What all ways have in common: a request of the newer protocol is sent again with the answer to its question."""

    era: str
    leavings: tuple[Leaving, ...] = ("calls cancelled", "questions left")

    async def ask(self, method: str, params: Message, answer: Message | None = None) -> Message:
        async with asyncio.timeout(PATIENCE):
            told = await self._once(method, params, answer)
            while told.get("result", {}).get("resultType") == "input_required":
                told = await self._once(method, {**params, **_answered(told["result"], answer)}, answer)
            return told

    @abstractmethod
    async def _once(self, method: str, params: Message, answer: Message | None) -> Message:
        """Send a request and return what comes back, having answered what was asked meanwhile."""


class PipeClient(Rounds):
    """A client over stdio, which may have several requests under way.

    Args:
        process: the server, started with pipes.
        era: what the client speaks.
    """

    def __init__(self, process: asyncio.subprocess.Process, era: str) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self.era = process, era
        self._in, self._out = process.stdin, process.stdout
        self._ids = itertools.count(1)
        self._waiting: dict[Any, asyncio.Future[Message]] = {}
        self._answer: Message | None = None
        self._given_up: list[asyncio.Future[Message]] = []
        self._left: asyncio.Future[Message] | None = None
        self.strays: list[Message] = []
        self._listening = asyncio.create_task(self._listen())

    async def open(self) -> None:
        """Begin as the era wants."""
        if self.era == HANDSHAKE:
            first, then = opening(**FORM)
            self._waiting["opening"] = asyncio.get_running_loop().create_future()
            self.write(first)
            await asyncio.wait_for(self._waiting["opening"], PATIENCE)
            self.write(then)
        else:
            await self.ask("tools/list", {})

    def write(self, line: bytes) -> None:
        """Send a line."""
        self._in.write(line + b"\n")

    async def _once(self, method: str, params: Message, answer: Message | None) -> Message:
        number = next(self._ids)
        came = self._waiting[number] = asyncio.get_running_loop().create_future()
        if answer is not None:
            self._answer = answer  # of those who share a pipe only one is ever asked
        self.write(request(method, {**params, **envelope(self.era, **FORM)}, number))
        await self._in.drain()
        told: Message = await came
        return told

    async def give_up(self, how: Leaving, method: str, params: Message) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            if how == "questions left" and self.era == MODERN:
                told = await self._once(method, params, None)
                return [] if "inputRequests" in told.get("result", {}) else [f"nobody is asked: {str(told)[:300]}"]
            number, loop = next(self._ids), asyncio.get_running_loop()
            came = self._waiting[number] = loop.create_future()
            self._given_up.append(came)
            if how == "questions left":
                self._left = loop.create_future()
            self.write(request(method, {**params, **envelope(self.era, **FORM)}, number))
            if self._left is not None:
                await self._left
                self._left = None
            elif number % 2:
                await self._once("tools/list", {}, None)  # meanwhile the call has come as far as GitHub
            self.write(cancelled(number))
            await self._in.drain()
        return []

    @property
    def cut_off(self) -> int:
        """Of how many calls that were given up there was, or is, no result."""
        return sum(not came.done() or "error" in came.result() for came in self._given_up)

    async def _listen(self) -> None:
        try:
            while (line := await self._out.readline()).endswith(b"\n"):  # or it was cut off at the end
                self._take(json.loads(line))
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(EOFError("stdout has ended"))
                    waiting.exception()  # nobody may be waiting any more

    def _take(self, told: Message) -> None:
        if "method" in told:
            if "id" in told and self._left is not None:
                self._left.set_result(told)
            elif "id" in told:
                self.write(reply(told, self._answer))
        elif (waiting := self._waiting.pop(told.get("id"), None)) is not None:
            if not waiting.done():
                waiting.set_result(told)
        else:
            self.strays.append(told)

    def close_stdin(self) -> None:
        """Close the pipe on which the server reads."""
        self._in.close()

    async def close_stdout(self) -> None:
        """Read no more: who writes from then on is told that the pipe is broken."""
        pipe = self.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # asyncio shows no other way
        pipe.close()
        await self._listening  # asyncio closes it somewhat later, and a write before that would still go well

    async def take_nothing(self) -> None:
        """Let the server begin an answer for which no pipe has room, and read no more of it while it lives."""
        pipe = self.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # asyncio shows no other way
        pipe.pause_reading()
        self.write(request("ping", envelope(self.era), "x" * 1_000_000))
        await anyio.wait_readable(pipe.get_extra_info("pipe"))
        self._gone = asyncio.create_task(self._until_gone(pipe))

    async def _until_gone(self, pipe: asyncio.ReadTransport) -> None:
        with suppress(ChildProcessError):  # asyncio was faster
            await asyncio.to_thread(os.waitid, os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        pipe.resume_reading()  # to asyncio, a process ends with its pipes

    async def close(self) -> int:
        """Close stdin, as clients do, and return the exit status."""
        self.close_stdin()
        async with asyncio.timeout(PATIENCE):
            status = await self.process.wait()
            await self._listening
        return status


async def listens(port: int) -> None:
    """Wait until a service takes connections: its log says that it has started just before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return


def given(content: Mapping[str, Any] | None) -> Message:
    """Return a person's answer: accepted with this, or declined."""
    return {"action": "decline"} if content is None else {"action": "accept", "content": dict(content)}
