"""Twenty thousand calls of everything offered, sound and spoiled, in both protocol eras, within this process."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from server.app import build_server
from server.github.credentials import FixedToken
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from tests.harness import UNHURRIED, Recorder, Sent
from tests.prove.fuzz_calls import WRITING, Call, Calls, Offers
from tests.prove.fuzz_json import dump
from tests.prove.fuzz_values import Values
from tests.prove.fuzz_verdict import faults_in, refused
from tests.prove.fuzz_weights import Scale
from tests.prove.fuzz_wire import (
    FORM,
    GOOD,
    HANDSHAKE,
    MODERN,
    Wire,
    envelope,
    good_call,
    is_good,
    opening,
    request,
    wired,
)
from tests.prove.parts import Size

_CALLS_OF_A_WORLD = 400
_KNOWN_EVERY = 4  # calls, for time's sake; the others show by their answers that the server lives
_ROUNDS = 3  # of questions and wrong answers


@dataclass
class Tally:
    """What came of the calls: how many of each kind were done and refused, how many writes left, what must not be."""

    tried: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    writes: int = 0
    faults: list[str] = field(default_factory=list)
    offered: set[str] = field(default_factory=set)
    validated: int = 0
    scale: Scale = field(default_factory=lambda: Scale(os.getpid(), "calls in memory"))

    def never(self) -> list[str]:
        """Return a fault for everything offered that was never done, or never refused: that proves nothing of it."""
        counts = (("done", self.done), ("refused", self.refused))
        return [f"{kind} was never {what}" for kind in sorted(self.offered) for what, of in counts if not of[kind]]

    @property
    def weights(self) -> list[tuple[str, object]]:
        """What single calls made this process hold, GitHub's sandbox and the test itself included."""
        return self.scale.rows()


class _Crashes(logging.Handler):
    """Keeps what is logged with an exception: whatever that is, the client did not cause it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        while error is not None and error.__cause__ is not None:
            error = error.__cause__
        self.seen.append(f"{record.name}: {record.getMessage()[:200]}: {error!r}"[:600])


@contextmanager
def _crashes() -> Iterator[_Crashes]:
    noticed = _Crashes()
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [noticed]
    try:
        yield noticed
    finally:
        root.handlers[:] = before


async def fuzz_in_memory(size: Size, calls: int) -> Tally:
    """Make so many calls; every world of theirs has its own server, sandbox, era and way of asking.

    Half of the servers ask nobody: nothing but the checks of a call's arguments keeps its writes back. The others ask
    before every write, and get everything for an answer but a confirmation: from them no write may leave.
    """
    tally = Tally()
    with _crashes() as noticed:
        worlds = 4 * -(-calls // (4 * _CALLS_OF_A_WORLD))  # all four kinds equally often
        for world in range(worlds):
            era, asks = (MODERN, HANDSHAKE)[world % 2], world // 2 % 2 == 1
            wanted = calls // worlds + (world < calls % worlds)
            chance = Random(f"{size.seed} {world}")  # noqa: S311 - to be had again
            await _one_world(chance, era, asks, wanted, tally)
            tally.faults += [f"the log tells of a crash: {line}" for line in noticed.seen]
            noticed.seen.clear()
    return tally


async def _one_world(chance: Random, era: str, asks: bool, calls: int, tally: Tally) -> None:
    recorder = Recorder(httpx.ASGITransport(app=create_sandbox(SandboxOptions(limits=False))))
    server = build_server(
        Settings(**UNHURRIED, no_store=True, confirm="writes" if asks else "never"),
        credentials=FixedToken(ADMIN_TOKEN, "the test"),
        transport=recorder,
    )
    async with wired(server) as wire:
        if era == HANDSHAKE:
            first, then = opening(**FORM)
            await wire.ask(first, "opening")
            await wire.send(then)
        offers = await Offers.of(wire, era)
        tally.offered |= offers.kinds
        trial = _Trial(wire, era, asks, offers, chance, recorder.sent, tally)
        made = Calls(offers, chance)
        for number in range(calls):
            try:
                await trial.make(made.one(), number)
            except TimeoutError:
                break  # that is a fault already, and this server is of no more use


class _Trial:
    """One client against one server."""

    def __init__(
        self, wire: Wire, era: str, asks: bool, offers: Offers, chance: Random, sent: list[Sent], tally: Tally
    ) -> None:
        self._wire = wire
        self._era = era
        self._asks = asks
        self._offers = offers
        self._chance = chance
        self._values = Values(chance)
        self._sent = sent
        self._tally = tally
        wire.answering = self._no_confirmation

    async def make(self, call: Call, number: int) -> None:
        """Make a call, and after every fourth the known one."""
        tally = self._tally
        self._sent.clear()
        params = {**call.params, **envelope(self._era, **FORM)}
        params.update({key: value for key, value in call.params.items() if key == "_meta"})
        frame = request(call.method, params, number)
        tally.scale.set_down()
        answer = await self._answer(call, frame, number)
        if too_much := tally.scale.lift(call.what, len(frame)):
            self._fault(call, too_much)
        tally.tried += 1
        if answer is not None:
            for round_ in range(_ROUNDS):
                if answer.get("result", {}).get("resultType") != "input_required":
                    break
                tally.questions += 1
                again = {**params, **self._no_input(answer["result"])}
                answer = await self._answer(
                    call, request(call.method, again, f"{number} {round_}"), f"{number} {round_}"
                )
                if answer is None:
                    break
        if answer is not None:
            (tally.refused if refused(answer) else tally.done)[call.what] += 1
            self._look_at_result(call, answer)
        self._look_at_writes(call)
        if number % _KNOWN_EVERY:
            return
        try:
            if not is_good(await self._wire.ask(good_call(self._era), GOOD)):
                self._fault(call, f"the call after it is not answered as it must: {self._wire.texts[-1][:300]}")
        except TimeoutError:
            self._fault(call, "the call after it hangs")
            raise

    async def _answer(self, call: Call, frame: bytes, number: Any) -> Any:
        try:
            answer = await self._wire.ask(frame, number)
        except TimeoutError:
            self._fault(call, "it hangs")
            return None
        if answer["id"] != number and _readable(frame) and not self._wire.garbled:
            self._fault(call, f"its id is lost: {self._wire.texts[-1][:300]}")
        for fault in faults_in(answer, "\n".join(self._wire.texts)):
            self._fault(call, fault)
        return answer

    def _look_at_result(self, call: Call, answer: Any) -> None:
        result = answer.get("result", {})
        if call.method != "tools/call" or refused(answer) or result.get("resultType") == "input_required":
            return
        self._tally.validated += 1
        if wrong := self._offers.wrong_result(call, result):
            self._fault(call, wrong)

    def _look_at_writes(self, call: Call) -> None:
        writes = [sent for sent in self._sent if sent.method != "GET"]
        self._tally.writes += len(writes)
        if writes and self._asks:
            self._fault(call, f"nobody confirmed it, and {writes[0]} left")
        elif writes and not (call.what.removeprefix("tool ") in WRITING and self._offers.allows(call)):
            self._fault(call, f"its schema does not allow it, and {writes[0]} left")

    def _fault(self, call: Call, what: str) -> None:
        self._tally.faults.append(f"{self._era}, {call.what} {dump(call.params)[:400]}: {what}")

    def _no_confirmation(self, _: Any) -> Any:
        """Answer a question over the wire (2025-11-25) with everything but a confirmation."""
        self._tally.questions += 1
        one_of, wrong = self._chance.choice, self._values.wrong
        return one_of(
            (
                {"error": {"code": one_of((-32603, -1, 0)), "message": "no"}},
                {"result": {"action": one_of(("decline", "cancel", "ACCEPT", "accept ", "", 1, None))}},
                {"result": {"action": "accept", "content": {"go_ahead": one_of((False, "yes", 1, "true", None, []))}}},
                {"result": {"action": "accept", "content": {"campaign": one_of(("octo-org/1", "", 3, None))}}},
                {"result": {"action": "accept", "content": {one_of(("x", "confirmed")): True}}},
                {"result": {"action": "accept"}},
                {"result": {}},
                {"result": {"action": "accept", "content": [wrong()]}},
            )
        )

    def _no_input(self, asked: Any) -> dict[str, Any]:
        """Answer a question in the result (2026-07-28) likewise."""
        reply = self._no_confirmation(asked)
        told = reply.get("result", reply)
        named = dict.fromkeys(asked.get("inputRequests", {}), told)
        state = asked.get("requestState")
        one_of = self._chance.choice
        return {
            "inputResponses": one_of((named, named, named, {}, {"other": told}, [told], None)),
            "requestState": one_of((state, state, state, f"{state}x", "", None, 7)),
        }


def _readable(frame: bytes) -> bool:
    """Tell whether the id of a frame can be made out, since it is JSON to somebody."""
    try:
        json.loads(frame)
    except (ValueError, RecursionError):
        return False
    return True
