"""A PostgreSQL that stops answering, while its machine still does: it costs an error, and no thread hangs for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anyio
import pytest
from sqlalchemy import text

from server.errors import StoreFailed
from server.store.addresses import read_address
from server.store.database import Database
from server.store.opening import Opening
from server.store.postgres import PostgresPlace
from server.store.store import Store
from tests.store.freezing import Freezing, freezing
from tests.store.postgres import PASSWORD, Server
from tests.store.samples import CREATED, HOST, PUBLICATION, publication, rows, snapshot

pytestmark = pytest.mark.anyio

PATIENCE, SILENCE = 2.0, 0.1
"""Seconds. psycopg waits at least the former for a connection; the latter must do for an honest `SELECT 1`."""


@pytest.fixture
def place() -> None:
    """Nothing here is about a file."""


@pytest.fixture
def database(postgres_server: Server) -> str:
    return postgres_server.new_database()


@pytest.fixture
def proxy(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Freezing]:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with freezing(postgres_server.port) as made:
        yield made


def through(proxy: Freezing, database: str) -> str:
    return f"postgresql://tester@127.0.0.1:{proxy.port}/{database}"


async def test_a_server_that_froze_costs_an_error_and_is_used_again_when_it_answers(
    proxy: Freezing, database: str, postgres_server: Server
) -> None:
    store = Store(HOST, through(proxy, database), patience=PATIENCE, silence=SILENCE)
    await store.intend(PUBLICATION)
    proxy.freeze()
    for name in ("While frozen", "Again"):
        with anyio.fail_after(60), pytest.raises(StoreFailed, match="cannot be reached"):
            await store.intend(publication(name=name))
    with pytest.raises(StoreFailed):  # what only serves the trend does not try
        await store.note("octo-org", 7, CREATED, snapshot())
    proxy.thaw()
    await store.intend(publication(name="Afterwards"))
    await store.aclose()
    names = rows(postgres_server.address(database), "SELECT name FROM publications ORDER BY name")
    assert names == [("Afterwards",), (PUBLICATION.name,)]


def test_a_server_that_froze_in_the_middle_of_a_transaction_is_given_up_and_nothing_of_it_is_kept(
    proxy: Freezing, database: str
) -> None:
    kept = Database(PostgresPlace(read_address(through(proxy, database)), patience=0.1, silence=SILENCE))
    kept.write(lambda connection: connection.execute(text("CREATE TABLE noted (what TEXT)")))

    def freezes(connection: object) -> None:
        note(connection, "before")
        proxy.freeze()
        note(connection, "frozen")

    def note(connection: object, what: str) -> None:
        connection.execute(text("INSERT INTO noted VALUES (:what)"), {"what": what})  # type: ignore[attr-defined]

    with pytest.raises(StoreFailed, match="did not answer a query in time"):
        kept.write(freezes)
    proxy.thaw()
    kept.write(lambda connection: note(connection, "after"))
    found = kept.read(lambda connection: connection.scalars(text("SELECT what FROM noted")).all())
    kept.close()
    assert found == ["after"]


async def test_many_that_wait_for_a_frozen_server_all_get_their_error_and_leave_no_thread_waiting(
    proxy: Freezing, database: str
) -> None:
    opening = Opening(HOST, through(proxy, database), patience=PATIENCE, silence=SILENCE)
    await opening.use(lambda kept: kept.sharing.spend("first", 1, 2), otherwise=False)
    proxy.freeze()
    failures = []
    working: set[int] = set()

    async def spend(number: int) -> None:
        def work(kept: object) -> bool:
            working.add(threading.get_ident())
            try:
                return bool(kept.sharing.spend(f"answer {number}", 1, 2))  # type: ignore[attr-defined]
            finally:
                working.discard(threading.get_ident())

        with pytest.raises(StoreFailed) as failed:
            await opening.use(work, otherwise=True)
        failures.append(str(failed.value))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(spend, number)
    assert len(failures) == 12
    assert working == set()
    proxy.thaw()
    assert await opening.use(lambda kept: kept.sharing.spend("answer 1", 1, 2), otherwise=False)
    await opening.aclose()
