"""Ten thousand calls that try to get a guarded write through without a fresh, matching, accepted answer.

The generator knows the tools' schemas and the protocol in both eras. It makes a call that a person must confirm,
attacks while the question is open, and ends the question in one of many ways. What counts is what left the process:
GitHub must see no write but those of the controls, which are the same calls with an accepted answer, each once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio

from tests.prove.guard_calls import Drawn, draw, guarded_calls
from tests.prove.guard_chance import Chance
from tests.prove.guard_decks import OPEN, WALLED, Attack, Talk
from tests.prove.guard_rounds import NotAsked, Round, question
from tests.prove.guard_sessions import Conversation
from tests.prove.guard_stages import Stage, stages
from tests.prove.guard_tally import Tally
from tests.prove.guard_wires import ASKS
from tests.prove.parts import Findings, Say, Size, unlogged

CALLS = 10_000
ENOUGH = 20  # faults to stop at
ATTACKS = 12  # on each open question
_Act = TypeVar("_Act")
_PATIENCE = 60  # seconds for one question and all that is tried with it


async def prove(size: Size, say: Say) -> Findings:
    """Attack until there were that many attempts, or until enough faults are found."""
    chance, tally = Chance(size.seed), Tally()
    wanted = size.of(CALLS)
    with tempfile.TemporaryDirectory() as folder, unlogged():
        async with stages(Path(folder)) as made:
            attackers = [Attacker(chance, stage, tally) for stage in made]
            for attacker in attackers:
                await attacker.prepare()
                await attacker.begin()
            told = 0
            while tally.tried < wanted and len(tally.faults) < ENOUGH:
                for attacker in attackers:
                    await attacker.attack()
                if tally.tried - told >= 1000:
                    told = tally.tried
                    say(f"{told:,} attempts")
            await anyio.wait_all_tasks_blocked()
            late(made, tally)
    late(made, tally)  # and what came while the servers went down
    tally.require_controls()
    return Findings("attempts at a guarded write without an accepted answer", tally.tried, tally.rows(), tally.faults)


def late(stages: Sequence[Stage], tally: Tally) -> None:
    """Note what left for GitHub when everything was answered already."""
    for stage in stages:
        if writes := stage.writes():
            tally.fault("after the last answer", f"wrote: {writes}", stage.name)


class Attacker:
    """Attacks one stage."""

    def __init__(self, chance: Chance, stage: Stage, tally: Tally) -> None:
        self.chance, self.stage, self.tally = chance, stage, tally
        self.keys: tuple[str, ...] = ()
        self.under_way = ""
        self.decks = WALLED if stage.asking else OPEN

    async def prepare(self) -> None:
        """Learn how the questions of all tools are named."""
        calls = [draw(self.chance, self.stage, kind) for kind in guarded_calls(self.stage.confirm)]
        assert {call.tool for call in calls} == set(self.stage.schemas), "a tool that writes is not attacked"
        try:
            asked = [await question(self.stage, self.tally, call) for call in calls]
            self.keys = tuple(dict.fromkeys(each.key for each in asked))
        except NotAsked as problem:
            self.tally.faults.append(str(problem))

    async def begin(self) -> None:
        """Try what no run may leave out, however short."""
        endings, sessions = self.decks.first
        for ending in endings:
            await self._tried(self.modern, ending)
        for session in sessions:
            await self._tried(self.legacy, session)

    async def attack(self) -> None:
        """One question in each era, with all that is tried with it."""
        await self._tried(self.modern, self.dealt("endings", self.decks.endings), ATTACKS)
        await self._tried(self.legacy, self.dealt("sessions", self.decks.sessions))

    async def _tried(self, era: Callable[..., Awaitable[None]], *what: Any) -> None:
        try:
            with anyio.fail_after(_PATIENCE):
                await era(*what)
        except NotAsked as problem:
            self.tally.faults.append(str(problem))
        except TimeoutError:
            self.tally.fault(self.stage.name, "no answer came", self.under_way)

    def drawn(self) -> Drawn:
        """Draw a call of the next kind."""
        kind = self.chance.deal(self.stage.name, guarded_calls(self.stage.confirm))
        return draw(self.chance, self.stage, kind)

    def dealt(self, deck: str, cards: Sequence[_Act]) -> _Act:
        """Return what to do next."""
        return self.chance.deal(f"{deck}, {self.stage.name}", cards)

    async def modern(self, ending: Attack, attacks: int = 0) -> None:
        """Ask a question, attack it so many times, and end it."""
        on = await Round.ask(self.chance, self.stage, self.tally, self.drawn(), self.drawn())
        on.keys = self.keys
        for attack in [*(self.dealt("attacks", self.decks.attacks) for _ in range(attacks)), ending]:
            self.under_way = str(attack)  # for the case that it never ends
            await attack(on)

    async def legacy(self, talk: Talk) -> None:
        """Hold a session of 2025."""
        call, other = self.drawn(), self.drawn()
        session = await self.stage.home.open(ASKS)
        self.under_way = str(talk)
        await talk(Conversation(self.chance, self.stage, self.tally, call, other, session))
