"""Runs the measurement of starting: every server in turn, as a new process over stdio, until its tools are listed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

THIS, BARE, FASTMCP = "this project", "bare MCPServer", "FastMCP"
ERAS = ("2025-11-25", "2026-07-28")
_HERE = Path(__file__).parent
FASTMCP_PYTHON = Path(sys.prefix) / "fastmcp" / "bin" / "python"
"""Of an environment of its own: FastMCP brings rich, which the SDK imports wherever it is there."""

Say = Callable[[str], None]
Message = dict[str, Any]


class Start(NamedTuple):
    """What a start was like.

    Attributes:
        seconds: from the start of the process to the answer of `tools/list`.
        computed: seconds of processor time in between.
        memory, peak: resident memory after the answer, and the most until then, in bytes.
        tools: how many were listed.
        size: of the answer, in bytes.
    """

    seconds: float
    computed: float
    memory: int
    peak: int
    tools: int
    size: int


@dataclass(frozen=True)
class Plan:
    """How often everybody starts in each era of the protocol, in turn."""

    rounds: int


FULL = Plan(rounds=21)
QUICK = Plan(rounds=1)
"""Shows that the benchmark works; what it measures means nothing."""

Contestant = tuple[str, str]
"""A name and an era."""


@dataclass
class Results:
    """What was measured: in each round, a start for each contestant."""

    plan: Plan
    rounds: list[dict[Contestant, Start]] = field(default_factory=list)
    fastmcp: str | None = None
    """Its version; None when it is not installed, and so left out."""


def run(plan: Plan, say: Say) -> Results:
    """Measure everything.

    Raises:
        RuntimeError: a server did not start, or did not answer as it should.
    """
    results = Results(plan, fastmcp=_fastmcp_version())
    commands = _commands(with_fastmcp=results.fastmcp is not None)
    if results.fastmcp is None:
        say(f"FastMCP is left out: there is no {FASTMCP_PYTHON}; `make bench` installs it there")
    with tempfile.TemporaryDirectory() as home:
        for name, command in commands.items():
            say(f"{name}, not counted")
            start(command, ERAS[0], home)  # writes the bytecode, and brings the files into memory
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            results.rounds.append({})
            for era in ERAS:
                for name in list(commands)[:: -1 if number % 2 else 1]:
                    results.rounds[-1][name, era] = start(commands[name], era, home)
    return results


def messages(era: str) -> tuple[Message, ...]:
    """Return what a client sends until it knows the tools."""
    client = {"name": "benchmark", "version": "1"}
    if era == "2025-11-25":
        return (
            _request(1, "initialize", {"protocolVersion": era, "capabilities": {}, "clientInfo": client}),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            _request(2, "tools/list", {}),
        )
    prefix = "io.modelcontextprotocol/"
    meta = {f"{prefix}protocolVersion": era, f"{prefix}clientInfo": client, f"{prefix}clientCapabilities": {}}
    return _request(1, "server/discover", {"_meta": meta}), _request(2, "tools/list", {"_meta": meta})


def start(command: Sequence[str], era: str, home: str) -> Start:
    """Start a server, have it list its tools, and end it.

    Args:
        command: what starts it, at the top of the checkout.
        era: the protocol's version.
        home: the folder that is its user's, with nothing in it to begin with.

    Raises:
        RuntimeError: it did not answer as it should.
    """
    env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": home, "GITHUB_TOKEN": "ghp_" + "0" * 36}
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own programs
        command, cwd=_HERE.parent, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        answer = b""
        for message in messages(era):
            answer = _said(process, message) or answer
        seconds = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status").read_text()
        computed = time.clock_gettime(_clock_of(process.pid))
    tools = len(json.loads(answer)["result"]["tools"])
    return Start(seconds, computed, _bytes(status, "VmRSS"), _bytes(status, "VmHWM"), tools, len(answer))


def _clock_of(pid: int) -> int:
    """Return the clock of a process's own time, all its threads together, as Linux makes it of the process's id."""
    return (~pid << 3) | 2


def _said(process: subprocess.Popen[bytes], message: Message) -> bytes:
    """Send a message; return the answer, which is empty for a notification."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    if "id" not in message:
        return b""
    answer = process.stdout.readline()
    if not answer or "result" not in json.loads(answer):
        raise RuntimeError(f"{process.args!r} answered {message['method']} with {answer[:200]!r}")
    return answer


def _request(number: int, method: str, params: Mapping[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _bytes(status: str, name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+)", status)[1]) * 1024  # type: ignore[index] # every process has it


def _commands(*, with_fastmcp: bool) -> dict[str, list[str]]:
    commands = {
        THIS: [sys.executable, "-m", "security_campaigns_mcp"],
        BARE: [sys.executable, str(_HERE / "hello_bare.py")],
    }
    return commands | ({FASTMCP: [str(FASTMCP_PYTHON), str(_HERE / "hello_fastmcp.py")]} if with_fastmcp else {})


def _fastmcp_version() -> str | None:
    if not FASTMCP_PYTHON.exists():
        return None
    code = "from importlib.metadata import version; print(version('fastmcp'), 'with mcp', version('mcp'))"
    ended = subprocess.run([FASTMCP_PYTHON, "-c", code], stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - ours
    return ended.stdout.strip()
