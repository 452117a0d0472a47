"""Faults between this server and GitHub: every tool against every fault, and thousands of writes with a random one.

`python -m tests.prove.faults --write docs/reliability.md` writes what has to come of each; what does come of it is
what `python -m tests.prove faults` holds against it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import anyio

from tests.harness import MODES
from tests.prove.faults_cells import Cell, cells
from tests.prove.faults_document import document
from tests.prove.faults_ground import Place, ground
from tests.prove.faults_kinds import READS, TOOLS, WAYS, WRITES, Fault, Way
from tests.prove.faults_table import FAULTS
from tests.prove.faults_thousand import figures, writes
from tests.prove.parts import Findings, Say, Size, unlogged

TIMES = 1000
_AT_ONCE = 3
_SLICE_OF = 3
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it; the disk is not what is tried


@dataclass(frozen=True)
class _Share:
    """What is tried one after the other: a fault in pairs of a tool and a way."""

    fault: Fault
    era: str
    pairs: tuple[tuple[str, Way], ...]


async def prove(size: Size, say: Say) -> Findings:
    """Try every tool against every fault, and a thousand writes of each kind with a random fault.

    A small share of it all takes a third of the table, and one era for each fault.
    """
    findings = Findings("tools against faults; writes with a random fault each")
    with unlogged(), tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder:
        tried = await _table(_shares(size), Path(folder), say)
        findings.tried = len(tried)
        findings.faults += [fault for cell in tried for fault in cell.faults]
        findings.rows += _figures(tried)
        outcomes = []
        for tool in WRITES:
            say(f"faults: {tool} with a random fault each")
            outcomes += await writes(tool, size.of(TIMES), size.seed, Path(folder))
    findings.tried += len(outcomes)
    findings.rows += figures(outcomes)
    findings.faults += [
        f"{outcome.tool} {outcome.what}, {outcome.fault}: {fault} - {outcome.text[:300]}"
        for outcome in outcomes
        for fault in outcome.faults
    ]
    return findings


def _shares(size: Size) -> list[_Share]:
    """Return what is tried: all of it in one era and the writes in the other; or a third of it, the eras in turn."""
    modern, legacy = MODES
    shares = []
    for number, fault in enumerate(FAULTS):
        pairs = [(tool, way) for way in WAYS for tool in TOOLS if fault.expected(way, tool)]
        if size.share >= 1:
            writing = tuple(pair for pair in pairs if pair[0] in WRITES)
            shares += [_Share(fault, modern, tuple(pairs)), _Share(fault, legacy, writing)]
        else:
            shares.append(_Share(fault, (modern, legacy)[number % 2], tuple(pairs[number % _SLICE_OF :: _SLICE_OF])))
    return shares


def _queues(shares: Sequence[_Share]) -> list[tuple[Place, list[_Share]]]:
    """Return what can be tried on one stage after the other.

    What waits for answers that never come waits beside the others, some tools on a stage of their own.
    """
    queues: dict[tuple[Place, tuple[str, ...]], list[_Share]] = {}
    for share in shares:
        place = Place.of(share.fault, share.era)
        for tools in (READS, WRITES[:1], WRITES[1:]) if place.slow else (TOOLS,):
            pairs = tuple(pair for pair in share.pairs if pair[0] in tools)
            if pairs:
                queues.setdefault((place, tools), []).append(_Share(share.fault, share.era, pairs))
    return [(place, some) for (place, _), some in queues.items()]


async def _table(shares: Sequence[_Share], folder: Path, say: Say) -> list[Cell]:
    tried: list[Cell] = []
    busy = anyio.CapacityLimiter(_AT_ONCE)
    numbers = count()

    async def run(place: Place, queue: list[_Share]) -> None:
        async with AsyncExitStack() as turn:
            if not place.slow:
                await turn.enter_async_context(busy)
            while queue:
                async with ground(place, folder / f"table-{next(numbers)}") as on:
                    while queue and not on.spoilt:
                        share = queue.pop(0)
                        tried.extend(await cells(share.fault, share.pairs, on))

    say(f"faults: {len(TOOLS)} tools against {len(FAULTS)} faults")
    async with anyio.create_task_group() as group:
        for place, queue in _queues(shares):
            group.start_soon(run, place, queue)
    return tried


def _figures(tried: Sequence[Cell]) -> list[tuple[str, object]]:
    most = max(tried, key=lambda cell: cell.requests)
    slow = {fault.name for fault in FAULTS if fault.slow}
    came = Counter(cell.expected for cell in tried)
    return [
        ("tools, faults and ways", len(tried)),
        *((f"of them {outcome}", number) for outcome, number in sorted(came.items())),
        ("most requests of a call", f"{most.requests} ({most.tool}, {most.fault}, {most.way})"),
        ("nearest to its longest time", _nearest([cell for cell in tried if cell.fault not in slow])),
        *((f"the same, {fault}", _nearest([cell for cell in tried if cell.fault == fault])) for fault in sorted(slow)),
    ]


def _nearest(tried: Sequence[Cell]) -> str:
    """Say which call came the nearest to the longest that it may take, with the settings that it was tried with."""
    cell = max(tried, key=lambda cell: cell.elapsed / (cell.most or 1.0))
    return f"{cell.elapsed:.1f} of {cell.most:.1f} s ({cell.tool}, {cell.way}, {cell.fault})"


def main() -> int:
    """Write the document, or print it."""
    parser = argparse.ArgumentParser(description="Write what comes of each fault.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the file; by default it is printed")
    asked = parser.parse_args()
    if asked.write is None:
        print(document(), end="")  # noqa: T201 - this is the result
    else:
        asked.write.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
