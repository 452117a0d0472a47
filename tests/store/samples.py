"""Publications to keep, campaigns that came of them, and a look past the store into its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.domain.models import Campaign
from server.store.records import KeptAlert, Publication
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


def store_at(path: Path | None, host: str = HOST, *, patience: float = 10.0, **pragmas: int) -> Store:
    return Store(host, path, patience=patience, pragmas=pragmas)


def publication(**changes: Any) -> Publication:
    return replace(PUBLICATION, **changes)


def campaign(number: int = 7, **changes: Any) -> Campaign:
    facts = {"number": number, "name": PUBLICATION.name, "state": "open", "created_at": CREATED, "ends_at": ENDS}
    return Campaign.model_validate({**facts, "updated_at": CREATED, **changes})


def rows(path: Path, sql: str) -> Sequence[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
