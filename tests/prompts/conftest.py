from __future__ import annotations

import pytest

from server.sandbox.app import Sandbox
from tests.prompts.asking import sandbox_shaped


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_shaped("schema")
