"""Runs the commands of a document, as they are, with the sandbox behind a loopback address for GitHub.

A `console` block has commands behind `$ ` and what they print below; a line `…` stands for any lines, and `…` within a
line for anything. What it exports is there in the blocks that follow.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from server.sandbox.options import ADMIN_TOKEN
from tests.deploy.proxies import program
from tests.documents.reading import ROOT, meets
from tests.processes import LoopbackGitHub, environment


@dataclass
class Shell:
    """One person's shell: a folder that is home too, and GitHub."""

    home: Path
    github: LoopbackGitHub
    exported: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, **more: str) -> str:
        """Run a script that must succeed, and return what it prints to stdout."""
        done = subprocess.run(  # noqa: S603 - a document's own commands
            [program("bash"), "-euo", "pipefail", "-c", script],
            cwd=self.home,
            env=self.environment() | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, script + done.stdout + done.stderr
        return str(done.stdout)

    def environment(self) -> dict[str, str]:
        """Return the variables of the shell."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        places = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"), "PATH": path}
        return {**environment(PYTHONPATH=str(ROOT), GITHUB_API_URL=self.github.url), **places, **self.exported}

    def try_console(self, block: str) -> None:
        """Run the commands of a block, one after the other, and hold what they print against the block."""
        for command, shown in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if self._exports(command):
                continue
            printed = self.run(command).strip()
            assert meets(re.sub(r"^…$\n?", "…", shown, flags=re.MULTILINE).strip(), printed), f"{command}\n{printed}"

    def _exports(self, command: str) -> bool:
        """Take note of a variable; tell whether the command was one that sets it."""
        if pasted := re.fullmatch(r"read -rs (\w+); export \1", command):
            self.exported[pasted[1]] = ADMIN_TOKEN
            return True
        if (found := re.fullmatch(r'export (\w+)="?([^"]*)"?', command)) is None:
            return False
        if found[1] != "PATH":  # the command is there already, where these tests were installed
            self.exported[found[1]] = re.sub("^~", str(self.home), found[2])
        return True
