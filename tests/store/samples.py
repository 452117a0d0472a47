"""Publications and readings to keep, campaigns that came of them, and a look past the store into its tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import psycopg

from server.domain.models import Campaign
from server.domain.snapshots import Snapshot
from server.store.addresses import read_address
from server.store.database import Database
from server.store.migrations import MIGRATIONS, Migration
from server.store.opening import Opening
from server.store.postgres import PostgresPlace
from server.store.records import KeptAlert, Publication
from server.store.shared import Shared
from server.store.sqlite import SqlitePlace
from server.store.store import Store

HOST = "api.github.com"
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CREATED = AT + timedelta(seconds=2)
LATER = AT + timedelta(minutes=10)
ENDS = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
ALERTS = (
    KeptAlert(41001, 3, "payments", "critical", "js/xss", 1_700_000_000),
    KeptAlert(41001, 4, "payments", "high", "js/sql-injection", 1_700_000_100),
    KeptAlert(41002, 3),
)
PUBLICATION = Publication(
    org="octo-org",
    kind="code",
    name="Stop the XSS",
    ends_at=ENDS,
    alerts=ALERTS,
    at=AT,
    description="All of it.",
    filter='{"severities":["critical"]}',
    account="mona-lisa",
)


_opened: list[Callable[[], None]] = []


def store_at(
    place: Path | str | None,
    host: str = HOST,
    *,
    patience: float = 10.0,
    now: Callable[[], float] = time.monotonic,
    **pragmas: int,
) -> Store:
    more = {"pragmas": pragmas} if isinstance(place, Path) else {}
    store = Store(host, place, now=now, patience=patience, **more)
    _opened.append(lambda: anyio.run(store.aclose))
    return store


def shared_at(place: Path | str, now: Callable[[], float], host: str = HOST) -> Shared:
    opening = Opening(host, place)
    _opened.append(lambda: anyio.run(opening.aclose))
    return Shared(opening, now)


def close_stores() -> None:
    """Close what `store_at`, `shared_at` and `database_at` made."""
    while _opened:
        _opened.pop()()


def database_at(place: Path | str, migrations: Sequence[Migration] = MIGRATIONS, patience: float = 10.0) -> Database:
    kind = SqlitePlace(place, patience) if isinstance(place, Path) else PostgresPlace(read_address(place), patience)
    database = Database(kind, migrations)
    _opened.append(database.close)
    return database


def publication(**changes: Any) -> Publication:
    return replace(PUBLICATION, **changes)


def campaign(number: int = 7, **changes: Any) -> Campaign:
    as_sent = {"name": PUBLICATION.name, "description": PUBLICATION.description, "ends_at": ENDS}
    facts = {"number": number, "state": "open", "created_at": CREATED, "updated_at": CREATED, **as_sent}
    return Campaign.model_validate({**facts, **changes})


def snapshot(at: datetime = AT, **changes: Any) -> Snapshot:
    return Snapshot(at, 30, 5, 7, ENDS, "open")._replace(**changes)


def numbered(place: Path | str, number: int) -> Path | str:
    """Another place beside one: a file, or a schema that is named by the number."""
    if isinstance(place, Path):
        return place.with_name(f"{number}.sqlite3")
    return f"{place}&options=-csearch_path%3Dkept_{number}"


def rows(place: Path | str, sql: str) -> Sequence[tuple[Any, ...]]:
    """Run a statement on the tables themselves and return what it finds."""
    connection: Any = sqlite3.connect(place) if isinstance(place, Path) else psycopg.connect(place, autocommit=True)
    with closing(connection):
        cursor = connection.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        connection.commit()
        return found
