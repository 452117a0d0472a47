"""The protocol of 2025: questions come while a call is under way, and whatever is sent may pretend to answer them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from tests.prove.guard_answers import forged, harmless, refusal, right
from tests.prove.guard_calls import Drawn
from tests.prove.guard_chance import Chance
from tests.prove.guard_moves import Move, change_world, replace_token
from tests.prove.guard_rounds import control_of, question
from tests.prove.guard_stages import Stage
from tests.prove.guard_tally import Tally
from tests.prove.guard_wires import ASKS, Message, Reply, Session, tool_call

Act = Callable[[Message], Awaitable[None]]
DECLINE: Message = {"action": "decline"}


@dataclass
class Conversation:
    """A session of the first caller, in which a call is made and its question met with something else than a yes."""

    chance: Chance
    stage: Stage
    tally: Tally
    call: Drawn
    other: Drawn
    session: Session

    @property
    def where(self) -> str:
        return f"{self.stage.name}, 2025, {self.call.kind} {json.dumps(self.call.arguments)}"

    async def make(self, act: Act, **more: Any) -> Reply:
        """Make the call, let `act` meet its question, and return how the call ended."""
        request = await self.session.begin({"name": self.call.tool, "arguments": self.call.arguments, **more})
        while True:
            message = await self.session.next()
            if message.get("method") == "elicitation/create":
                self.tally.questions += 1
                await act(message)
            elif message.get("id") == request and "method" not in message:
                return Reply(message)

    async def reply(self, asked: Message, result: Any, **more: Any) -> None:
        """Answer a question."""
        await self.session.tell({"id": asked["id"], "result": result, **more})

    async def no(self, asked: Message) -> None:
        """End what is still open: the call waits for an answer."""
        await self.reply(asked, DECLINE)

    def note(self, kind: str, reply: Reply, what: Any = "") -> None:
        where = f"{self.where} {json.dumps(what, default=str)[:300]}"
        self.tally.attempt(f"2025: {kind}", reply, self.stage.writes(), where)
        self.stage.restore()


async def forged_reply(on: Conversation) -> None:
    what, answer = forged(on.chance, on.call)

    async def act(asked: Message) -> None:
        await on.reply(asked, answer)
        await on.no(asked)

    on.note(what, await on.make(act), answer)


async def late_yes(on: Conversation) -> None:
    """A no first, then a yes to the same question, and another when the call has ended."""
    asked: list[Message] = []

    async def act(message: Message) -> None:
        asked.append(message)
        await on.reply(message, refusal(on.chance, on.call))
        await on.reply(message, right(on.call))

    ended = await on.make(act)
    await on.reply(asked[0], right(on.call))
    on.note("a yes after a no", ended)


async def error_for_an_answer(on: Conversation) -> None:
    async def act(asked: Message) -> None:
        error = {"code": on.chance.choice((-32603, -32600, -1, 0)), "message": "accept", "data": right(on.call)}
        await on.session.tell({"id": asked["id"], "error": error})
        await on.reply(asked, right(on.call))

    on.note("an error, then a yes", await on.make(act))


async def beside_the_question(on: Conversation) -> None:
    """The right answer under another id, or as a request or notification of its own."""

    async def act(asked: Message) -> None:
        number = asked["id"] if isinstance(asked["id"], int) else 0
        answer = right(on.call)
        for beside in (
            {"id": number + 1, "result": answer},
            {"id": -number - 1, "result": answer},
            {"id": f"{asked['id']}x", "result": answer},
            {"method": "elicitation/create", "params": answer},
            {"method": "notifications/elicitation/complete", "params": {"elicitationId": str(asked["id"]), **answer}},
            {"id": 77, "method": "elicitation/create", "params": {**answer, "id": asked["id"]}},
        ):
            await on.session.tell(beside)
        await on.no(asked)

    on.note("an answer beside the question", await on.make(act))


async def foretold(on: Conversation) -> None:
    """Answers to questions that were not asked yet: their ids can be guessed."""
    for number in range(40):
        await on.session.tell({"id": number, "result": right(on.call)})
    on.note("an answer before the question", await on.make(on.no))


async def in_modern_form(on: Conversation) -> None:
    """The state and answer of 2026-07-28 in a call of 2025: they say nothing there."""
    asked = await question(on.stage, on.tally, on.call)
    answers = {"requestState": asked.state, "inputResponses": {asked.key: right(on.call)}}
    more = on.chance.choice((answers, {"inputResponses": answers["inputResponses"]}, {"_meta": answers}))
    on.note("an answer of 2026-07-28", await on.make(on.no, **more))


async def in_a_modern_envelope(on: Conversation) -> None:
    """A whole call of 2026-07-28, with a good state and answer, in the middle of a session of 2025."""
    asked = await question(on.stage, on.tally, on.call)
    answers = {asked.key: right(on.call)}
    call = tool_call(on.call.tool, on.call.arguments, requestState=asked.state, inputResponses=answers)
    on.note("a call of 2026-07-28", await on.make(on.no, **call["params"]))


async def by_somebody_else(on: Conversation) -> None:
    """The right answer, brought by another caller, at another replica, or in another session."""
    other = await on.stage.home.open(ASKS)
    seats = list(on.stage.bad)

    async def act(asked: Message) -> None:
        answer = {"id": asked["id"], "result": right(on.call)}
        await other.tell(answer)
        for seat in seats if isinstance(on.session, type(other)) and hasattr(on.stage.home, "app") else []:
            await on.session.tell(answer, by=seat)
        await on.no(asked)

    on.note("an answer by somebody else", await on.make(act))


async def after_the_end(on: Conversation) -> None:
    """A yes to the question of a call that was called off, or whose session has ended."""
    asked: list[Message] = []
    request = await on.session.begin({"name": on.call.tool, "arguments": on.call.arguments})
    while not asked:
        message = await on.session.next()
        if message.get("method") == "elicitation/create":
            asked.append(message)
    await on.session.end(request)
    await on.reply(asked[0], right(on.call))
    await anyio.wait_all_tasks_blocked()
    on.note("an answer after the end", Reply(None))


async def unable_to_ask(on: Conversation) -> None:
    session = await on.stage.home.open(on.chance.choice(({}, {"elicitation": {"url": {}}}, {"sampling": {}})))
    able, on.session = on.session, session

    async def act(asked: Message) -> None:
        await on.reply(asked, right(on.call))

    on.note("a client that cannot ask", await on.make(act))
    on.session = able


async def changed_meanwhile(on: Conversation) -> None:
    await _moved(on, change_world)


async def replaced_meanwhile(on: Conversation) -> None:
    """The question named an account, and when the answer comes another one would act."""
    await _moved(on, replace_token)


async def _moved(on: Conversation, move: Move) -> None:
    done: list[str] = []

    async def act(asked: Message) -> None:
        done.append(move(on.chance, on.stage, on.call))
        await on.reply(asked, right(on.call))

    on.note("answer about what has changed", await on.make(act), done)


async def accepted(on: Conversation) -> None:
    """The control: a yes gets through once; sent again it does nothing, and the next call is asked about anew."""
    answers = [harmless(on.chance, on.call)]

    async def act(asked: Message) -> None:
        for _ in range(3):
            await on.reply(asked, answers[0])
        answers.append(asked)

    control_of(on.stage, on.tally, on.call, "2025: accepted once", [await on.make(act)], on.where)
    await on.reply(answers[1], answers[0])
    on.note("the same answer again", await on.make(on.no))


SESSIONS: Sequence[Callable[[Conversation], Awaitable[None]]] = (
    accepted,
    forged_reply,
    forged_reply,
    forged_reply,
    late_yes,
    error_for_an_answer,
    beside_the_question,
    foretold,
    in_modern_form,
    in_a_modern_envelope,
    by_somebody_else,
    after_the_end,
    unable_to_ask,
    changed_meanwhile,
    replaced_meanwhile,
)
