"""Files that may not grow, and the command that writes a report, killed: each file is whole, or as it was before."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from pathlib import Path

from tests.harness import ORG
from tests.prove.endurance_clients import Message
from tests.prove.endurance_processes import Running, environ_of, faults_at_end
from tests.prove.endurance_stage import Stage, call, next_start, send, tool
from tests.prove.fuzz_verdict import refused
from tests.prove.fuzz_wire import HANDSHAKE

_PART_OF_A_LINE = 40


def leave(running: Running, room: int) -> None:
    """Let a process write files up to so many bytes only; what does not fit is refused with EFBIG, or cut there."""
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


async def without_room(stage: Stage) -> list[str]:
    """Let the files of a process not grow for a while: what cannot be recorded is not written, reads go on."""
    faults: list[str] = []
    async with stage.start() as running:
        calls = [tool("list_campaigns"), stage.create("Too much"), tool("list_campaigns")]
        first = await call(running, stage.create())
        leave(running, _room(stage))
        _, write, read = [await call(running, params) for params in calls]
        leave(running, resource.RLIM_INFINITY)
        faults += [f"it answers with {str(answer)[:400]}" for answer in (first, read) if refused(answer)]
        faults += _unrecorded(stage, write)
        send(running, signal.SIGTERM)
        faults += faults_at_end("it", running.said, await running.ended(), 0)
    return faults + await next_start(stage)


def _room(stage: Stage) -> int:
    """Return up to where files may be written: nowhere in one era; in the other the log has room for part of a line."""
    if stage.era == HANDSHAKE:
        return 0
    return stage.log.stat().st_size + _PART_OF_A_LINE


def _unrecorded(stage: Stage, write: Message) -> list[str]:
    """Look at a write of which no record could be kept: a service makes none, a user's own server says so."""
    made, text = stage.published("Too much"), str(write)
    if stage.way == "HTTP":
        return [] if refused(write) and not made else [f"a write without a record: {text[:400]}"]
    told = "The audit record of this call could not be kept" in text
    return [] if made == 1 and not refused(write) and told else [f"what was not kept is not told: {text[:4000]}"]


async def report_killed(stage: Stage) -> list[str]:
    """Kill the command that writes a report, once while it reads, and let it find no room for its file."""
    report = stage.folder / "report.md"
    report.write_text("the one before")
    stage.github.hold("GET", applied=False)
    process = await _report(stage, report)
    await stage.github.until_reached()
    process.kill()
    await process.communicate()
    stage.github.held = ""
    stage.github.go_on.set()
    faults = _as_before(report, "killed")
    process = await _report(stage, report, room=100)
    _, said = await process.communicate()
    faults += faults_at_end("without room", said.decode(), process.returncode or 0, 1) + _as_before(report, "no room")
    process = await _report(stage, report)
    _, said = await process.communicate()
    faults += faults_at_end("the next report", said.decode(), process.returncode or 0, 0)
    if not report.read_text(encoding="utf-8").endswith("\n") or "the one before" in report.read_text(encoding="utf-8"):
        faults.append("the next report is not whole")
    return faults + stage.left().faults


async def _report(stage: Stage, file: Path, *, room: int | None = None) -> asyncio.subprocess.Process:
    """Start the command that writes a report; with room, no file of it may become longer than so many bytes."""
    kept = ("--no-store",) if room else ("--store", str(stage.store))
    environ = environ_of(stage.github)
    if room:  # what measures the tests' coverage would need some of its own
        environ = {name: value for name, value in environ.items() if not name.startswith("COVERAGE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "security_campaigns_mcp", "report", "--org", ORG, *kept, "-o", str(file)),
        stderr=asyncio.subprocess.PIPE,
        env=environ,
    )
    if room is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    return process


def _as_before(report: Path, why: str) -> list[str]:
    left = [each.name for each in report.parent.iterdir() if "report" in each.name]
    whole = report.read_text(encoding="utf-8") == "the one before" and left == [report.name]
    return [] if whole else [f"{why}: of the report there is {left}"]
