"""One measurement in a process of its own: a small reading to warm up, then the large ones, timed.

    python -m benchmarks.reading "this project, 4 under way" http://127.0.0.1:1234 2

prints one line of JSON for each of the readings; octokit.mjs prints the same.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx

from benchmarks.contestants import CONTESTANTS, Pair
from benchmarks.loopback import ORG, TALLY

SMALL_ORG = "octo-labs"


class Reading(NamedTuple):
    """What one reading took.

    Attributes:
        seconds: from the call to the list of alerts.
        cpu: how many seconds of them the process computed.
        growth: by how many bytes the process's peak of resident memory grew meanwhile.
        alerts: how many different ones there were.
        checksum: of their repository ids and numbers.
        requests: how many were made.
        unchanged: how many of them were answered with 304.
    """

    seconds: float
    cpu: float
    growth: int
    alerts: int
    checksum: str
    requests: int
    unchanged: int


def checksum(pairs: Iterable[Pair]) -> str:
    """Return a short digest of which alerts these are, in whatever order."""
    lines = sorted(f"{repository_id}:{number}" for repository_id, number in pairs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def peak_memory() -> int:
    """Return the most bytes of resident memory that this process ever had."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the parent had when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


async def measure(name: str, url: str, looks: int) -> list[Reading]:
    """Read so many times with the same client, and tell what each reading took."""
    contestant = CONTESTANTS[name]
    readings = []
    async with contestant.opened(url) as read, httpx.AsyncClient(base_url=url, trust_env=False) as loopback:
        await read(SMALL_ORG)
        await loopback.get(TALLY)
        for _ in range(looks):
            before = peak_memory()
            began, computed = time.perf_counter(), time.process_time()
            alerts = await read(ORG)
            seconds, cpu = time.perf_counter() - began, time.process_time() - computed
            growth = peak_memory() - before
            tally = (await loopback.get(TALLY)).json()
            pairs = {contestant.pair(alert) for alert in alerts}
            readings.append(Reading(seconds, cpu, growth, len(pairs), checksum(pairs), **tally))
            del alerts, pairs
    return readings


def main() -> None:
    """Measure what the command line names."""
    name, url, looks = sys.argv[1:]
    for reading in anyio.run(measure, name, url, int(looks)):
        print(json.dumps(reading._asdict()))  # noqa: T201 - this is the result


if __name__ == "__main__":
    main()
