"""What is read and written about a campaign's past, and about reports. Everything here blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, select, update

from server.domain.snapshots import Reading, Snapshot
from server.store.columns import moment, seconds
from server.store.database import Database
from server.store.hourly import worth_keeping
from server.store.records import whole_seconds
from server.store.schema import reports, snapshots

_HOUR = 3600
_READING = [snapshots.c[name] for name in Snapshot._fields]


class History:
    """The readings of campaigns on one host.

    Raises, from every method:
        StoreFailed: when the store cannot be used.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    def note(self, org: str, readings: Sequence[Reading]) -> int:
        """Keep the readings that are worth it, in one transaction, and tell how many were."""
        told = [_whole(reading) for reading in readings]

        def worth(connection: Connection) -> list[Reading]:
            return [reading for reading in told if self._is_worth_keeping(connection, org, reading)]

        def keep(connection: Connection) -> int:
            due = worth(connection)  # looked at again: nobody else writes now
            if due:
                connection.execute(insert(snapshots), [self._row(org, reading) for reading in due])
            return len(due)

        # Looked at first, so that the usual case does not wait for a writer.
        due = not self._database.exists() or self._database.read(worth)
        return self._database.write(keep) if due else 0

    def _is_worth_keeping(self, connection: Connection, org: str, reading: Reading) -> bool:
        campaign = self._campaign(org, reading.campaign_number, reading.created_at)
        at = seconds(reading.snapshot.at)
        earlier, later = and_(campaign, snapshots.c.at <= at), and_(campaign, snapshots.c.at > at)
        before = select(*_READING).where(earlier).order_by(snapshots.c.at.desc()).limit(1)
        after = select(*_READING).where(later).order_by(snapshots.c.at).limit(1)
        return worth_keeping(_first(connection, before), reading.snapshot, _first(connection, after))

    def of(self, org: str, number: int, created_at: datetime, since: datetime | None) -> list[Snapshot]:
        """Return the readings of a campaign since a moment or since ever, the oldest first."""
        if not self._database.exists():
            return []
        wanted = self._campaign(org, number, created_at)
        if since is not None:
            wanted = and_(wanted, snapshots.c.at >= seconds(since))
        query = select(*_READING).where(wanted).order_by(snapshots.c.at)
        return self._database.read(lambda connection: [_snapshot(row) for row in connection.execute(query)])

    def note_report(self, org: str, at: datetime) -> None:
        """Note that an organization was reported on.

        An earlier moment than the one that is kept changes nothing, unless that is hours ahead: a clock was wrong then.
        """
        this = and_(reports.c.host == self._host, reports.c.org == org.lower())
        reported_at = seconds(at)

        def work(connection: Connection) -> None:
            kept = connection.scalar(select(reports.c.reported_at).where(this))
            if kept is None:
                connection.execute(insert(reports).values(host=self._host, org=org.lower(), reported_at=reported_at))
            elif kept < reported_at or kept > reported_at + _HOUR:
                connection.execute(update(reports).where(this).values(reported_at=reported_at))

        self._database.write(work)

    def last_report(self, org: str) -> datetime | None:
        """Return when an organization was last reported on, or None."""
        if not self._database.exists():
            return None
        query = select(reports.c.reported_at).where(reports.c.host == self._host, reports.c.org == org.lower())

        def work(connection: Connection) -> datetime | None:
            kept = connection.scalar(query)
            return None if kept is None else moment(kept)

        return self._database.read(work)

    def _campaign(self, org: str, number: int, created_at: datetime) -> ColumnElement[bool]:
        return and_(
            snapshots.c.host == self._host,
            snapshots.c.org == org.lower(),
            snapshots.c.campaign_number == number,
            snapshots.c.campaign_created_at == seconds(created_at),
        )

    def _row(self, org: str, reading: Reading) -> dict[str, str | int]:
        snapshot = reading.snapshot
        return {
            **snapshot._asdict(),
            "at": seconds(snapshot.at),
            "ends_at": seconds(snapshot.ends_at),
            "host": self._host,
            "org": org.lower(),
            "campaign_number": reading.campaign_number,
            "campaign_created_at": seconds(reading.created_at),
        }


def _whole(reading: Reading) -> Reading:
    snapshot = reading.snapshot
    at, ends_at = whole_seconds(snapshot.at), whole_seconds(snapshot.ends_at)
    return reading._replace(snapshot=snapshot._replace(at=at, ends_at=ends_at))


def _first(connection: Connection, query: Select[Any]) -> Snapshot | None:
    row = connection.execute(query).first()
    return None if row is None else _snapshot(row)


def _snapshot(row: Row[Any]) -> Snapshot:
    """Make a snapshot of a row.

    Raises:
        ValueError: it holds what was never written: SQLite takes any value in any column.
    """
    kept = Snapshot._make(row)
    counts = (row.at, row.ends_at, kept.open_count, kept.in_progress_count, kept.closed_count)
    if not all(isinstance(count, int) for count in counts) or kept.state not in ("open", "closed"):
        raise ValueError("a snapshot that is none")
    return kept._replace(at=moment(row.at), ends_at=moment(row.ends_at))
