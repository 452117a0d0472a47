"""The command line of the benchmark of starting: `python -m benchmarks.startup`, from the top of a checkout.

`--quick` starts everything once or twice, which shows that everything works and nothing else.
"""

from __future__ import annotations

from benchmarks.command import Benchmark, Say, run
from benchmarks.startup_report import section, tables
from benchmarks.startup_runs import FULL, QUICK, Results
from benchmarks.startup_runs import run as measured


def _measure(quick: bool, say: Say) -> Results:
    return measured(QUICK if quick else FULL, say)


STARTUP = Benchmark(
    "Measure how long servers take to list their tools, and their memory then.",
    "one round: does it work?",
    _measure,
    tables,
    section,
)

if __name__ == "__main__":
    run(STARTUP)
