"""The clients' Node.js and packages: where they are, and a program of theirs run to its end.

Both conformance suites and the Inspector need Node.js 22.19, which a package brings where npm has one for the machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGES = HERE / "node_modules"
PATIENCE = 120  # seconds for one program, which takes three on a quiet machine


@dataclass(frozen=True)
class Played:
    """What came of a program."""

    status: int
    said: str
    complained: str


def node() -> str:
    """Return where Node.js is.

    Without the packages the test is skipped; where the clients are to be tried (see `make clients`), it fails.
    """
    beside = PACKAGES / ".bin" / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None or not PACKAGES.exists():
        say = pytest.fail if os.environ.get("CLIENTS") else pytest.skip
        say("What `npm ci --prefix tests/clients --ignore-scripts` installs is missing.")
    assert found
    return found


def played(program: Path, *arguments: str, home: Path) -> Played:
    """Run a program with Node.js and a home of its own, and return what came of it.

    Args:
        program: the JavaScript.
        arguments: the program's.
        home: a folder for what it keeps. It sees nothing of whoever runs the tests.
    """
    done = subprocess.run(  # noqa: S603 - pinned by hash in package-lock.json
        [node(), str(program), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return Played(done.returncode, done.stdout, done.stderr)
