"""The command line of the service's benchmark: `python -m benchmarks.service`, from the top of a checkout.

`--quick` makes a few calls, which shows that everything works and nothing else.
"""

from __future__ import annotations

from benchmarks.command import Benchmark, Say, run
from benchmarks.service_report import section, tables
from benchmarks.service_runs import FULL, QUICK, Results
from benchmarks.service_runs import run as measured


def _measure(quick: bool, say: Say) -> Results:
    return measured(QUICK if quick else FULL, say)


SERVICE = Benchmark(
    "Measure the service beside a bare MCP server.",
    "a few calls and one round: does it work?",
    _measure,
    tables,
    section,
)

if __name__ == "__main__":
    run(SERVICE)
