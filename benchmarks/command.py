"""The command line that all benchmarks share: measure, print the tables, write a section of the document."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.report import loads
from benchmarks.sections import put_section

Results = TypeVar("Results")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Benchmark(Generic[Results]):
    """One of them.

    Attributes:
        about, quick: what it and its `--quick` do, for `--help`.
        measure: measures, quickly if the first argument says so; tells the second what it is at.
        tables: the results as Markdown.
        section: its section of the document, with the tables in it and how busy the machine was before, in words.
    """

    about: str
    quick: str
    measure: Callable[[bool, Say], Results]
    tables: Callable[[Results], str]
    section: Callable[[Results, str], str]


def run(benchmark: Benchmark[Results]) -> None:
    """Measure, print the tables, and write the section of the document if asked to; all other sections stay."""
    parser = argparse.ArgumentParser(description=benchmark.about)
    parser.add_argument("--quick", action="store_true", help=benchmark.quick)
    parser.add_argument("--write", type=Path, help="the document whose section is to be written")
    asked = parser.parse_args()
    before, began = loads(), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - minutes are long

    results = benchmark.measure(asked.quick, say)
    print(benchmark.tables(results))  # noqa: T201 - this is the result
    if asked.write is not None:
        document = asked.write.read_text() if asked.write.exists() else ""
        asked.write.write_text(put_section(document, benchmark.section(results, before)))
