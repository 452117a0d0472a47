"""Many writes with a random fault each: what the callers were told, held against what GitHub has.

A lane is a server of its own in front of a GitHub of its own, with its own chance, so that the same seed gives the same
calls with the same faults. What comes of them may differ from run to run: how long a request may take is real time, and
so are the turns of the lanes, which go on at the same time, since some wait for answers that never come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import anyio
from mcp_types import CallToolResult

from server.sandbox.world import Campaign
from tests.harness import MODES, ORG, open_pairs, text_of
from tests.prove.faults_acts import HOUR
from tests.prove.faults_calls import insides
from tests.prove.faults_http import Request
from tests.prove.faults_kinds import WRITES, Fault
from tests.prove.faults_stage import NotProved, Stage, staged
from tests.prove.faults_table import FAULTS
from tests.prove.faults_wire import Act, Aim

LANES = 8
LEAST_LANES, _OF_A_LANE = 4, 5
"""A few writes are made in fewer lanes: one of each kind, and none for less than so many."""
_FIRST = 1000
"""The number of the first campaign to be changed or deleted."""
_NOT_KNOWN = "So it is not known whether "
_NOT_DONE = ("Nothing was published.", "was not changed.", "was not deleted.")
_SOON_AFTER, _LONG_AFTER = timedelta(minutes=1), timedelta(minutes=10)
_SLOW_WEIGHT, _WEIGHT = 1, 6
_LIMIT = 0.6  # seconds for a request; where the machine is slower than that, it is one more fault
_LENGTHS = (1, 1, 1, 2, 3, 5, 100)
"""How many requests in a row a fault befalls."""
_DEEPEST = 5
"""The last request of a call that a fault begins with."""
_AT_WRITE = 0.5
"""How often it begins with the one that writes, whichever that is."""


@dataclass
class Outcome:
    """What became of one call.

    Attributes:
        tool, what: the call: the campaign's new name, or the number of the one to be deleted.
        fault: what befell it.
        told: "done", "not done", "unknown", or None when the text said neither.
        made: how often GitHub made the write.
        number: the campaign's, as it was told.
        text: what the caller read.
    """

    tool: str
    what: str
    fault: str
    told: str | None
    made: int
    text: str
    number: int | None = None
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Attack:
    """A fault, the first request that it befalls, and how many in a row.

    Attributes:
        fault, length: see above.
        first: the number of the request within its call.
        at_write: begin with the request that writes instead.
    """

    fault: Fault
    first: int
    length: int
    at_write: bool

    def aim(self) -> Aim:
        begun: list[int] = []

        def befalls(request: Request, number: int) -> Act | None:
            if not begun and (request.writes if self.at_write else number >= self.first):
                begun.append(number)
            return self.fault.act if begun and number < begun[0] + self.length else None

        return befalls


async def writes(tool: str, times: int, seed: int, folder: Path) -> list[Outcome]:
    """Make so many writes of a kind, each with a fault; `folder` is for what the servers keep."""
    lanes = min(LANES, max(LEAST_LANES, times // _OF_A_LANE))
    found: list[list[Outcome]] = [[] for _ in range(lanes)]

    async def run(lane: int) -> None:
        place = folder / f"{tool}-{lane}"
        place.mkdir(parents=True)
        era = list(MODES)[lane % len(MODES)]
        # Signing in as an app in one lane of four, so that tokens expire; the others cannot.
        async with staged(era, place, app=lane % 4 == 3, limit=_LIMIT, limits=False) as stage:
            share = len(range(lane, times, lanes))
            found[lane] = await _Lane(tool, stage, Random(f"{seed}-{tool}-{lane}"), app=lane % 4 == 3).run(share)  # noqa: S311 - to be had again

    async with anyio.create_task_group() as group:
        for lane in range(lanes):
            group.start_soon(run, lane)
    return [outcome for outcomes in found for outcome in outcomes]


class _Lane:
    """Calls one after the other on a stage of their own."""

    def __init__(self, tool: str, stage: Stage, chance: Random, *, app: bool) -> None:
        self._tool = tool
        self._stage = stage
        self._chance = chance
        self._faults = [fault for fault in FAULTS if (fault.act or fault.refuses) and (app or not fault.app)]
        self._world = stage.sandbox.state.organization(ORG)
        self._under_way = ("", "")  # the call and its fault

    async def run(self, times: int) -> list[Outcome]:
        """Make so many calls; the last outcome is where nothing more could be proved, if there is such."""
        outcomes: list[Outcome] = []
        try:
            await self._calls(times, outcomes)
            await self._held_against_audit(outcomes)
        except NotProved as why:
            what, fault = self._under_way
            outcomes.append(Outcome(self._tool, what, fault, None, 0, "", faults=[str(why)]))
        return outcomes

    async def _calls(self, times: int, outcomes: list[Outcome]) -> None:
        self._seed_campaigns(times)
        pairs = [{**pair, "alert_numbers": pair["alert_numbers"][:2]} for pair in open_pairs(self._stage.sandbox)]
        for index in range(times):
            attack = self._attack()
            what = f"Fix {index}" if self._tool != "delete_campaign" else str(_FIRST + index)
            self._under_way = (what, attack.fault.name)
            await self._begin(attack)
            result = await self._stage.call(self._tool, self._arguments(what, index, pairs))
            await self._end(attack)
            outcomes.append(self._outcome(what, attack, result))
            for campaign in self._world.campaigns.values():  # this server refuses an eleventh open campaign
                campaign.state = "closed"

    def _seed_campaigns(self, times: int) -> None:
        model = self._world.campaigns[3]
        self._world.campaigns = {}
        if self._tool != "create_campaign":
            for number in range(_FIRST, _FIRST + times):
                self._world.campaigns[number] = replace(model, number=number, name=f"Old {number}")
        self._world.last_campaign_number = _FIRST + times

    def _attack(self) -> Attack:
        weights = [_SLOW_WEIGHT if fault.slow else _WEIGHT for fault in self._faults]
        [fault] = self._chance.choices(self._faults, weights)
        first, length = self._chance.randint(0, _DEEPEST), self._chance.choice(_LENGTHS)
        return Attack(fault, first, length, at_write=self._chance.random() < _AT_WRITE)

    async def _begin(self, attack: Attack) -> None:
        github, time = self._stage.github, self._stage.time
        github.etags = attack.fault.etags
        if attack.fault.act is not None:
            await github.begin(attack.aim())
            return
        await github.begin(refuse_after=attack.first)
        waits = len(time.waits) + attack.length

        async def listen_again() -> None:
            if len(time.waits) >= waits:
                await github.listen()

        time.on_wait = listen_again

    async def _end(self, attack: Attack) -> None:
        """End the fault; no limit lasts into the next call."""
        stage = self._stage
        stage.time.on_wait = None
        stage.restore_token()
        await stage.github.begin()
        stage.time.advance(HOUR if attack.fault.limits else _SOON_AFTER)

    def _arguments(self, what: str, index: int, pairs: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if self._tool == "create_campaign":
            return {"name": what, "description": "Do it.", "ends_at": "2099-01-08", "alerts": pairs}
        if self._tool == "update_campaign":
            return {"campaign_number": _FIRST + index, "name": what}
        return {"campaign_number": _FIRST + index}

    def _made(self, what: str) -> list[Campaign]:
        """Return the campaigns that show that a write was made."""
        return [campaign for campaign in self._world.campaigns.values() if campaign.name == what]

    def _outcome(self, what: str, attack: Attack, result: CallToolResult) -> Outcome:
        text = text_of(result)
        if not result.is_error:
            told: str | None = "done"
        elif _NOT_KNOWN in text:
            told = "unknown"
        else:
            told = "not done" if text.endswith(_NOT_DONE) else None
        made = len(self._made(what)) if self._tool != "delete_campaign" else int(int(what) not in self._world.campaigns)
        number = (result.structured_content or {}).get("campaign", {}).get("number")
        outcome = Outcome(self._tool, what, attack.fault.name, told, made, text, number)
        outcome.faults = [*_faults_of(outcome), *(f"the text holds {inside}" for inside in insides(result))]
        if self._tool == "create_campaign" and told == "done" and [one.number for one in self._made(what)] != [number]:
            outcome.faults.append(f"told to be campaign {number}")
        return outcome

    async def _held_against_audit(self, outcomes: list[Outcome]) -> None:
        """Let what is not known be looked for later, and see what the audit says in the end."""
        stage = self._stage
        self._under_way = ("all of them", "looked for later")
        for _ in range(3):
            stage.time.advance(_LONG_AFTER)
            stage.app.looked.clear()
            await stage.call("list_campaigns", {})
        by_what: dict[str, list[str]] = {}
        for record in await stage.records():
            what = str(record.campaign_number) if self._tool == "delete_campaign" else record.change.get("name")
            by_what.setdefault(str(what), []).append(record.outcome)
        for outcome in outcomes:
            outcome.faults += _against_audit(outcome, by_what.get(outcome.what, []))


def _faults_of(outcome: Outcome) -> list[str]:
    """Return what contradicts what GitHub has."""
    if outcome.made > 1:
        return [f"made {outcome.made} times"]
    wrong = {"done": 0, "not done": 1}.get(outcome.told or "")
    if outcome.told is None:
        return ["it is not told whether it was made"]
    return [f"told to be {outcome.told}, and made {outcome.made} times"] if outcome.made == wrong else []


def _against_audit(outcome: Outcome, recorded: list[str]) -> list[str]:
    if len(recorded) != 1:
        return [f"{len(recorded)} records"]
    settled = "done" if outcome.made else "failed"
    right = {"done": {"done"}, "not done": {"failed"}, "unknown": {"unknown", settled}}.get(outcome.told or "", set())
    return [] if recorded[0] in right else [f"told to be {outcome.told}, recorded as {recorded[0]}"]


def figures(outcomes: Sequence[Outcome]) -> list[tuple[str, object]]:
    """Return what a person reads of it."""
    rows: list[tuple[str, object]] = []
    for tool in WRITES:
        mine = [outcome for outcome in outcomes if outcome.tool == tool]
        told = Counter(outcome.told for outcome in mine)
        unclear = [outcome for outcome in mine if outcome.told == "unknown"]
        rows += [
            (f"{tool}: calls", len(mine)),
            (f"{tool}: told to be made", told["done"]),
            (f"{tool}: made, as GitHub has it", sum(outcome.made for outcome in mine)),
            (f"{tool}: told not to be made", told["not done"]),
            (f"{tool}: not known, and made", sum(outcome.made for outcome in unclear)),
            (f"{tool}: not known, and not made", sum(not outcome.made for outcome in unclear)),
        ]
    return rows
