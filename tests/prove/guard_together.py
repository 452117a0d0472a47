"""Several answers at the same moment: equal ones, a right one beside a wrong one, and those of two open questions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from tests.prove.guard_answers import forged, right
from tests.prove.guard_calls import Drawn
from tests.prove.guard_endings import afterwards
from tests.prove.guard_rounds import NotAsked, Round, control, control_of, question
from tests.prove.guard_sessions import DECLINE, Conversation
from tests.prove.guard_stages import Stage
from tests.prove.guard_tally import DONE, REFUSED, Tally, outcome
from tests.prove.guard_wires import Message, Reply, Seat

TOGETHER = 8


async def accepted_together(on: Round) -> None:
    """The control under concurrency: of several equal answers at once exactly one gets through."""
    replies: list[Reply] = []

    async def answer(seat: Seat) -> None:
        replies.append(await on.send(seat, **on.answer()))

    async with anyio.create_task_group() as tasks:
        for number in range(TOGETHER):
            tasks.start_soon(answer, on.stage.good[number % len(on.stage.good)])
    control(on, f"{TOGETHER} at once", replies)
    await afterwards(on, "the same answer again")


async def forged_and_right_together(on: Round) -> None:
    """A wrong answer beside the right one: whichever comes first uses the question up."""
    what, wrong = forged(on.chance, on.call)
    replies: dict[bool, Reply] = {}

    async def answer(seat: Seat, is_right: bool) -> None:
        replies[is_right] = await on.send(seat, **(on.answer() if is_right else on.answered(wrong)))

    async with anyio.create_task_group() as tasks:
        for is_right in on.chance.sample((True, False), 2):
            tasks.start_soon(answer, on.good(), is_right)
    where = f"{on.where} {what}"
    at_most_once(on.stage, on.tally, "forged and right together", [(on.call, replies[True])], [replies[False]], where)
    await afterwards(on, "the right answer after a wrong one")


async def crossed_together(on: Round) -> None:
    """Two open questions: each call with the other's state, beside each with its own. Only its own counts, once."""
    calls, asked = (on.call, on.other), (on.asked, on.another)
    if on.asked.text == on.another.text:
        return await accepted_together(on)
    answers = {of.key: right(call) for call, of in zip(calls, asked, strict=True)}
    own: list[tuple[Drawn, Reply]] = []
    crossed: list[Reply] = []

    async def answer(which: int, state_of: int) -> None:
        call = calls[which]
        # With one key for both questions the answers differ all the same where something was typed.
        responses = {**answers, asked[which].key: right(call)}
        params = {"requestState": asked[state_of].state, "inputResponses": responses}
        reply = await on.send(on.good(), tool=call.tool, arguments=call.arguments, **params)
        if which == state_of:
            own.append((call, reply))
        else:
            crossed.append(reply)

    async with anyio.create_task_group() as tasks:
        for which, state_of in on.chance.sample(((0, 0), (0, 1), (1, 0), (1, 1)), 4):
            tasks.start_soon(answer, which, state_of)
    at_most_once(on.stage, on.tally, "two questions crossed", own, crossed, f"{on.where} beside {calls[1].arguments}")
    return await afterwards(on, "the same answer again")


def at_most_once(
    stage: Stage, tally: Tally, kind: str, own: Sequence[tuple[Drawn, Reply]], others: Sequence[Reply], where: str
) -> None:
    """Hold that each call is done at most once, by its own answer, and that nothing else is written.

    Args:
        stage, tally, where: as for `control_of`.
        kind: what was tried.
        own: the calls with the replies to their own right answers.
        others: replies to everything else that was sent at the same moment.
    """
    writes = stage.writes()
    done = sorted((call for call, reply in own if outcome(reply) == DONE), key=lambda call: -len(call.holds))
    tally.accepted[kind].update(answers=len(own), done=len(done), writes=len(writes))
    for reply in others:
        tally.attempt(kind, reply, (), where)
    left = list(writes)
    for call in done:  # the one that says most of its write first: a write may hold what another call's holds, and more
        made = next((sent for sent in left if call.is_made_by(sent)), None)
        if made is None:
            tally.fault(kind, f"{call.kind} is said to be done, and GitHub saw {writes}", where)
        else:
            left.remove(made)
    for call in _failed(own):
        made = next((sent for sent in left if call.is_made_by(sent)), None)
        if made is not None:
            left.remove(made)
    if left:
        tally.fault(kind, f"wrote: {', '.join(f'{sent.method} {sent.path}' for sent in left)}", where)
    stage.restore()


def _failed(own: Sequence[tuple[Drawn, Reply]]) -> list[Drawn]:
    """Return the calls that GitHub may have refused, because the other of them was quicker: it deleted the campaign."""
    return [call for call, reply in own if outcome(reply) == REFUSED] if len(own) > 1 else []


# The protocol of 2025.


async def yes_together(on: Conversation) -> None:
    """The control: several equal answers to one question at once let its call through once."""

    async def act(asked: Message) -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(TOGETHER):
                tasks.start_soon(on.reply, asked, right(on.call))

    control_of(on.stage, on.tally, on.call, f"2025: {TOGETHER} at once", [await on.make(act)], on.where)


async def wrong_and_right_together(on: Conversation) -> None:
    """The first of both ends the question, and which that is nobody can tell: the call is done once, or not."""
    what, wrong = forged(on.chance, on.call)

    async def act(asked: Message) -> None:
        async with anyio.create_task_group() as tasks:
            for answer in on.chance.sample((wrong, right(on.call)), 2):
                tasks.start_soon(on.reply, asked, answer)
        await on.no(asked)

    own = [(on.call, await on.make(act))]
    at_most_once(on.stage, on.tally, "2025: forged and right together", own, [], f"{on.where} {what}")


async def yes_beside_a_no(on: Conversation) -> None:
    """Two calls of one session are asked about; at one moment the one gets a yes and the other a no."""
    mine, theirs = await question(on.stage, on.tally, on.call), await question(on.stage, on.tally, on.other)
    if mine.text == theirs.text:  # the questions could not be told apart
        return await yes_together(on)
    asked, requests = await _both_asked(on)
    async with anyio.create_task_group() as tasks:
        for text, result in on.chance.sample(((mine.text, right(on.call)), (theirs.text, DECLINE)), 2):
            tasks.start_soon(on.reply, asked[text], result)
    replies: dict[int, Reply] = {}
    while len(replies) < 2:
        message = await on.session.next()
        replies[message["id"]] = Reply(message)
    yes, no = (replies[request] for request in requests)
    kind, where = "2025: a yes beside a no", f"{on.where} beside {on.other.arguments}"
    on.tally.attempt(kind, no, (), where)
    return control_of(on.stage, on.tally, on.call, kind, [yes], where)


async def _both_asked(on: Conversation) -> tuple[dict[str, Message], list[int]]:
    """Make both calls and return their questions by text, and their ids in this order."""
    requests = [
        await on.session.begin({"name": call.tool, "arguments": call.arguments}) for call in (on.call, on.other)
    ]
    asked: dict[str, Message] = {}
    while len(asked) < 2:
        message = await on.session.next()
        if "params" not in message:
            raise NotAsked(f"{on.where}, beside {on.other.arguments}: was not asked about: {message}")
        asked[message["params"]["message"]] = message
    on.tally.questions += 2
    return asked, requests


TOGETHER_ENDING: Sequence[Callable[[Round], Awaitable[None]]] = (
    accepted_together,
    forged_and_right_together,
    crossed_together,
)
TOGETHER_SESSIONS: Sequence[Callable[[Conversation], Awaitable[None]]] = (
    yes_together,
    wrong_and_right_together,
    yes_beside_a_no,
)
