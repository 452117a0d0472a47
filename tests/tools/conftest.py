from __future__ import annotations

import pytest

from tests.guards.scenarios import ALWAYS_ASKED, GuardedCall


@pytest.fixture(params=ALWAYS_ASKED, ids=str)
def guarded(request: pytest.FixtureRequest) -> GuardedCall:
    """A call that a person is always asked about."""
    call: GuardedCall = request.param
    return call
