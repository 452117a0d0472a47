"""The command line of the benchmark of single calls: `python -m benchmarks.calls`, from the top of a checkout.

`--quick` makes a few calls, which shows that everything works and nothing else.
"""

from __future__ import annotations

from benchmarks.calls_report import section, tables
from benchmarks.calls_runs import FULL, QUICK, Results
from benchmarks.calls_runs import run as measured
from benchmarks.command import Benchmark, Say, run


def _measure(quick: bool, say: Say) -> Results:
    return measured(QUICK if quick else FULL, say)


CALLS = Benchmark(
    "Measure what a tool call costs over stdio and over HTTP, beside a bare MCP server.",
    "ten calls and one round: does it work?",
    _measure,
    tables,
    section,
)

if __name__ == "__main__":
    run(CALLS)
