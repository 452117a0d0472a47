"""A transport that answers from a script and remembers what was sent, and clients that travel over it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import httpx

from server.github.campaigns import Campaigns
from server.github.client import GitHubClient
from server.github.clock import Clock
from server.github.credentials import Credentials, FixedToken, Token
from server.github.people import People
from server.github.pools import Pools
from server.settings import Settings

NOW = datetime(2026, 11, 20, 10, 42, 0, tzinfo=UTC)
SECRET = "ghp_neverShowThisToken1234567890"
Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script(httpx.AsyncBaseTransport):
    """Answers one request after the other; a request beyond the script fails the test."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.replies, f"nothing was expected after {len(self.sent)} requests: {request.method} {request.url}"
        reply = self.replies.pop(0)
        self.sent.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def lines(self) -> list[str]:
        """Method, path and query of every request."""
        return [f"{one.method} {one.url.raw_path.decode()}" for one in self.sent]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.sent[index].content)


class Routes(httpx.AsyncBaseTransport):
    """Answers by method and path, in any order; 404 where nothing is known."""

    def __init__(self, routes: Mapping[str, Reply]) -> None:
        self.routes = dict(routes)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        reply = self.routes.get(f"{request.method} {request.url.path}", told(404, {"message": "Not Found"}))
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return reply(request)

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {one.url.path}" for one in self.sent]


class Hanging(httpx.AsyncBaseTransport):
    """Never answers."""

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError


class Waits:
    """Stands in for sleeping: remembers the seconds and takes none. A clock may move with it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.time = NOW

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


class Renewing(Credentials):
    """Gives another token after each refusal, as long as there are any."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.refused: list[str] = []

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 # the same everywhere
        return Token(self.values[0], "OAuth token", "test")

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 # the same everywhere
        self.refused.append(refused.value)
        self.values.pop(0)
        return Token(self.values[0], "OAuth token", "test") if self.values else None


class ByOrg(Credentials):
    """A token for each organization, as a GitHub App has."""

    async def token(self, org: str | None) -> Token:
        return Token(f"ghs_{org}", "installation token", "test")

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 # there is no other
        return None


def told(status: int, content: object = None, **headers: str) -> httpx.Response:
    """An answer with JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content is None:
        return httpx.Response(status, headers=named)
    return httpx.Response(status, headers=named, json=content)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def campaign(number: int = 3, **changes: object) -> dict[str, object]:
    """A campaign as GitHub tells it."""
    return {
        "number": number,
        "name": "Stop XSS",
        "description": "Fix them all",
        "state": "open",
        "created_at": "2026-11-20T10:42:00Z",
        "updated_at": "2026-11-20T10:42:00Z",
        "ends_at": "2027-01-08T23:59:59Z",
        "managers": [{"login": "mona-lisa", "id": 1}],
        "team_managers": [],
        "contact_link": None,
        **changes,
    }


def make_client(
    transport: httpx.AsyncBaseTransport,
    waits: Waits,
    *,
    credentials: Credentials | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    write_spacing: float = 0.0,
) -> GitHubClient:
    return GitHubClient(
        Pools([httpx.AsyncClient(transport=transport)]),
        replace(settings or Settings(), write_spacing=write_spacing),
        credentials or FixedToken(SECRET),
        clock or Clock(waits.now),
        sleep=sleep or waits,
        jitter=lambda: 1.0,
        ticks=lambda: waits.now().timestamp(),
    )


def make_campaigns(transport: httpx.AsyncBaseTransport, waits: Waits, *, settings: Settings | None = None) -> Campaigns:
    clock = Clock(waits.now)
    chosen = settings or Settings()
    return Campaigns(make_client(transport, waits, settings=chosen, clock=clock), clock, chosen, waits)


def make_people(transport: httpx.AsyncBaseTransport, waits: Waits, *, credentials: Credentials | None = None) -> People:
    return People(make_client(transport, waits, credentials=credentials), Settings())
