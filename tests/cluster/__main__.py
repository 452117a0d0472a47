"""The load and kill test at full size: `python -m tests.cluster`, or `make cluster`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import anyio

from tests.cluster.github import IN_EACH
from tests.cluster.replicas import nginx_program
from tests.cluster.stage import play, stage
from tests.store import postgres


def main() -> int:
    """Run it, print the table; return 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(description="Kill replicas of the service while clients delete and create.")
    parser.add_argument("--each", type=int, default=1000, help="how many deletions, and how many creations")
    parser.add_argument("--kills", type=int, default=36, help="how often a replica is ended")
    parser.add_argument("--clients", type=int, default=12, help="how many clients at once")
    parser.add_argument("--keep", type=Path, help="a folder for the logs; by default nothing is kept")
    asked = parser.parse_args()
    programs = postgres.binaries()
    if programs is None or nginx_program() is None:
        sys.exit("PostgreSQL and nginx are needed (Debian: apt-get install postgresql nginx-light).")
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - minutes are long

    with tempfile.TemporaryDirectory() as made, postgres.running(programs) as server:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with stage(folder, server, -(-asked.each // IN_EACH)) as on:
            verdict, said = anyio.run(play, on, asked.each, asked.kills, asked.clients, say)
    print(said.listed, verdict.table, sep="\n")  # noqa: T201 - this is the result
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
