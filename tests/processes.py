"""The real thing: the server as its own process over stdio, and the sandbox behind a real socket."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from mcp import Client, StdioServerParameters
from starlette.types import ASGIApp, Receive, Scope, Send

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions, utc_now
from tests.harness import MODES, Person, Sent


class Clock:
    """The sandbox's time, which can be moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class LoopbackGitHub:
    """The sandbox on a loopback port, noting what reaches it."""

    sandbox: Sandbox
    sent: list[Sent] = field(default_factory=list)
    url: str = ""

    @property
    def writes(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.method != "GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self.sandbox
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        message = await receive()  # the client's bodies are small: one message
        body = message.get("body", b"")
        query = dict(parse_qsl(scope["query_string"].decode()))
        self.sent.append(Sent(scope["method"], scope["path"], query, json.loads(body) if body else None))

        async def again() -> Any:
            return message

        await app(scope, again, send)


@contextmanager
def loopback_github(
    options: SandboxOptions | None = None, kind: type[LoopbackGitHub] = LoopbackGitHub
) -> Iterator[LoopbackGitHub]:
    """Serve the sandbox on a free loopback port while the block runs."""
    github = kind(create_sandbox(options or SandboxOptions()))
    with serving(github):
        yield github


@contextmanager
def serving(github: LoopbackGitHub) -> Iterator[None]:
    """Serve it on a free loopback port, which its `url` then names, while the block runs."""
    config = uvicorn.Config(github, port=0, log_level="error", lifespan="off", server_header=False, date_header=False)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    github.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def environment(**more: str) -> dict[str, str]:
    """Return what the process gets besides the SDK's few defaults: coverage's settings, the place for what is kept."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE_", "XDG_STATE_"))}
    return {**kept, "PYTHONWARNINGS": "error", **more}


@asynccontextmanager
async def served(
    github: LoopbackGitHub, era: str, *arguments: str, person: Person | None = None, token: str | None = ADMIN_TOKEN
) -> AsyncIterator[Client]:
    """Start the server as a process that talks to the loopback GitHub, and connect a client to it over stdio."""
    process = StdioServerParameters(
        command=sys.executable,
        args=["-m", "security_campaigns_mcp", "--org", "octo-org", *arguments],
        env=environment(
            GITHUB_API_URL=github.url,
            SECURITY_CAMPAIGNS_NO_STORE="0" if "--store" in arguments else "1",
            **({"GITHUB_TOKEN": token} if token else {}),
        ),
    )
    async with Client(process, mode=MODES[era], elicitation_callback=person) as client:
        yield client
