"""Rounds of the 2026-07-28 protocol: a question asked honestly, and what is counted of what is tried with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.prove.guard_answers import right
from tests.prove.guard_calls import Drawn
from tests.prove.guard_chance import Chance
from tests.prove.guard_stages import Stage
from tests.prove.guard_tally import ASKED, DONE, Tally, outcome, text_in
from tests.prove.guard_wires import Message, Reply, Seat, tool_call


@dataclass(frozen=True)
class Asked:
    """A question as it came, with what has to be sent back."""

    key: str
    state: str
    text: str


@dataclass
class Round:
    """One call, its question, and everything that is tried with both."""

    chance: Chance
    stage: Stage
    tally: Tally
    call: Drawn
    other: Drawn
    asked: Asked
    another: Asked
    keys: tuple[str, ...] = ()

    @classmethod
    async def ask(cls, chance: Chance, stage: Stage, tally: Tally, call: Drawn, other: Drawn) -> Round:
        """Make two calls without an answer; both must be asked about, with nothing written."""
        asked = await question(stage, tally, call)
        return cls(chance, stage, tally, call, other, asked, await question(stage, tally, other))

    @property
    def where(self) -> str:
        return f"{self.stage.name}, {self.call.kind} {json.dumps(self.call.arguments, ensure_ascii=True)}"

    async def send(self, seat: Seat | None = None, **changed: Any) -> Reply:
        """Send the call; `changed` are the tool, its arguments, the capabilities, or further params."""
        given = {"tool": self.call.tool, "arguments": self.call.arguments, **changed}
        return await (seat or self.stage.home).send(tool_call(**given))

    def good(self) -> Seat:
        return self.chance.choice(self.stage.good)

    def answer(self) -> Message:
        """Return the params of the right answer to the question."""
        return self.answered(right(self.call))

    def answered(self, answer: Any) -> Message:
        """Return the params of an answer to the question, whatever it is."""
        return {"requestState": self.asked.state, "inputResponses": {self.asked.key: answer}}

    def note(self, kind: str, reply: Reply, what: Any = "", *, may_be_done: bool = False) -> None:
        """Count an attempt, and put the world back if it moved."""
        writes = self.stage.writes()
        where = f"{self.where} {json.dumps(what, default=str)[:300]}"
        self.tally.attempt(kind, reply, writes, where, may_be_done=may_be_done or self.stage.moved)
        self.stage.restore()


class NotAsked(Exception):
    """A call that a person must confirm was not asked about."""


async def question(stage: Stage, tally: Tally, call: Drawn) -> Asked:
    """Make a call without an answer.

    Raises:
        NotAsked: so that nothing can be proved with it.
    """
    reply = await (stage.asking or stage.home).send(tool_call(call.tool, call.arguments))
    if outcome(reply) != ASKED or stage.writes() or reply.message is None:
        raise NotAsked(f"{stage.name}, {call.kind} {json.dumps(call.arguments)}: was not asked about: {reply}")
    result = reply.message["result"]
    [(key, request)] = result["inputRequests"].items()
    tally.questions += 1
    return Asked(key, result["requestState"], request["params"]["message"])


def control(on: Round, kind: str, replies: Sequence[Reply]) -> None:
    """Hold that of these replies to accepted answers one is done, with its one write."""
    control_of(on.stage, on.tally, on.call, kind, replies, on.where)


def control_of(stage: Stage, tally: Tally, call: Drawn, kind: str, replies: Sequence[Reply], where: str) -> None:
    """As `control`, in whichever era."""
    writes = stage.writes()
    done = [reply for reply in replies if outcome(reply) == DONE]
    tally.accepted[kind].update(answers=len(replies), done=len(done), writes=len(writes))
    if len(writes) != 1 or len(done) != 1 or not call.is_made_by(writes[0]):
        said = [text_in(reply)[:200] or reply.message for reply in replies]
        tally.fault(kind, f"{len(done)} done, {len(writes)} writes {writes}: {said}", where)
    stage.restore()
