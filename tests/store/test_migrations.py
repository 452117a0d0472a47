"""An older store is brought up to date, a newer one refused, whoever comes first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, text

from server.errors import StoreFailed
from server.store.database import Database
from server.store.migrations import MIGRATIONS, Migration
from server.store.publications import Publications
from server.store.records import Intent
from server.store.store import Store
from tests.store.samples import CREATED, HOST, LATER, PUBLICATION, database_at, publication, rows, snapshot


def _first(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT)"))
    connection.execute(text("INSERT INTO notes (id, said) VALUES (1, 'kept')"))


def _second(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE notes ADD COLUMN length INTEGER"))
    connection.execute(text("UPDATE notes SET length = 4"))


def _broken(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE notes ADD COLUMN half TEXT"))
    connection.execute(text("no such statement"))


def nothing(connection: Connection) -> None:
    pass


def forbidden(connection: Connection) -> None:
    raise AssertionError("a newer store was used")


def read(database: Database) -> list[tuple[object, ...]]:
    return database.read(lambda connection: [tuple(row) for row in connection.execute(text("SELECT * FROM notes"))])


@pytest.mark.parametrize("steps", [[(_first,), (_first, _second)], [(_first, _second)], [(_first,), (_first,)]])
def test_a_store_passes_each_migration_once_and_keeps_what_it_holds(
    place: Path | str, steps: list[tuple[Migration, ...]]
) -> None:
    for migrations in steps:
        database_at(place, migrations).write(nothing)
    kept = [(1, "kept", 4)] if len(steps[-1]) == 2 else [(1, "kept")]
    assert read(database_at(place, steps[-1])) == kept
    versions = rows(place, "SELECT version FROM schema_version ORDER BY version")
    assert versions == [(number,) for number, _ in enumerate(steps[-1], 1)]


def test_reading_alone_brings_an_older_store_up_to_date(place: Path | str) -> None:
    database_at(place, (_first,)).write(nothing)
    assert read(database_at(place, (_first, _second))) == [(1, "kept", 4)]


def test_a_migration_that_fails_leaves_the_store_as_it_was(place: Path | str) -> None:
    database_at(place, (_first,)).write(nothing)
    with pytest.raises(StoreFailed, match="cannot be used"):
        database_at(place, (_first, _second, _broken)).write(nothing)
    assert read(database_at(place, (_first,))) == [(1, "kept")]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(place: Path | str) -> None:
    database_at(place, (_first, _second)).write(nothing)
    for use in (database_at(place, (_first,)).read, database_at(place, (_first,)).write):
        with pytest.raises(StoreFailed) as refused:
            use(forbidden)
        assert re.fullmatch(
            r"The store \S+ was written by a newer version of this program\. Upgrade the program, name another "
            r"(file|database) with --store, or run with --no-store\.",
            str(refused.value),
        )
    assert read(database_at(place, (_first, _second))) == [(1, "kept", 4)]


def test_many_that_start_at_once_migrate_once(place: Path | str) -> None:
    together = Barrier(8)

    def start(_: int) -> list[tuple[object, ...]]:
        database = database_at(place, (_first, _second))
        together.wait(10)
        return read(database)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(start, range(8))) == [[(1, "kept", 4)]] * 8


@pytest.mark.anyio
async def test_a_store_that_became_newer_while_this_ran_is_refused(store: Store, place: Path | str) -> None:
    await store.intend(PUBLICATION)
    rows(place, f"INSERT INTO schema_version VALUES ({len(MIGRATIONS) + 1})")  # noqa: S608 - our own number
    for ask in (store.intend(PUBLICATION), store.alerts_of("octo-org", 7), store.unsettled("octo-org", LATER)):
        with pytest.raises(StoreFailed, match="written by a newer version"):
            await ask


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["TEXT", "BOOLEAN"])
async def test_a_table_of_the_same_name_that_holds_something_else_is_another_programs(
    store: Store, place: Path | str, version: str
) -> None:
    if isinstance(place, Path):
        place.parent.mkdir()
    rows(place, f"CREATE TABLE schema_version (version {version})")
    rows(place, "INSERT INTO schema_version VALUES ('1')")
    with pytest.raises(StoreFailed, match=r"belongs to another program|cannot be used"):
        await store.intend(PUBLICATION)
    assert rows(place, "SELECT count(*) FROM schema_version") == [(1,)]


@pytest.mark.anyio
async def test_the_first_schema_is_brought_up_to_date_and_keeps_what_it_held(store: Store, place: Path | str) -> None:
    database = database_at(place, MIGRATIONS[:1])
    publications = Publications(database, HOST)
    intent, lost = Intent(PUBLICATION), Intent(publication(name="Lost"))
    publications.intend(intent)
    publications.published(intent, 7, CREATED)
    publications.intend(lost)
    assert await store.note("octo-org", 7, CREATED, snapshot())
    assert await store.history("octo-org", 7, CREATED) == [snapshot()]
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert known.publication == PUBLICATION
    assert [each.key for each in await store.unsettled("octo-org", LATER)] == [lost.key]
    with pytest.raises(StoreFailed, match="written by a newer version"):
        publications.intend(intent)
