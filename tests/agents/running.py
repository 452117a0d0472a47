"""An agent set up with `security-campaigns-mcp setup` and run to its end, with a home of its own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.sandbox.options import ADMIN_TOKEN
from tests.agents.command_lines import Agent
from tests.agents.script import Asked, Script
from tests.agents.scripted_model import scripted_model
from tests.harness import Sent
from tests.processes import loopback_github

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OURS = [sys.executable, "-m", "security_campaigns_mcp"]
SERVER = ["env", f"PYTHONPATH={ROOT}", *OURS]  # an agent starts it in its own folder
PATIENCE = 300  # seconds for an agent's run, of which a quiet machine needs ten
WORDS = "Tidy up the campaigns."
META = "io.modelcontextprotocol/protocolVersion"


@dataclass(frozen=True)
class Run:
    """An agent's run.

    Attributes:
        said: what the agent printed.
        asked: what the model was asked while the server's tools were offered.
        writes: what reached GitHub and was no read.
        heard: the messages that the agent sent to the server.
    """

    said: str
    asked: Sequence[Asked]
    writes: Sequence[Sent]
    heard: Sequence[Mapping[str, Any]]

    def results(self, wanted: int) -> tuple[str, ...]:
        """Return the texts of the tools' results that the model saw in the end, so many."""
        seen = self.asked[-1].results if self.asked else ()
        assert len(seen) == wanted, f"The model saw {seen}, and the agent said: {self.said}"
        return seen

    def era(self) -> str:
        """Return the protocol version in which the tools were called, be it told at the start or in each call."""
        opened = [message["params"]["protocolVersion"] for message in self.heard if message["method"] == "initialize"]
        called = {
            message["params"].get("_meta", {}).get(META, opened[-1] if opened else "")
            for message in self.heard
            if message["method"] == "tools/call"
        }
        assert len(called) == 1
        return str(called.pop())


def program(agent: Agent) -> Path:
    """Return where an agent is. Without it the test is skipped; where the clients are to be tried, it fails."""
    there = sorted((HERE / "node_modules").glob(agent.program))
    if not there:
        say = pytest.fail if os.environ.get("CLIENTS") else pytest.skip
        say(f"{agent.client} is not there; `npm ci --prefix tests/agents --ignore-scripts` installs it.")
    return there[0]


def run(agent: Agent, home: Path, script: Script, *options: str) -> Run:
    """Run an agent whose model follows a script, and return what came of it.

    Args:
        agent: the agent.
        home: an empty folder, where its configuration will be.
        script: what its model says.
        options: the server's, besides the organization, GitHub's address and no store.
    """
    command = program(agent)
    project = home / "project"
    (project / ".git").mkdir(parents=True)
    heard = home / "heard.jsonl"
    with loopback_github() as github, scripted_model(agent.dialect(), script) as model:
        environ = {**_environ(home, model.url), **agent.environ(model.url)}
        file = home / agent.file
        file.parent.mkdir(exist_ok=True)  # it is the home itself for Claude Code
        file.write_text(agent.configured(model.url))
        _set_up(agent, heard, environ, "--api-url", github.url, *options)
        said = _ended([str(command), *agent.arguments, WORDS], project, environ, home / "said.txt")
        lines = [json.loads(line) for line in heard.read_text().splitlines()] if heard.exists() else []
        return Run(said, model.asked, github.writes, [line for line in lines if "method" in line])


def _environ(home: Path, proxy: str) -> dict[str, str]:
    """What an agent sees, and nothing of who runs the tests. What would leave this machine ends at the model."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", os.defpath),
        "GITHUB_TOKEN": ADMIN_TOKEN,
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _set_up(agent: Agent, heard: Path, environ: Mapping[str, str], *options: str) -> None:
    """Have the server written into an agent's configuration, with an ear at its standard input."""
    command = shlex.join(["sh", str(HERE / "overhear.sh"), str(heard), *SERVER])
    wanted = ["--org", "octo-org", "--no-store", *options, "--command", command]
    done = subprocess.run(  # noqa: S603 - our own program
        [*OURS, "setup", agent.client, "--yes", *wanted],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _ended(command: Sequence[str], folder: Path, environ: Mapping[str, str], into: Path) -> str:
    """Run a command to its end, and with it whatever it started; return what all of them said."""
    with (
        into.open("wb") as said,
        subprocess.Popen(  # noqa: S603 - a pinned package
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            status: int | None = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    text = into.read_text(errors="replace")
    assert status == 0, f"{command[0]} {'did not end' if status is None else f'ended with {status}'}: {text}"
    return text
