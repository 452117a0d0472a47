"""Processes that are ended or stopped in the middle of calls and of a write, and what they leave behind.

Single cases are in tests/http/test_stopping.py (SIGTERM, clients that go), tests/store (a killed writer, a frozen
database, a store without room), tests/server/test_audit_log.py (a line that does not fit) and
tests/server/test_report_delivery.py (a report without room), and replicas that are killed again and again in
tests/cluster. Here it is whole processes, over stdio too, and the start after it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.sandbox.options import SandboxOptions
from tests.processes import Clock, loopback_github
from tests.prove.endurance_clients import Message, PipeClient
from tests.prove.endurance_processes import HeldGitHub, Running, faults_at_end
from tests.prove.endurance_room import report_killed, without_room
from tests.prove.endurance_stage import Stage, all_answered, call, next_start, send, tool
from tests.prove.fuzz_verdict import refused
from tests.prove.fuzz_wire import HANDSHAKE, MODERN
from tests.prove.parts import Findings

Ending = Callable[[Running], Awaitable[None]]


async def sigterm(running: Running) -> None:
    send(running, signal.SIGTERM)


async def sigkill(running: Running) -> None:
    send(running, signal.SIGKILL)


async def stdin_closed(running: Running) -> None:
    assert isinstance(running.client, PipeClient)
    running.client.close_stdin()


async def stdout_closed(running: Running) -> None:
    assert isinstance(running.client, PipeClient)
    await running.client.close_stdout()


async def stdout_blocked(running: Running) -> None:
    assert isinstance(running.client, PipeClient)
    await running.client.take_nothing()
    send(running, signal.SIGTERM)


@dataclass(frozen=True)
class Case:
    """A way to end in the middle of a write.

    Attributes:
        name: for the table.
        way: stdio or HTTP.
        end: does it.
        status: with which the process ends.
        finished: whether the write that is under way is finished and recorded before.
    """

    name: str
    way: str
    end: Ending
    status: int
    finished: bool


CASES = (
    Case("SIGTERM", "stdio", sigterm, 0, finished=True),
    Case("SIGTERM", "HTTP", sigterm, 0, finished=True),
    Case("SIGKILL", "stdio", sigkill, -signal.SIGKILL, finished=False),
    Case("SIGKILL", "HTTP", sigkill, -signal.SIGKILL, finished=False),
    Case("stdin closed", "stdio", stdin_closed, 0, finished=True),
    Case("stdout closed", "stdio", stdout_closed, 0, finished=True),
    Case("stdout blocked", "stdio", stdout_blocked, 0, finished=True),
)


async def ended(stage: Stage, case: Case, *, applied: bool) -> list[str]:
    """End a process while GitHub has a write and reads of it, then start another; return what is wrong.

    Args:
        stage: where.
        case: how.
        applied: whether GitHub has carried the write out, and only its answer is under way.
    """
    async with stage.start() as running:
        stage.github.hold("POST", applied=applied)
        write = asyncio.create_task(call(running, stage.create()))
        await stage.github.until_reached()
        reads: list[asyncio.Task[Message]] = []
        if stage.way == "stdio":
            reads = [asyncio.create_task(call(running, tool("list_campaigns"))) for _ in range(5)]
        await case.end(running)
        if case.end is sigkill:
            status = await running.ended()
            stage.github.go_on.set()
        else:
            stage.github.go_on.set()
            status = await running.ended()
        await asyncio.gather(write, *reads, return_exceptions=True)
        faults = faults_at_end("it", running.said, status, case.status)
    left = stage.left()
    faults += left.faults
    outcome = "done" if case.finished else "intended"
    if dict(left.outcomes) != {outcome: 1}:
        faults.append(f"the audit says {dict(left.outcomes)}, not {outcome}")
    if case.finished and dict(left.logged) != {"done": 1}:
        faults.append(f"the audit log says {dict(left.logged)}")
    return faults + await next_start(stage)


async def suspended(stage: Stage) -> list[str]:
    """Suspend a process in the middle of reads and of a write, which GitHub answers meanwhile, and resume it."""
    faults: list[str] = []
    async with stage.start() as running:
        stage.github.hold("POST", applied=False)
        calls = [asyncio.create_task(call(running, stage.create()))]
        await stage.github.until_reached()
        send(running, signal.SIGSTOP)
        if stage.way == "stdio":
            calls += [asyncio.create_task(call(running, tool("list_campaigns"))) for _ in range(5)]
        stage.github.go_on.set()
        await asyncio.to_thread(all_answered, stage.github)
        if any(call.done() for call in calls):
            faults.append("it answered while it was suspended")
        send(running, signal.SIGCONT)
        answers = await asyncio.gather(*calls)
        faults += [f"when resumed it answers {str(answer)[:400]}" for answer in answers if refused(answer)]
        if dict(stage.left().outcomes) != {"done": 1}:
            faults.append(f"the audit says {dict(stage.left().outcomes)}")
        send(running, signal.SIGTERM)
        faults += faults_at_end("it", running.said, await running.ended(), 0)
    return faults + await next_start(stage)


Act = Callable[[Stage], Awaitable[list[str]]]
OTHERS: tuple[tuple[str, str, Act], ...] = (
    ("suspended and resumed", "stdio", suspended),
    ("suspended and resumed", "HTTP", suspended),
    ("files that may not grow, and then may", "stdio", without_room),
    ("files that may not grow, and then may", "HTTP", without_room),
    ("report killed, and one that may not grow", "command", report_killed),
)
"""What else is tried: its name, the way, and what does it."""


async def look_at_endings(findings: Findings, folder: Path, *, every: bool) -> None:
    """Try every ending; note what is wrong.

    Args:
        findings: for what is found.
        folder: an empty one.
        every: try each every way, in both eras, before and after GitHub has carried the write out; else each once.
    """
    both = (False, True)
    acts = [(_named(case, applied), case.way, _ending(case, applied=applied)) for case in CASES for applied in both]
    tries = [(name, way, act, era) for name, way, act in (*acts, *OTHERS) for era in (MODERN, HANDSHAKE)]
    for number, (name, way, act, era) in enumerate(tries if every else _one_of_each(tries)):
        place = folder / str(number)
        place.mkdir()
        await _note(findings, f"{name}, {way}, {era}", act, place, way, era)


Try = tuple[str, str, Act, str]


def _one_of_each(tries: Sequence[Try]) -> list[Try]:
    """Return one try of each kind: the first way of one, the last of the next."""
    kinds = dict.fromkeys(name.partition(",")[0] for name, *_ in tries)
    return [[each for each in tries if each[0].startswith(kind)][-(number % 2)] for number, kind in enumerate(kinds)]


def _named(case: Case, applied: bool) -> str:
    return f"{case.name}, {'the answer' if applied else 'the write'} under way"


def _ending(case: Case, *, applied: bool) -> Act:
    return lambda stage: ended(stage, case, applied=applied)


async def _note(findings: Findings, name: str, act: Act, folder: Path, way: str, era: str) -> None:
    clock = Clock()
    with loopback_github(SandboxOptions(limits=False, clock=clock), kind=HeldGitHub) as github:
        assert isinstance(github, HeldGitHub)
        try:
            faults = await act(Stage(folder, github, clock, way, era))
        except (TimeoutError, OSError, EOFError) as problem:
            faults = [f"it came to no end: {problem!r}"]
        finally:
            github.go_on.set()
    findings.tried += 1
    findings.rows.append((name, "nothing half-written" if not faults else "see below"))
    findings.faults += [f"{name}: {fault}" for fault in faults]
