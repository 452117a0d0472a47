"""What a plain start imports until it has listed its tools. A host waits for that before the person's first word."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.processes import environment

BARE = """
from mcp.server.mcpserver import MCPServer

mcp = MCPServer("hello", log_level="WARNING")
mcp.add_tool(lambda: None, name="hello")
mcp.run("stdio")
"""
OURS = {"security_campaigns_mcp", "server", "tools"}
HEAVY = (
    *("sqlalchemy", "sqlite3", "psycopg", "platformdirs", "jwt", "httpx", "httpcore", "truststore", "certifi"),
    *("opentelemetry.sdk", "opentelemetry.exporter", "uvicorn.protocols"),
    *("server.sandbox", "server.setup", "server.doctor", "server.demo", "server.commands", "server.audit_command"),
    *("server.http", "server.signin.jwks", "server.signin.jwt_verifier", "server.github", "server.reporting"),
    *("server.auditing", "server.settling", "server.store.audit", "server.store.database", "server.store.schema"),
    "prompts",
)
"""What nobody must wait for who only wants to know the tools. The SDK imports most of uvicorn."""


def messages(era: str) -> list[dict[str, object]]:
    """Return what a client says until it is told the tools."""
    client = {"name": "client", "version": "1"}
    if era == "2025-11-25":
        hello = {"protocolVersion": era, "capabilities": {}, "clientInfo": client}
        return [
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
        ]
    prefix = "io.modelcontextprotocol/"
    meta = {f"{prefix}protocolVersion": era, f"{prefix}clientInfo": client, f"{prefix}clientCapabilities": {}}
    return [
        {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": meta}},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {"_meta": meta}},
    ]


def imported(era: str, folder: Path, *command: str) -> set[str]:
    """Have the tools of a server listed; return the modules that it imported, or tried to."""
    # The SDK imports rich wherever it is there. Here it cannot be imported, so that whoever else needs it fails.
    (folder / "rich.py").write_text("raise ImportError('this is not to be imported')")
    places = dict.fromkeys(("PYTHONPATH", "XDG_STATE_HOME", "HOME"), str(folder))
    env = environment(GITHUB_TOKEN="ghp_" + "a" * 36, **places)
    answer: dict[str, Any] = {}
    with (
        (folder / "stderr").open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-X", "importtime", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={name: value for name, value in env.items() if not name.startswith("COVERAGE_")},
        ) as process,
    ):
        giving_up = threading.Timer(60, process.kill)  # its silence would be waited for without end
        giving_up.start()
        assert process.stdin is not None
        assert process.stdout is not None
        for message in messages(era):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            if "id" in message:
                answer = json.loads(process.stdout.readline())
        assert answer["result"]["tools"]
        told = (folder / "stderr").read_text()  # as it is now: what ending imports does not count
        giving_up.cancel()
        process.stdin.close()
    return {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


def below(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


@pytest.fixture
def ours(era: str, tmp_path: Path) -> set[str]:
    return imported(era, tmp_path, "-m", "security_campaigns_mcp")


def test_listing_the_tools_imports_nothing_heavy(ours: set[str]) -> None:
    assert "server.protocol" in ours
    assert sorted(module for module in ours if below(module, HEAVY)) == []


def test_listing_the_tools_imports_no_package_that_a_bare_server_of_the_sdk_does_not(
    ours: set[str], era: str, tmp_path: Path
) -> None:
    bare = imported(era, tmp_path, "-c", BARE)
    assert packages(ours) - packages(bare) == OURS
