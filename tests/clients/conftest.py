from __future__ import annotations

import pytest

from tests.clients.node import node


@pytest.fixture(autouse=True, scope="session")
def _clients_there() -> None:
    """Before any server is started."""
    node()
