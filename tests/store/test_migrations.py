"""An older store is brought up to date, a newer one refused, whoever comes first."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, text

from server.errors import StoreFailed
from server.store.database import Database
from server.store.migrations import MIGRATIONS, Migration
from server.store.store import Store
from tests.store.samples import CREATED, LATER, PUBLICATION, rows, store_at


def _first(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT)"))
    connection.execute(text("INSERT INTO notes (said) VALUES ('kept')"))


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
    path: Path, steps: list[tuple[Migration, ...]]
) -> None:
    for migrations in steps:
        Database(path, migrations=migrations).write(nothing)
    kept = [(1, "kept", 4)] if len(steps[-1]) == 2 else [(1, "kept")]
    assert read(Database(path, migrations=steps[-1])) == kept
    versions = rows(path, "SELECT version FROM schema_version ORDER BY version")
    assert versions == [(number,) for number, _ in enumerate(steps[-1], 1)]


def test_reading_alone_brings_an_older_store_up_to_date(path: Path) -> None:
    Database(path, migrations=(_first,)).write(nothing)
    assert read(Database(path, migrations=(_first, _second))) == [(1, "kept", 4)]


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    Database(path, migrations=(_first,)).write(nothing)
    with pytest.raises(StoreFailed, match="cannot be used"):
        Database(path, migrations=(_first, _second, _broken)).write(nothing)
    assert read(Database(path, migrations=(_first,))) == [(1, "kept")]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    Database(path, migrations=(_first, _second)).write(nothing)
    for use in (Database(path, migrations=(_first,)).read, Database(path, migrations=(_first,)).write):
        with pytest.raises(StoreFailed) as refused:
            use(forbidden)
        assert str(refused.value) == (
            f"The store {path} was written by a newer version of this program. Upgrade the program, name another file "
            "with --store, or run with --no-store."
        )
    assert read(Database(path, migrations=(_first, _second))) == [(1, "kept", 4)]


def test_many_that_start_at_once_migrate_once(path: Path) -> None:
    together = Barrier(8)

    def start(_: int) -> list[tuple[object, ...]]:
        database = Database(path, migrations=(_first, _second))
        together.wait(10)
        return read(database)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(start, range(8))) == [[(1, "kept", 4)]] * 8


@pytest.mark.anyio
async def test_a_store_that_became_newer_while_this_ran_is_refused(store: Store, path: Path) -> None:
    await store.intend(PUBLICATION)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("INSERT INTO schema_version VALUES (?)", (len(MIGRATIONS) + 1,))
        newer.commit()
    for ask in (store.intend(PUBLICATION), store.alerts_of("octo-org", 7), store.unsettled("octo-org", LATER)):
        with pytest.raises(StoreFailed, match="written by a newer version"):
            await ask


# As the first release writes it. What a release wrote stays here, and must open in every later one.
FIRST_RELEASE = """
CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
INSERT INTO schema_version VALUES (1);
CREATE TABLE publications (
    id INTEGER NOT NULL, host TEXT NOT NULL, org TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    name TEXT NOT NULL, description TEXT, ends_at BIGINT NOT NULL, filter TEXT, account TEXT,
    intended_at BIGINT NOT NULL, campaign_number BIGINT, campaign_created_at BIGINT, why TEXT,
    PRIMARY KEY (id),
    CONSTRAINT published_has_number CHECK ((state = 'published') = (campaign_number IS NOT NULL)),
    CONSTRAINT published_has_moment CHECK ((state = 'published') = (campaign_created_at IS NOT NULL)),
    CONSTRAINT one_publication_of_a_campaign UNIQUE (host, org, campaign_number));
CREATE INDEX publications_by_state ON publications (host, org, state);
CREATE TABLE publication_alerts (
    publication_id INTEGER NOT NULL, repository_id BIGINT NOT NULL, alert_number BIGINT NOT NULL,
    repository TEXT, severity TEXT, rule TEXT, created_at BIGINT,
    PRIMARY KEY (publication_id, repository_id, alert_number),
    FOREIGN KEY(publication_id) REFERENCES publications (id) ON DELETE CASCADE);
INSERT INTO publications VALUES (5, 'api.github.com', 'octo-org', 'code', 'published', 'Old', NULL, 1798761599, NULL,
    NULL, 1780315200, 7, 1780315202, NULL);
INSERT INTO publication_alerts VALUES (5, 41001, 3, 'payments', 'high', 'js/xss', 1700000000);
"""


@pytest.mark.anyio
async def test_a_store_of_the_first_release_opens(store: Store, path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as first:
        first.executescript(FIRST_RELEASE)
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.publication.name, known.created_at) == ("Old", CREATED)
    assert known.alerts == ((41001, 3, "payments", "high", "js/xss", 1_700_000_000),)


@pytest.mark.anyio
async def test_an_upgraded_store_has_the_tables_of_a_new_one(store: Store, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as first:
        first.executescript(FIRST_RELEASE)
    await store.intend(PUBLICATION)
    await store_at(tmp_path / "new").intend(PUBLICATION)

    def tables(file: Path) -> set[str]:
        return {"".join(sql.split()) for (sql,) in rows(file, "SELECT sql FROM sqlite_master") if sql is not None}

    assert tables(path) == tables(tmp_path / "new")
