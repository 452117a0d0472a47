"""Runs the measurement of calls: in each round every server once, freshly started, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from benchmarks import processes
from benchmarks.calling import Called, Place, Server, call
from benchmarks.measuring import loopback

TRANSPORTS = ("stdio", "HTTP")
SERVERS = tuple(
    Server(transport, ours, unchanged)
    for transport in TRANSPORTS
    for ours, unchanged in ((False, False), (True, False), (True, True))
)
"""The bare one keeps nothing of GitHub's, so that it is never answered with 304."""

Say = Callable[[str], None]
Round = dict[Server, dict[str, Called]]
"""By server and tool."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: calls of each tool in a server's process, and how often each server is started."""

    tool_calls: int
    rounds: int


FULL = Plan(tool_calls=200, rounds=10)
QUICK = Plan(tool_calls=10, rounds=1)
"""Shows that the benchmark works; what it measures means nothing."""


@dataclass
class Results:
    """What was measured, in each round."""

    plan: Plan
    rounds: list[Round] = field(default_factory=list)


def run(plan: Plan, say: Say) -> Results:
    """Measure everything.

    Raises:
        RuntimeError: a process did not start, an answer was not right, or GitHub was not asked as it should be.
    """
    results = Results(plan)
    with (
        tempfile.TemporaryDirectory() as name,
        loopback(1, 1, 0, "--cold", "--no-etags") as answering,
        loopback(1, 1, 0, "--cold") as unchanged,
    ):
        tokens = Path(name) / "tokens"
        token = processes.make_tokens(tokens)
        for number in range(plan.rounds):
            results.rounds.append({})
            for server in SERVERS[:: -1 if number % 2 else 1]:
                say(f"round {number + 1} of {plan.rounds}: {server}")
                folder = Path(tempfile.mkdtemp(dir=name))  # what a server keeps, the next one does not find
                place = Place(folder, tokens, token, unchanged if server.unchanged else answering)
                results.rounds[-1][server] = anyio.run(call, server, place, plan.tool_calls)
    return results
