"""A machine of one's own: a home, a project, and the command line run in them as a person does."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from server.cli import main
from tests.processes import environment

ROOT = Path(__file__).parent.parent.parent
COMMAND = "/opt/here/security-campaigns-mcp"


class Done(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Machine:
    """A home and a project in it, both empty; `env` is what the environment has besides."""

    home: Path
    project: Path
    capture: pytest.CaptureFixture[str]
    env: dict[str, str] = field(default_factory=dict)

    def setup(self, *arguments: str, known: bool = True, **env: str | None) -> Done:
        """Run `setup` where no terminal is; with a command that is known, unless it is to be found."""
        command = ("--command", COMMAND) if known else ()
        self.capture.readouterr()
        with contextlib.chdir(self.project):
            try:
                status = main(["setup", *arguments, *command], self._environment(**env))
            except SystemExit as end:  # as argparse ends for wrong usage
                status = int(end.code or 0)
        return Done(status, *self.capture.readouterr())

    def asked(self, answer: str, *arguments: str) -> tuple[int, str]:
        """Run `setup` at a terminal and type an answer; returns the exit status and what the terminal shows."""
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "security_campaigns_mcp", "setup", *arguments, "--command", COMMAND],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            cwd=self.project,
            env=environment(**self._environment()),
        )
        os.close(theirs)
        os.close(ours)
        return done.returncode, done.stdout

    def write(self, place: str, text: str) -> Path:
        """Write a file in the home."""
        file = self.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def _environment(self, **env: str | None) -> dict[str, str]:
        given = {"HOME": str(self.home), "PATH": "/nowhere", "PYTHONPATH": str(ROOT), **self.env, **env}
        return {name: value for name, value in given.items() if value is not None}
