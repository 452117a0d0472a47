"""All parts of the proof but the soak: `python -m tests.prove`, or `make prove`. Prints a table."""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from importlib import import_module

import anyio

from tests.prove.parts import Findings, Part, Say, Size

PARTS = ("faults", "guard", "fuzz", "hostile", "canary", "endurance")
"""Modules of this folder, each with a function `prove`, in the order of the table."""


def main() -> int:
    """Run what is asked for; return 1 when a part does not hold."""
    parser = argparse.ArgumentParser(description="Try on purpose to break what the server promises.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--seed", type=int, default=Size.seed, help="where chance begins")
    parser.add_argument("--share", type=float, default=1.0, help="how much of it all, 1 by default")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for client in ("httpx", "httpx2"):  # each request would be a line
        logging.getLogger(client).setLevel(logging.WARNING)
    size, began = Size(asked.seed, asked.share), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - minutes are long

    found = {}
    for name in asked.parts or PARTS:
        say(name)
        found[name] = run(import_module(f"tests.prove.{name}").prove, size, say)
    print(table(found))  # noqa: T201 - this is the result
    return 1 if any(findings.faults for findings in found.values()) else 0


def run(part: Part, size: Size, say: Say) -> Findings:
    """Run a part. One that breaks down has a fault and keeps no other from being run and told."""
    began = time.monotonic()
    try:
        findings = anyio.run(part, size, say)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        findings = Findings("it broke down", faults=[f"it broke down: {problem!r}"])
    findings.seconds = time.monotonic() - began
    return findings


def table(found: Mapping[str, Findings]) -> str:
    """Return everything as Markdown: a line for each part, then its figures, what is missing, and faults."""
    lines = ["| part | what was tried | times | seconds | not tried | faults |", "|---|---|---:|---:|---:|---:|"]
    lines += [
        f"| {name} | {each.title} | {each.tried:,} | {each.seconds:.0f} | {len(each.untried)} | {len(each.faults)} |"
        for name, each in found.items()
    ]
    for name, each in found.items():
        lines += ["", f"### {name}", "", "| | |", "|---|---|"]
        lines += [f"| {what} | {value} |" for what, value in each.rows]
        lines += [f"| **NOT TRIED** | {_cell(what)} |" for what in each.untried]
        lines += [f"| **FAULT** | {_cell(fault)} |" for fault in each.faults[:40]]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return a text, which may hold what an attacker would write, as one cell."""
    return text.encode("unicode_escape").decode().replace("|", "&#124;")


if __name__ == "__main__":
    sys.exit(main())
