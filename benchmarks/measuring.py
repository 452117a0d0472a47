"""Runs the measurements: a loopback GitHub in one process, then client after client, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants import OCTOKIT
from benchmarks.loopback import QUERY
from benchmarks.reading import Reading
from server.sandbox.options import SANDBOX_TOKEN

THIS = "this project, 4 under way"
BARE = "bare httpx, 4 under way"
SECOND = "this project, second look"
CURSORS = "this project, cursors only"
LARGER = "this project, the larger organization"
_OCTOKIT_SCRIPT = Path(__file__).parent / "octokit.mjs"
_EVERY_ROUND = (THIS, BARE, "githubkit, no HTTP cache", "PyGithub", OCTOKIT)
_ONCE = ("githubkit", "this project, 1 under way", "this project, 8 under way", "bare httpx, 8 under way")
_LONGEST = 180.0

Say = Callable[[str], None]
Round = Mapping[str, Reading]


@dataclass(frozen=True)
class Plan:
    """How large everything is; `delay` in seconds.

    Attributes:
        alerts, repositories: the organization that is read by all.
        larger: the alerts of the organization that only memory is measured with.
        delay: how long every answer takes at least.
        rounds: how often everybody reads, in turn.
    """

    alerts: int
    repositories: int
    larger: int
    delay: float
    rounds: int


FULL = Plan(alerts=20_000, repositories=200, larger=100_000, delay=0.05, rounds=3)
QUICK = Plan(alerts=800, repositories=20, larger=1_000, delay=0.005, rounds=1)
"""Shows that the benchmark works; what it measures means nothing."""


@dataclass
class Results:
    """What was measured, a mapping from client to reading for each round; those measured once are in the last."""

    plan: Plan
    rounds: list[dict[str, Reading]] = field(default_factory=list)


def run(plan: Plan, say: Say) -> Results:
    """Measure everything.

    Raises:
        RuntimeError: a client did not read exactly the alerts that the others read.
        subprocess.SubprocessError: a client failed, or took longer than three minutes.
    """
    results = Results(plan)
    with loopback(plan.alerts, plan.repositories, plan.delay) as url:
        for number in range(1, plan.rounds + 1):
            names = (*_EVERY_ROUND, *_ONCE) if number == plan.rounds else _EVERY_ROUND
            results.rounds.append({})
            for name in names:
                say(f"round {number} of {plan.rounds}: {name}")
                results.rounds[-1] |= _measured(name, url)
    last = results.rounds[-1]
    say(CURSORS)
    with loopback(plan.alerts, plan.repositories, plan.delay, "--links", "cursors") as url:
        last[CURSORS] = _measured(THIS, url)[THIS]
    _check(results)
    say(LARGER)
    with loopback(plan.larger, plan.larger // 100, 0, "--cold") as url:
        last[LARGER] = _measured(THIS, url)[THIS]
    if last[LARGER].alerts != plan.larger:
        raise RuntimeError(f"{last[LARGER].alerts} alerts were read of the larger organization's {plan.larger}")
    return results


@contextmanager
def loopback(alerts: int, repositories: int, delay: float, *more: str) -> Iterator[str]:
    """Run a loopback GitHub while the block runs; gives its address, once everything is rendered."""
    sizes = ("--alerts", str(alerts), "--repositories", str(repositories), "--delay", str(delay))
    command = [sys.executable, "-m", "benchmarks.loopback", *sizes, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise RuntimeError("the loopback GitHub did not start; what it wrote says why")
            yield url
        finally:
            process.terminate()


def _measured(name: str, url: str) -> dict[str, Reading]:
    """Let one client read in a new process; this project looks twice when it reads as it does by default."""
    looks = 2 if name == THIS else 1
    if name == OCTOKIT:
        command = ["node", str(_OCTOKIT_SCRIPT), url, SANDBOX_TOKEN, json.dumps(QUERY)]
    else:
        command = [sys.executable, "-m", "benchmarks.reading", name, url, str(looks)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=_LONGEST)  # noqa: S603 - ours
    readings = [Reading(**json.loads(line)) for line in ended.stdout.splitlines()]
    return dict(zip((name, SECOND), readings, strict=False))


def _check(results: Results) -> None:
    for readings in results.rounds:
        for name, reading in readings.items():
            if (reading.alerts, reading.checksum) != (results.plan.alerts, results.rounds[0][BARE].checksum):
                raise RuntimeError(f"{name} did not read what the others read: {reading}")
