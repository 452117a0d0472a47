from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from server.store.store import Store
from tests.store.samples import store_at

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite3"


@pytest.fixture
def store(path: Path) -> Store:
    return store_at(path)
