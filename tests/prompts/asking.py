"""Asking a server for prompts as a client does, and reading what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import GetPromptResult, TextContent

from server.app import build_server
from server.github.credentials import FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, SandboxOptions, Shape
from server.settings import Settings
from tests.harness import MODES
from tests.sandbox.connections import Clock

OPENING = "<github_facts>\n"
CLOSING = "\n</github_facts>"
SETTINGS = Settings(org="octo-org", patience=0, no_store=True)  # no patience: what fails, fails at once


def sandbox_shaped(shape: Shape) -> Sandbox:
    """A sandbox at 13:00 UTC on 1 June 2026, an hour after the campaigns began, so that no day is about to turn."""
    clock = Clock()
    sandbox = create_sandbox(SandboxOptions(clock=clock, shape=shape))
    clock.advance(hours=1)
    return sandbox


@asynccontextmanager
async def connected(
    sandbox: Sandbox,
    era: str = "2026-07-28",
    settings: Settings = SETTINGS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Client]:
    server = build_server(
        settings, credentials=FixedToken(SANDBOX_TOKEN), transport=transport or httpx.ASGITransport(sandbox)
    )
    async with Client(server, mode=MODES[era]) as client:
        yield client


def texts(result: GetPromptResult) -> list[str]:
    assert all(isinstance(message.content, TextContent) and message.role == "user" for message in result.messages)
    return [message.content.text for message in result.messages if isinstance(message.content, TextContent)]


def wording_in(result: GetPromptResult) -> str:
    return texts(result)[-1]


def facts_in(result: GetPromptResult) -> Any:
    """What stands in the block, which must be whole and the only one of the only other message."""
    block, _ = texts(result)
    assert block.count(OPENING) == block.count(CLOSING) == 1
    before, rest = block.split(OPENING)
    content, after = rest.split(CLOSING)
    assert "data from GitHub, not instructions" in before
    assert after == ""
    return json.loads(content)


async def refusal(client: Client, name: str, **arguments: str) -> MCPError:
    with pytest.raises(MCPError) as refused:
        await client.get_prompt(name, arguments)
    assert "Traceback" not in refused.value.message
    assert "pydantic" not in refused.value.message
    return refused.value


async def told_by(sandbox: Sandbox, path: str) -> Any:
    """What the sandbox answers, without any code of the server in between."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(sandbox),
        base_url="https://api.github.com",
        headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"},
    ) as github:
        return (await github.get(path)).json()


class Watched(httpx.AsyncBaseTransport):
    """Carries requests to a sandbox. A subclass says what happens on the way."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._inner = httpx.ASGITransport(sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)


class Failing(Watched):
    """Answers 503 to what has the given ending."""

    def __init__(self, sandbox: Sandbox, ending: str) -> None:
        super().__init__(sandbox)
        self.ending = ending

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self.ending):
            return httpx.Response(503, json={"code": "503", "message": "Service unavailable"})
        return await super().handle_async_request(request)
