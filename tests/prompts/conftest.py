from __future__ import annotations

import pytest

from server.sandbox.app import Sandbox
from tests.prompts.asking import sandbox_shaped


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_shaped("schema")
