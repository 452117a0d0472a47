"""The command line of the benchmark of tokens: `python -m benchmarks.tokens`, from the top of a checkout.

It takes a few seconds and always counts the same, so that `--quick` changes nothing.
"""

from __future__ import annotations

import logging

from benchmarks.command import Benchmark, Say, run
from benchmarks.tokens_report import section, tables
from benchmarks.tokens_runs import Results
from benchmarks.tokens_runs import run as counted


def _measure(quick: bool, say: Say) -> Results:  # noqa: ARG001 - see above
    logging.disable(logging.INFO)  # that the sandbox was asked is no news
    say("counting")
    return counted()


TOKENS = Benchmark(
    "Count the tokens of tools' definitions and of answers.",
    "changes nothing here: counting takes a few seconds",
    _measure,
    tables,
    section,
)

if __name__ == "__main__":
    run(TOKENS)
