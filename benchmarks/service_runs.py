"""Runs the measurement of the service: servers that stay up, and loads that take turns."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks import processes
from benchmarks.campaign_github import ORGS, PAGES
from benchmarks.processes import Worker

THIS, BARE = "this project", "bare MCPServer"
WORKERS = (1, 2)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        clients: how many call at once.
        tool_calls: in each run.
        rounds: how often everybody has a turn. In every other round the order is turned around.
    """

    clients: int
    tool_calls: int
    rounds: int


FULL = Plan(clients=32, tool_calls=640, rounds=8)
QUICK = Plan(clients=32, tool_calls=64, rounds=1)
"""Shows that the benchmark works; what it measures means nothing."""


class Run(NamedTuple):
    """What a run of calls was like.

    Attributes:
        rate: calls per second.
        middle, late: half of the calls and 95 of 100 took at most so many milliseconds.
        computed: milliseconds that all workers computed for a call.
        size: of an answer, in bytes.
    """

    rate: float
    middle: float
    late: float
    computed: float
    size: float


Contestant = tuple[str, int]
"""A name and a number of workers."""


@dataclass
class Results:
    """What was measured.

    Attributes:
        plan: how much.
        first: this project's run over pages that nobody had asked for in this hour, with one worker.
        rounds: of each, a run for each contestant.
        memory: the peak of each contestant's first worker, in bytes.
    """

    plan: Plan
    first: Run
    rounds: list[dict[Contestant, Run]] = field(default_factory=list)
    memory: dict[Contestant, int] = field(default_factory=dict)


def run(plan: Plan, say: Say) -> Results:
    """Measure everything.

    Raises:
        RuntimeError: a process did not start.
        subprocess.SubprocessError: an answer was not right, or a run took longer than three minutes.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        tokens = folder / "tokens"
        token = processes.make_tokens(tokens)
        url = running.enter_context(processes.github())
        servers: dict[Contestant, list[Worker]] = {}
        for workers in WORKERS:
            (folder / str(workers)).mkdir()
            store = folder / str(workers) / "store.sqlite3"
            servers[THIS, workers] = running.enter_context(processes.service(tokens, url, store, workers))
            servers[BARE, workers] = running.enter_context(processes.bare(tokens, url, workers))

        def measured(contestant: Contestant, tool_calls: int, shift: int = 0) -> Run:
            say(f"{contestant[0]}, {contestant[1]} at work")
            return _measured(servers[contestant], token, tool_calls, plan.clients, shift)

        results = _warmed(plan, measured)
        for number in range(plan.rounds):
            order = list(servers)[:: -1 if number % 2 else 1]
            results.rounds.append({contestant: measured(contestant, plan.tool_calls, number) for contestant in order})
        results.memory = {contestant: workers[0].peak_memory() for contestant, workers in servers.items()}
    return results


def _warmed(plan: Plan, measured: Callable[[Contestant, int], Run]) -> Results:
    """Let everybody see every page; the first look of this project's single worker is a result of its own."""
    for contestant in ((THIS, 1), (BARE, 1), (BARE, 2), (THIS, 2)):
        measured(contestant, plan.clients)  # imports what is imported at the first call
    first = measured((THIS, 1), len(ORGS) * PAGES)
    for contestant in ((BARE, 1), (BARE, 2), (THIS, 2)):
        measured(contestant, len(ORGS) * PAGES)
    return Results(plan, first)


def _measured(workers: Sequence[Worker], token: str, tool_calls: int, clients: int, shift: int) -> Run:
    before = sum(worker.computed() for worker in workers)
    load = processes.load(workers, token, tool_calls, clients, shift)
    computed = sum(worker.computed() for worker in workers) - before
    middle, late = (load.took[int(len(load.took) * share)] for share in (0.5, 0.95))
    return Run(tool_calls / load.seconds, middle, late, computed * 1000 / tool_calls, load.size)
