"""The command line of the service's benchmark: `python -m benchmarks.service`, from the top of a checkout.

`--quick` makes a few calls, which shows that everything works and nothing else.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.report import loads
from benchmarks.service_report import put_section, section, tables
from benchmarks.service_runs import FULL, QUICK, run


def main() -> None:
    """Measure, print the tables, and write the section of the document if asked to."""
    parser = argparse.ArgumentParser(description="Measure the service beside a bare MCP server.")
    parser.add_argument("--quick", action="store_true", help="a few calls and one round: does it work?")
    parser.add_argument("--write", type=Path, help="the document whose section is to be written")
    asked = parser.parse_args()
    before, began = loads(), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - minutes are long

    results = run(QUICK if asked.quick else FULL, say)
    print(tables(results))  # noqa: T201 - this is the result
    if asked.write is not None:
        asked.write.write_text(put_section(asked.write.read_text(), section(results, before)))


if __name__ == "__main__":
    main()
