"""The command line of the benchmark of reading: `python -m benchmarks`, from the top of a checkout.

`--quick` measures a small organization in about twenty seconds, which shows that everything works and nothing else.
"""

from __future__ import annotations

from benchmarks.command import Benchmark, Say, run
from benchmarks.measuring import FULL, QUICK, Results
from benchmarks.measuring import run as measured
from benchmarks.report import section, tables


def _measure(quick: bool, say: Say) -> Results:
    return measured(QUICK if quick else FULL, say)


READING = Benchmark(
    "Compare how clients read a large organization's alerts.",
    "a small organization and one round: does it work?",
    _measure,
    tables,
    section,
)

if __name__ == "__main__":
    run(READING)
