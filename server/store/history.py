"""What is read and written about a campaign's past, and about reports. Everything here blocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, select, update

from server.domain.snapshots import Snapshot
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

    def note(self, org: str, number: int, created_at: datetime, snapshot: Snapshot) -> bool:
        """Keep a reading if it is worth it, and tell whether it was."""
        reading = snapshot._replace(at=whole_seconds(snapshot.at), ends_at=whole_seconds(snapshot.ends_at))
        campaign = self._campaign(org, number, created_at)

        def worth(connection: Connection) -> bool:
            earlier = and_(campaign, snapshots.c.at <= seconds(reading.at))
            later = and_(campaign, snapshots.c.at > seconds(reading.at))
            before = select(*_READING).where(earlier).order_by(snapshots.c.at.desc()).limit(1)
            after = select(*_READING).where(later).order_by(snapshots.c.at).limit(1)
            return worth_keeping(_first(connection, before), reading, _first(connection, after))

        def keep(connection: Connection) -> bool:
            due = worth(connection)  # looked at again: nobody else writes now
            if due:
                connection.execute(insert(snapshots).values(self._row(org, number, created_at, reading)))
            return due

        # Looked at first, so that the usual case does not wait for a writer.
        return (not self._database.exists() or self._database.read(worth)) and self._database.write(keep)

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

    def _row(self, org: str, number: int, created_at: datetime, reading: Snapshot) -> dict[str, str | int]:
        return {
            **reading._asdict(),
            "at": seconds(reading.at),
            "ends_at": seconds(reading.ends_at),
            "host": self._host,
            "org": org.lower(),
            "campaign_number": number,
            "campaign_created_at": seconds(created_at),
        }


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
