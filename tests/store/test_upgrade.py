"""Files of earlier releases. What a release wrote stays here, and must open in every later one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.store.store import Store
from tests.store.samples import CREATED, LATER, PUBLICATION, rows, snapshot, store_at

pytestmark = pytest.mark.anyio

# As the first release writes it.
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
INSERT INTO publications VALUES
    (5, 'api.github.com', 'octo-org', 'code', 'published', 'Old', NULL, 1798761599, NULL, NULL, 1780315200, 7,
     1780315202, NULL),
    (6, 'api.github.com', 'octo-org', 'secret', 'unknown', 'Lost', 'All.', 1798761599, '{}', 'mona', 1780315200, NULL,
     NULL, 'no answer'),
    (7, 'api.github.com', 'octo-org', 'code', 'abandoned', 'Refused', NULL, 1798761599, NULL, NULL, 1780315200, NULL,
     NULL, 'GitHub answered 422');
INSERT INTO publication_alerts VALUES
    (5, 41001, 3, 'payments', 'high', 'js/xss', 1700000000),
    (6, 41001, 4, NULL, NULL, NULL, NULL);
"""


@pytest.fixture
def place(path: Path) -> Path:
    """Return a file as the first release left it."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as first:
        first.executescript(FIRST_RELEASE)
    return path


async def test_a_store_of_the_first_release_opens(store: Store) -> None:
    known = await store.alerts_of("octo-org", 7)
    assert known is not None
    assert (known.publication.name, known.created_at) == ("Old", CREATED)
    assert known.alerts == ((41001, 3, "payments", "high", "js/xss", 1_700_000_000),)


async def test_its_upgrade_loses_nothing(store: Store, path: Path) -> None:
    queries = [f"SELECT * FROM {table} ORDER BY 1" for table in ("publications", "publication_alerts")]  # noqa: S608 - names from here
    before = [rows(path, query) for query in queries]
    assert await store.history("octo-org", 7, CREATED) == []
    assert [rows(path, query) for query in queries] == before
    assert rows(path, "SELECT version FROM schema_version ORDER BY version") == [(1,), (2,), (3,)]
    assert [each.name for each in await store.unsettled("octo-org", LATER)] == ["Lost"]


async def test_after_its_upgrade_it_keeps_history(store: Store) -> None:
    assert await store.note("octo-org", 7, CREATED, snapshot())
    assert await store.history("octo-org", 7, CREATED) == [snapshot()]


async def test_an_upgraded_store_has_the_tables_of_a_new_one(store: Store, path: Path, tmp_path: Path) -> None:
    await store.intend(PUBLICATION)
    await store_at(tmp_path / "new").intend(PUBLICATION)

    def tables(file: Path) -> set[str]:
        return {"".join(sql.split()) for (sql,) in rows(file, "SELECT sql FROM sqlite_master") if sql is not None}

    assert tables(path) == tables(tmp_path / "new")
