from collections.abc import AsyncIterator

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from tests.sandbox.connections import Clock, connect


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return create_sandbox(SandboxOptions(clock=clock))


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(sandbox) as connected:
        yield connected
