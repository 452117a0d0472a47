"""What is done at a stage: where an accepted answer writes, and where nothing does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.prove import guard_endings as endings
from tests.prove import guard_sessions as sessions
from tests.prove.guard_answers import right
from tests.prove.guard_attacks import LEAVING_OPEN, at_every_other_seat
from tests.prove.guard_rounds import Round
from tests.prove.guard_sessions import Conversation
from tests.prove.guard_together import TOGETHER_ENDING, TOGETHER_SESSIONS
from tests.prove.guard_wires import Message

Attack = Callable[[Round], Awaitable[None]]
Talk = Callable[[Conversation], Awaitable[None]]


@dataclass(frozen=True)
class Decks:
    """What is dealt.

    Attributes:
        attacks: on an open question, which stays open.
        endings: of a question.
        sessions: of 2025, each with a call.
        first: endings and sessions that every stage has to begin with, or a short run might leave them out.
    """

    attacks: Sequence[Attack]
    endings: Sequence[Attack]
    sessions: Sequence[Talk]
    first: tuple[Sequence[Attack], Sequence[Talk]]


OPEN = Decks(
    LEAVING_OPEN,
    (*endings.ENDING, *TOGETHER_ENDING),
    (*sessions.SESSIONS, *TOGETHER_SESSIONS),
    (
        (endings.changed_at_the_last_moment, endings.replaced_at_the_last_moment, at_every_other_seat),
        (sessions.changed_meanwhile, sessions.replaced_meanwhile),
    ),
)


async def accepted_behind_a_wall(on: Round) -> None:
    """The very answer that would count elsewhere."""
    on.note("a right answer where nothing is written", await on.send(on.good(), **on.answer()))
    await endings.afterwards(on, "a right answer where nothing is written")


async def willing_behind_a_wall(on: Conversation) -> None:
    """A client of 2025 that would say yes to anything."""

    async def act(asked: Message) -> None:
        await on.reply(asked, right(on.call))

    on.note("a right answer where nothing is written", await on.make(act))


WALLED = Decks(
    LEAVING_OPEN,
    (
        accepted_behind_a_wall,
        endings.forged_answer,
        endings.refused_answer,
        endings.misplaced_answer,
        endings.changed_meanwhile,
        endings.unable_to_ask,
    ),
    (
        willing_behind_a_wall,
        willing_behind_a_wall,
        sessions.foretold,
        sessions.in_modern_form,
        sessions.in_a_modern_envelope,
        sessions.unable_to_ask,
    ),
    ((accepted_behind_a_wall,), (willing_behind_a_wall,)),
)
"""For a stage that never writes: every write is a fault there, whatever is brought."""
