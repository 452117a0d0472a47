"""The benchmark's command line: `python -m benchmarks`, from the top of a checkout.

`--quick` measures a small organization in about twenty seconds, which shows that everything works and nothing else.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.measuring import FULL, QUICK, run
from benchmarks.report import document, loads, tables
from benchmarks.service_report import kept_section


def main() -> None:
    """Measure, print the tables, and write the document if asked to; its section on the service stays."""
    parser = argparse.ArgumentParser(description="Compare how clients read a large organization's alerts.")
    parser.add_argument("--quick", action="store_true", help="a small organization and one round: does it work?")
    parser.add_argument("--write", type=Path, help="where to write the document")
    asked = parser.parse_args()
    before, began = loads(), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - five minutes are long

    results = run(QUICK if asked.quick else FULL, say)
    print(tables(results))  # noqa: T201 - this is the result
    if asked.write is not None:
        kept = kept_section(asked.write.read_text()) if asked.write.exists() else ""
        asked.write.write_text(document(results, before) + kept)


if __name__ == "__main__":
    main()
