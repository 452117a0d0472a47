import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from server.store.store import Store
from tests.guards.scenarios import ALWAYS_ASKED, GuardedCall
from tests.store import postgres
from tests.store.samples import close_stores, store_at

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    programs = postgres.binaries()
    if programs is None:
        absent = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    with postgres.running(programs) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite3"


@pytest.fixture
def address(postgres_server: postgres.Server) -> str:
    """The address of an empty database."""
    return postgres_server.address(postgres_server.new_database())


@pytest.fixture(params=["path", "address"], ids=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Path | str:
    """Where a store can be. A module about one kind of place says so with a fixture of this name."""
    found: Path | str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def store(place: Path | str) -> Store:
    return store_at(place)


@pytest.fixture(params=ALWAYS_ASKED, ids=str)
def guarded(request: pytest.FixtureRequest) -> GuardedCall:
    """A call that a person is always asked about."""
    call: GuardedCall = request.param
    return call


@pytest.fixture(autouse=True)
def _stores_are_closed() -> Iterator[None]:
    yield
    close_stores()
