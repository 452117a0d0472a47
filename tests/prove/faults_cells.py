"""Each tool against each fault, in each way: what comes of it, held against the table and against GitHub's memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mcp_types import CallToolResult

from server.domain.audit import AuditRecord
from tests.harness import ORG, text_of
from tests.prove.faults_calls import Call, insides, told
from tests.prove.faults_ground import Ground
from tests.prove.faults_http import Request
from tests.prove.faults_kinds import LARGE, TOOLS, WAYS, WRITES, Fault, Outcome, Way
from tests.prove.faults_stage import NotProved
from tests.prove.faults_time import Times
from tests.prove.faults_wire import Act, Aim

_MIDWAY = 2
_AT_ONCE = 4
_FOUND = "was found by looking"
_OUTCOME_IN_AUDIT = {"result": "done", "error": "failed", "unknown": "unknown"}
_LATE = 2  # times the limit: what hangs for longer is not given up at the limit, however busy the machine is
_REPEATS = 3
_MORE_REQUESTS: Mapping[Way, int] = {
    "once": 2,  # one repeat, or a look and a reading of what it found
    "lasting": _REPEATS,
    "first": 0,  # the repeats are of the first, and none follows
    "midway": _REPEATS * _AT_ONCE,
}
"""How many requests more than without a fault."""
_LOOKS = len(Times().looks) * (1 + _REPEATS)
_SIGNING_IN = 2


@dataclass(frozen=True)
class Cell:
    """One call that a fault befell.

    Attributes:
        requests: what it took.
        elapsed, most: seconds that it took, a wait and a request that hung for its whole limit counted and not the
            machine's own time; and how many it may.
        faults: what should not be, a sentence for each.
    """

    fault: str
    way: Way
    tool: str
    expected: Outcome
    requests: int
    elapsed: float
    most: float
    text: str
    faults: tuple[str, ...]


async def cells(fault: Fault, pairs: Collection[tuple[str, Way]], on: Ground) -> list[Cell]:
    """Let a fault befall tools in some ways. The last cell is where nothing more could be proved, if there is such."""
    trial = _Trial(on, fault)
    found = []
    for tool in TOOLS:
        ways = {way: expected for way in WAYS if (tool, way) in pairs and (expected := fault.expected(way, tool))}
        if not ways:
            continue
        way, expected = next(iter(ways.items()))
        try:
            await on.control(tool)
            for way, expected in ways.items():
                found.append(await trial.cell(way, tool, expected))
        except NotProved as why:
            said = f"{fault.name}, {way}, {tool}: {why}"
            found.append(Cell(fault.name, way, tool, expected, 0, 0.0, 0.0, "", (said,)))
            on.spoilt = True
            break
    return found


class _Trial:
    """One fault on one stage."""

    def __init__(self, on: Ground, fault: Fault) -> None:
        self._on = on
        self._stage = on.stage
        self._fault = fault

    async def cell(self, way: Way, tool: str, expected: Outcome) -> Cell:
        stage, call = self._stage, Call(tool, next(self._on.names))
        recorded, truths = len(await stage.records()), [call.truth(stage.sandbox)]
        arguments = call.arguments(stage.sandbox)
        await self._begin(way, tool)
        result = await stage.call(tool, arguments)
        truths.append(call.truth(stage.sandbox))
        requests = stage.github.requests
        elapsed, most, too_long = self._took(way, tool)
        records = (await stage.records())[recorded:]
        faults = [
            *self._wrong_outcome(call, expected, result, truths),
            *_wrong_record(call, result, records),
            *self._too_much(way, tool, requests),
            *too_long,
            *([f"{stage.github.strayed} connections to another host"] if stage.github.strayed else []),
            *(f"the text holds {inside}" for inside in insides(result)),
        ]
        await self._on.kept.end_fault()
        faults += await self._next_call(call)
        self._on.kept.put_back()
        named = f"{self._fault.name}, {way}, {tool}"
        said = tuple(f"{named}: {fault} - {text_of(result)[:300]}" for fault in faults)
        return Cell(self._fault.name, way, tool, expected, len(requests), elapsed, most, text_of(result), said)

    async def _begin(self, way: Way, tool: str) -> None:
        stage, fault = self._stage, self._fault
        stage.time.waits.clear()
        stage.github.strayed = 0
        if not fault.refuses:
            await stage.github.begin(None if fault.act is None else aim(fault.act, way, tool))
            return
        before = {"first": 0, "midway": _MIDWAY}.get(way, self._before_deciding(tool))
        await stage.github.begin(refuse_after=before)
        if way == "once":
            stage.time.on_wait = stage.github.listen

    def _before_deciding(self, tool: str) -> int:
        """Return how many requests come before the one that decides: the first of a read, the one that writes."""
        return next(
            number for number, request in enumerate(self._on.undisturbed[tool]) if request.writes or tool not in WRITES
        )

    def _wrong_outcome(self, call: Call, expected: Outcome, result: CallToolResult, truths: list[object]) -> list[str]:
        text, outcome, done = text_of(result), told(call, result), call.done(self._stage.sandbox)
        says = {"result": "result", "found": "result", "partial": "result"}.get(expected, expected)
        if outcome != says:
            return [f"{expected} was to come of it, not {outcome}"]
        faults = []
        if expected in ("error", "unknown", "partial") and self._fault.says not in text:
            faults.append(f"the sentence '{self._fault.says}' is missing")
        if expected in ("result", "found") and call.answered(result.structured_content or {}) not in truths:
            faults.append(f"the answer is not what GitHub has: {truths[-1]}")
        if (expected == "found") != (_FOUND in text):
            faults.append("whether it was found by looking is told wrongly")
        if expected == "partial":
            faults += _wrong_part(call, result, truths[-1])
        if call.tool in WRITES and outcome == "result" and done != 1:
            faults.append(f"made {done} times")
        if call.tool in WRITES and outcome == "error" and done:
            faults.append("made, and said not to be")
        if done > 1 or (outcome == "unknown" and bool(done) != bool(self._fault.applied)):
            faults.append(f"made {done} times")
        return faults

    def _too_much(self, way: Way, tool: str, requests: list[Request]) -> list[str]:
        faults = []
        most = len(self._on.undisturbed[tool]) + _MORE_REQUESTS[way] + self._fault.more
        if way == "first":
            most = max(most, 1 + _REPEATS)
        if tool == "create_campaign" and way == "lasting":
            most = max(most, len(self._on.undisturbed[tool]) + _LOOKS)
        if self._fault.app:
            most += most * _SIGNING_IN
        if len(requests) > most:
            faults.append(f"{len(requests)} requests, and {most} are the most")
        writes = [request for request in requests if request.writes]
        if len({(request.method, request.target, request.body) for request in writes}) > 1:
            faults.append("several different writes")
        if way == "first" and writes and self._fault.first is not None and self._fault.first.of(tool) == "error":
            faults.append("a write was sent")
        return faults

    def _took(self, way: Way, tool: str) -> tuple[float, float, list[str]]:
        """Return the seconds that the call took and those that it may, and what was too long."""
        times, hung = self._on.times, self._stage.github.hung
        waited = sum(self._stage.time.waits)
        elapsed = waited + sum(min(seconds, times.limit) for seconds in hung)
        creates = tool == "create_campaign" and way != "first"
        at_once = _AT_ONCE if way == "midway" else 1  # what is waited for at the same time is counted one by one
        most = at_once * times.most(creates=creates, hangs=self._fault.slow)
        most_waits = at_once * times.most_waits(creates=creates)
        faults = []
        if elapsed > most:
            faults.append(f"it took {elapsed:.1f} s, and {most:.1f} are the most")
        if waited > most_waits:
            faults.append(f"it waited {waited:.1f} s, and {most_waits:.1f} are the most")
        if hung and max(hung) > _LATE * times.limit:
            faults.append(f"a request hung for {max(hung):.1f} s, and the limit is {times.limit:.1f}")
        return elapsed, most, faults

    async def _next_call(self, call: Call) -> list[str]:
        """Call again, now that all is well: it works, or says that the earlier call did it."""
        sandbox = self._stage.sandbox
        done_before = call.done(sandbox)
        result = await self._stage.call(call.tool, call.arguments(sandbox))
        if call.tool in WRITES and done_before:
            again = {"create_campaign": "is open already", "update_campaign": "has these values already"}
            expected = again.get(call.tool, "There is no campaign")
            right = result.is_error and expected in text_of(result)
        else:
            right = not result.is_error and call.answered(result.structured_content or {}) == call.truth(sandbox)
        if call.tool in WRITES:
            right = right and call.done(sandbox) == 1
        return [] if right else [f"the next call: {text_of(result)[:200]}"]


def aim(act: Act, way: Way, tool: str) -> Aim:
    """Return the plan that lets a fault befall a call of a tool in this way."""
    begun: list[int] = []

    def befalls(request: Request, number: int) -> Act | None:
        if request.path.startswith("/app/") or request.path.endswith("/installation"):
            return None
        if way == "once":
            hit = not begun and (request.writes or tool not in WRITES)
        elif way == "lasting":
            hit = bool(begun) or request.writes or tool not in WRITES
        else:
            hit = number >= (_MIDWAY if way == "midway" else 0)
        if hit:
            begun.append(number)
        return act if hit else None

    return befalls


def _wrong_part(call: Call, result: CallToolResult, truth: object) -> list[str]:
    """Return what is wrong with a part: it has to be true as far as it goes, and to say that it is one."""
    assert call.tool in LARGE
    structure = result.structured_content or {}
    if not structure.get("partial"):
        return ["nothing says that something is missing"]
    part = call.answered(structure)
    if isinstance(part, dict) and isinstance(truth, dict):
        right = bool(part) and part.items() < truth.items()
    else:
        right = isinstance(part, int) and isinstance(truth, int) and 0 < part < truth
    return [] if right else [f"{part} is no part of {truth}"]


def _wrong_record(call: Call, result: CallToolResult, records: list[AuditRecord]) -> list[str]:
    """Return what is wrong with the audit: a write has one record, which says what the caller was told."""
    outcome = told(call, result)
    if call.tool not in WRITES or outcome is None:
        return [f"{len(records)} records of a read"] if records and outcome else []
    outcomes = [record.outcome for record in records if record.org == ORG]
    return [] if outcomes == [_OUTCOME_IN_AUDIT[outcome]] else [f"the audit says {outcomes}"]
