"""A server in this process with the sandbox behind it, and everything that left it for GitHub.

async with connected(era, person=accept(go_ahead=True)) as case:
    result = await case.call("update_campaign", campaign_number=4, state="closed")
    assert case.writes == [Sent("PATCH", "/orgs/octo-org/campaigns/4", {}, {"state": "closed"})]
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from server.app import build_server
from server.github.credentials import FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings

ORG = "octo-org"
UNHURRIED: dict[str, Any] = {"org": ORG, "look_again": (0.0, 0.0), "write_spacing": 0.0}
"""Settings of a server under test, which lets nobody wait."""
MODES = {"2026-07-28": "auto", "2025-11-25": "legacy"}


@dataclass(frozen=True)
class Sent:
    """A request as it left: query as text values, body as parsed JSON."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


Hook = Callable[[Sent], Awaitable[httpx.Response | None]]


class Recorder(httpx.AsyncBaseTransport):
    """Notes every request, then lets it through; `hook` may change the world first, answer instead, or raise."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sent: list[Sent] = []
        self.hook: Hook | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raw = await request.aread()
        sent = Sent(request.method, request.url.path, dict(request.url.params), json.loads(raw) if raw else None)
        self.sent.append(sent)
        if self.hook is not None:
            answer = await self.hook(sent)
            if answer is not None:
                return answer
        return await self._inner.handle_async_request(request)


class Person:
    """Answers questions: with `answers` in turn, the last one again and again. Keeps what was asked."""

    def __init__(self, *answers: ElicitResult) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.meanwhile: Callable[[], Awaitable[None] | None] | None = None
        """Runs while the person is thinking."""

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 - the SDK's signature
        self.asked.append(params.message)
        if self.meanwhile is not None and (waiting := self.meanwhile()) is not None:
            await waiting
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def accept(**content: Any) -> Person:
    return Person(ElicitResult(action="accept", content=content))


def decline() -> Person:
    return Person(ElicitResult(action="decline"))


def cancel() -> Person:
    return Person(ElicitResult(action="cancel"))


@dataclass
class Case:
    """A connected client with the world behind it."""

    client: Client
    sandbox: Sandbox
    recorder: Recorder
    person: Person | None

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def refused(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that must answer with an error; return its text."""
        result = await self.call(tool, **arguments)
        assert result.is_error, text_of(result)
        return text_of(result)

    async def done(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed; return its structure."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert result.structured_content is not None
        structure: dict[str, Any] = result.structured_content
        return structure

    @property
    def sent(self) -> list[Sent]:
        return self.recorder.sent

    @property
    def writes(self) -> list[Sent]:
        return [sent for sent in self.recorder.sent if sent.method != "GET"]

    @property
    def asked(self) -> list[str]:
        return self.person.asked if self.person else []


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def open_pairs(sandbox: Sandbox, repositories: int = 2) -> list[dict[str, Any]]:
    """Return open alerts of the first few repositories, as create_campaign takes them."""
    pairs: dict[int, list[int]] = {}
    for alert in sandbox.state.organization(ORG).alerts.values():
        if alert.state == "open":
            pairs.setdefault(alert.repository_id, []).append(alert.number)
    chosen = list(pairs.items())[:repositories]
    return [{"repository_id": repository_id, "alert_numbers": numbers} for repository_id, numbers in chosen]


@asynccontextmanager
async def connected(
    era: str = "2026-07-28",
    *,
    person: Person | None = None,
    options: SandboxOptions | None = None,
    token: str = ADMIN_TOKEN,
    sandbox: Sandbox | None = None,
    keys: Sequence[bytes] | None = None,
    **settings: Any,
) -> AsyncIterator[Case]:
    """Connect a client to a fresh server. Settings as in server.settings, with octo-org for the default.

    Servers with the same `keys` take each other's answers.
    """
    world = sandbox or create_sandbox(options or SandboxOptions())
    recorder = Recorder(httpx.ASGITransport(app=world))
    server = build_server(
        Settings(**{**UNHURRIED, "no_store": "store" not in settings, **settings}),
        credentials=FixedToken(token, "the test"),
        transport=recorder,
        request_state_keys=keys,
    )
    async with Client(server, mode=MODES[era], elicitation_callback=person) as client:
        yield Case(client, world, recorder, person)
