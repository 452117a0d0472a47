"""The processes of a measurement of the service: the loopback GitHub, the servers, and the load."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.load import Load
from server.sandbox.options import SANDBOX_TOKEN
from server.signin.static_tokens import new_token

_LONGEST = 180.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")
_SCOPES = ("campaigns:read", "campaigns:write")


class Worker(NamedTuple):
    """A server's process; `url` is where it serves MCP."""

    url: str
    pid: int

    def computed(self) -> float:
        """Return how many seconds it has computed since it began."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_memory(self) -> int:
        """Return the most bytes of resident memory that it ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024  # type: ignore[index] # every process has it


def make_tokens(file: Path) -> str:
    """Make a file with the tokens of three callers, and return one of them."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return [new_token(file, name, _SCOPES, None, tomorrow) for name in ("anna", "ben", "chris")][1]


@contextmanager
def github() -> Iterator[str]:
    """Run the loopback GitHub; gives its address."""
    with _told("benchmarks.campaign_github") as (url, _):
        yield url


@contextmanager
def bare(tokens: Path, github_url: str, workers: int) -> Iterator[list[Worker]]:
    """Run so many bare servers."""
    with ExitStack() as running:
        yield [
            Worker(*running.enter_context(_told("benchmarks.bare_server", github_url, str(tokens))))
            for _ in range(workers)
        ]


def children() -> set[int]:
    """Return the ids of the processes that this one's main thread started, and that are still there."""
    own = os.getpid()
    return {int(each) for each in Path(f"/proc/{own}/task/{own}/children").read_text().split()}


@contextmanager
def service(tokens: Path, github_url: str, store: Path, workers: int) -> Iterator[list[Worker]]:
    """Run so many replicas of the service, which share a store."""
    with ExitStack() as running:
        yield [running.enter_context(_replica(tokens, github_url, store)) for _ in range(workers)]


def load(workers: Sequence[Worker], token: str, tool_calls: int, clients: int, shift: int = 0) -> Load:
    """Let the clients of a process of their own make calls, divided among the workers.

    Raises:
        subprocess.SubprocessError: an answer was not right, or it took longer than three minutes.
    """
    asked = {"urls": [worker.url for worker in workers], "token": token, "tool_calls": tool_calls, "clients": clients}
    command = [sys.executable, "-m", "benchmarks.load", json.dumps({**asked, "shift": shift})]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=_LONGEST)  # noqa: S603 - ours
    return Load(**json.loads(ended.stdout))


@contextmanager
def _told(module: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """Run a module that prints its address; gives that and the process's id."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise RuntimeError(f"{module} did not start; what it wrote says why")
            yield url, process.pid
        finally:
            process.terminate()


@contextmanager
def _replica(tokens: Path, github_url: str, store: Path) -> Iterator[Worker]:
    """Run the service as an operator does, with a line in its log for each request."""
    log = store.with_name(f"{len(list(store.parent.glob('*.log')))}.log")
    command = [
        sys.executable,
        "-m",
        "security_campaigns_mcp",
        "serve",
        "--http",
        "127.0.0.1:0",
        "--tokens",
        str(tokens),
    ]
    command += ["--api-url", github_url, "--store", str(store), "--log-file", str(log), "--log-level", "info"]
    log.touch()
    environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": SANDBOX_TOKEN}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:  # noqa: S603 - ours
        try:
            said = process.stderr.readline() if process.stderr else ""
            served = re.search(r"Serving MCP on (http://\S+)/mcp", said)
            if served is None:
                raise RuntimeError(f"the service did not start: {said}")
            _wait_for(served[1])
            yield Worker(f"{served[1]}/mcp", process.pid)
        finally:
            process.terminate()


def _wait_for(origin: str) -> None:
    """Wait until the service answers.

    Raises:
        RuntimeError: it does not.
    """
    for _ in range(200):
        try:
            httpx.get(f"{origin}/healthz", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the service does not answer")
