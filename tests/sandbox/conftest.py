from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, SandboxOptions
from tests.sandbox.contract import ContractTransport

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


class Connect(Protocol):
    def __call__(self, sandbox: Sandbox, token: str | None = SANDBOX_TOKEN) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return create_sandbox(SandboxOptions(clock=clock))


@asynccontextmanager
async def connect(sandbox: Sandbox, token: str | None = SANDBOX_TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a sandbox; what comes back is held against GitHub's OpenAPI, and so is what goes out if accepted."""
    transport = ContractTransport(
        httpx.ASGITransport(sandbox), shape=sandbox.options.shape, hold_requests=False
    )
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.github.com", headers=headers) as client:
        yield client


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(sandbox) as connected:
        yield connected
