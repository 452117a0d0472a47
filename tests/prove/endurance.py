"""Endurance: nothing grows over many mixed calls, no task is left, and no ending leaves anything half-written.

A hundred thousand calls are `tests.prove.soak`; what ends a process in the middle is in `endurance_endings`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.prove.endurance_endings import look_at_endings
from tests.prove.endurance_tasks import look_for_tasks
from tests.prove.parts import Findings, Say, Size
from tests.prove.soak import soak

CALLS = 10_000
_IN_THIS_PROCESS = 4
"""Calls are made four times with clients of this process: in each era over memory and over HTTP."""

_EACH_WAY = 20  # such calls at least


async def prove(size: Size, say: Say) -> Findings:
    """Make the calls, a tenth of them in this process, and end processes in every way."""
    findings = Findings("mixed calls, and processes ended in the middle")
    calls = size.of(CALLS, least=200)
    found = await soak(calls * 9 // 10, size.seed, say)
    with tempfile.TemporaryDirectory() as folder:
        say("tasks")
        await look_for_tasks(found, max(_EACH_WAY, calls // 10 // _IN_THIS_PROCESS), size.seed, Path(folder))
        say("endings")
        await look_at_endings(found, Path(folder), every=size.share >= 1)
    findings.tried, findings.rows, findings.faults = found.tried, found.rows, found.faults
    return findings
