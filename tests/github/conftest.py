from __future__ import annotations

import pytest

from tests.github.scripted import Waits


@pytest.fixture
def waits() -> Waits:
    return Waits()
