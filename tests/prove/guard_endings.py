"""Ways to end a question: a yes that gets through, and what must not; after each of them its state is used up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from tests.prove.guard_answers import forged, harmless, misplaced, refusal
from tests.prove.guard_arguments import reordered
from tests.prove.guard_moves import Move, at_the_last_moment, change_world, replace_token
from tests.prove.guard_rounds import Round, control
from tests.prove.guard_wires import Message, Reply


async def afterwards(on: Round, kind: str) -> None:
    """Bring the right answer after all, several times at once."""

    async def again() -> None:
        arguments = on.chance.choice((on.call.arguments, reordered(on.chance, on.call)))
        replies.append(await on.send(on.good(), arguments=arguments, **on.answered(harmless(on.chance, on.call))))

    replies: list[Reply] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(on.chance.randint(1, 3)):
            tasks.start_soon(again)
    for reply in replies:
        on.note(kind, reply)


async def accepted(on: Round) -> None:
    """The control: a yes gets through once, and never again."""
    arguments = on.chance.choice((on.call.arguments, reordered(on.chance, on.call)))
    reply = await on.send(on.good(), arguments=arguments, **on.answered(harmless(on.chance, on.call)))
    control(on, "accepted once", [reply])
    await afterwards(on, "the same answer again")


async def forged_answer(on: Round) -> None:
    what, answer = forged(on.chance, on.call)
    on.note(what, await on.send(on.good(), **on.answered(answer)), answer)
    await afterwards(on, "the right answer after a wrong one")


async def refused_answer(on: Round) -> None:
    on.note("declined or cancelled with content", await on.send(on.good(), **on.answered(refusal(on.chance, on.call))))
    await afterwards(on, "a yes after a no")


async def misplaced_answer(on: Round) -> None:
    what, responses = misplaced(on.chance, on.call, on.asked.key, on.keys)
    reply = await on.send(on.good(), requestState=on.asked.state, inputResponses=responses)
    on.note(what, reply, responses)
    await afterwards(on, "the right answer after a wrong one")


async def changed_meanwhile(on: Round) -> None:
    """Between the question and its answer: it reads differently now, so it is asked anew."""
    await _changed(on, on.chance.deal("changes", (change_world, change_world, replace_token)))


async def _changed(on: Round, move: Move) -> None:
    what = move(on.chance, on.stage, on.call)
    on.note("answer about what has changed", await on.send(on.good(), **on.answer()), what)
    await afterwards(on, "the same answer when it has changed back")


async def changed_at_the_last_moment(on: Round) -> None:
    """The question is still the same when the answer comes, and only then somebody else is quicker."""
    await _at_the_last_moment(on, change_world)


async def replaced_at_the_last_moment(on: Round) -> None:
    """The account that the question named acts no more when it comes to the write."""
    await _at_the_last_moment(on, replace_token)


async def _at_the_last_moment(on: Round, move: Move) -> None:
    at_the_last_moment(move, on.chance, on.stage, on.call)
    on.note("changed at the last moment", await on.send(on.good(), **on.answer()), move.__name__)
    await afterwards(on, "the same answer when it has changed back")


async def unable_to_ask(on: Round) -> None:
    capabilities: Message = on.chance.choice(({}, {"elicitation": {"url": {}}}, {"sampling": {}}))
    on.note("answer of a client that cannot ask", await on.send(on.good(), capabilities=capabilities, **on.answer()))
    await afterwards(on, "the right answer after a wrong one")


ENDING: Sequence[Callable[[Round], Awaitable[None]]] = (
    accepted,
    accepted,
    forged_answer,
    forged_answer,
    forged_answer,
    refused_answer,
    misplaced_answer,
    changed_meanwhile,
    changed_at_the_last_moment,
    replaced_at_the_last_moment,
    unable_to_ask,
)
