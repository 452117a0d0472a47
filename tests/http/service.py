"""The service on a real socket, in this process or as its own, and clients of both eras that sign in."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from server.app import build_server
from server.github.credentials import FixedToken
from server.http.connections import PunctualProtocol
from server.http.serving import service
from server.http.settings import Address, ServeSettings
from server.http.shutdown import CallsUnderWay
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from server.signin.static_tokens import new_token
from tests.harness import MODES, UNHURRIED, Person, Recorder, Sent
from tests.processes import environment

READ, WRITE = "campaigns:read", "campaigns:write"
MODERN = "2026-07-28"
PATIENCE = 30  # seconds for a process to start or end


def make_token(file: Path, name: str = "anna", *scopes: str, orgs: Sequence[str] | None = None, days: float = 1) -> str:
    return new_token(file, name, scopes or (READ, WRITE), orgs, datetime.now(UTC) + timedelta(days=days))


@dataclass
class Replica:
    """A replica in this process, with everything that left it for GitHub."""

    url: str
    sandbox: Sandbox
    recorder: Recorder
    calls: CallsUnderWay

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")

    @property
    def sent(self) -> list[Sent]:
        return self.recorder.sent

    @property
    def writes(self) -> list[Sent]:
        return [sent for sent in self.recorder.sent if sent.method != "GET"]


@contextmanager
def replica(
    serve: ServeSettings | None = None, *, sandbox: Sandbox | None = None, **settings: Any
) -> Iterator[Replica]:
    """Serve on a free loopback port while the block runs. Settings as in server.settings, octo-org for the default."""
    world = sandbox or create_sandbox(SandboxOptions())
    recorder = Recorder(httpx.ASGITransport(app=world))
    serve = serve or ServeSettings()
    mcp = build_server(
        Settings(**{**UNHURRIED, "no_store": "store" not in settings, **settings}),
        credentials=FixedToken(ADMIN_TOKEN, "the test"),
        transport=recorder,
        request_state_keys=serve.state_keys or None,
    )
    listening = socket.create_server(("127.0.0.1", 0))
    bound = Address("127.0.0.1", listening.getsockname()[1])
    calls = CallsUnderWay()
    config = uvicorn.Config(
        service(mcp, serve, bound, calls), log_config=None, access_log=False, ws="none", http=PunctualProtocol
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Replica(f"http://{bound.text}/mcp", world, recorder, calls)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()


@asynccontextmanager
async def client_of(
    url: str, era: str = MODERN, token: str | None = None, person: Person | None = None, **headers: str
) -> AsyncIterator[Client]:
    """Connect the SDK's client, with a bearer token if there is one."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=MODES[era], elicitation_callback=person) as client,
    ):
        yield client


def headers_of(era: str, token: str | None = None, **more: str) -> dict[str, str]:
    """Return what every request of a client by hand carries."""
    headers = {"accept": "application/json, text/event-stream", **more}
    if era == MODERN:
        headers["mcp-protocol-version"] = era
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return headers


def request_of(era: str, method: str, **params: Any) -> dict[str, Any]:
    """Return a JSON-RPC request by hand."""
    if era == MODERN:
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


def post(url: str, body: Any, headers: Mapping[str, str], http: httpx.Client | None = None) -> httpx.Response:
    """Send one request by hand, on a connection of its own or a client's; today's protocol names things in headers."""
    named = {}
    if "mcp-protocol-version" in headers and isinstance(body, dict):
        params = body.get("params", {})
        named = {"mcp-method": body["method"], **({"mcp-name": params["name"]} if "name" in params else {})}
    with nullcontext(http) if http is not None else httpx.Client(trust_env=False, timeout=PATIENCE) as sending:
        return sending.post(url, json=body, headers={**named, **headers})


def connected_by_hand(url: str, era: str, token: str | None = None, **capabilities: Any) -> dict[str, str]:
    """Return the headers for further requests by hand; a client of 2025 opens a session first."""
    headers = headers_of(era, token)
    if era == MODERN:
        return headers
    client = {"protocolVersion": era, "capabilities": capabilities, "clientInfo": {"name": "test", "version": "0"}}
    opened = post(url, request_of(era, "initialize", **client), headers)
    assert opened.status_code == 200, opened.text
    headers["mcp-session-id"] = opened.headers["mcp-session-id"]
    post(url, {"jsonrpc": "2.0", "method": "notifications/initialized"}, headers)
    return headers


def answer_in(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON-RPC answer, which may come as the last of several events."""
    text = response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        text = re.findall(r"^data: (\{.*)$", text.replace("\r", ""), re.MULTILINE)[-1]
    answer: dict[str, Any] = json.loads(text)
    return answer


def send(
    method: str, url: str, headers: Mapping[str, str] | list[tuple[str, str]] | None = None, **body: Any
) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=PATIENCE) as http:
        return http.request(method, url, headers=headers, **body)


def get(url: str, **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=PATIENCE) as http:
        return http.get(url, headers=headers)


@dataclass
class ServiceProcess:
    """`serve` as its own process.

    Attributes:
        url: of MCP.
        said: the lines on its stderr so far.
    """

    process: subprocess.Popen[str]
    url: str = ""
    said: list[str] = field(default_factory=list)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for its end; return the exit status. What it still said is in `said` then."""
        assert self.process.stderr
        self.said += self.process.stderr.readlines()
        return self.process.wait(PATIENCE)


@contextmanager
def service_process(*arguments: str, **environ: str) -> Iterator[ServiceProcess]:
    """Start `serve` on a free loopback port and wait until it serves."""
    serve = ["-m", "security_campaigns_mcp", "serve", "--http", "127.0.0.1:0", "--log-level", "info"]
    with subprocess.Popen(  # noqa: S603 - the arguments are the tests' own
        [sys.executable, *serve, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment(**environ)},
    ) as process:
        running = ServiceProcess(process)
        try:
            assert process.stderr
            for line in process.stderr:
                running.said.append(line)
                if found := re.search(r"Serving MCP on (http://\S+/mcp)", line):
                    running.url = found[1]
                if "startup complete" in line:
                    break
            assert running.url, "".join(running.said)
            yield running
        finally:
            process.kill()
