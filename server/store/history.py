"""What is read and written about a campaign's past, and about reports. Everything here blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, select, update

from server.domain.snapshots import Reading, Snapshot
from server.store.columns import moment, seconds
from server.store.database import Database
from server.store.hourly import worth_keeping
from server.store.schema import reports, snapshots

_HOUR = 3600
_READING = [snapshots.c[name] for name in Snapshot._fields]


class Noting(NamedTuple):
    """What became of readings.

    Attributes:
        kept: those that were worth it.
        known: those that say what was kept already. Of two different ones in one second the later is neither.
    """

    kept: list[Reading]
    known: list[Reading]


class History:
    """The readings of campaigns on one host.

    Raises, from every method:
        StoreFailed: when the store cannot be used.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    def note(self, org: str, readings: Sequence[Reading]) -> Noting:
        """Keep the readings, in whole seconds, that are worth it: all of them or none."""

        def look(connection: Connection) -> Noting:
            return self._look(connection, org, readings)

        def keep(connection: Connection) -> Noting:
            noting = look(connection)  # looked at again: nobody else writes now
            if noting.kept:
                connection.execute(insert(snapshots), [self._row(org, reading) for reading in noting.kept])
            return noting

        if self._database.exists():
            noting = self._database.read(look)
            if not noting.kept:  # the usual case does not wait for a writer
                return noting
        return self._database.write(keep)

    def _look(self, connection: Connection, org: str, readings: Sequence[Reading]) -> Noting:
        noting = Noting([], [])
        for reading in readings:
            snapshot = reading.snapshot
            before, after = self._neighbours(connection, org, reading)
            if worth_keeping(before, snapshot, after):
                noting.kept.append(reading)
            elif before is None or before.at != snapshot.at or before == snapshot:
                noting.known.append(reading)
        return noting

    def _neighbours(
        self, connection: Connection, org: str, reading: Reading
    ) -> tuple[Snapshot | None, Snapshot | None]:
        campaign = self._campaign(org, reading.campaign_number, reading.created_at)
        at = seconds(reading.snapshot.at)
        earlier, later = and_(campaign, snapshots.c.at <= at), and_(campaign, snapshots.c.at > at)
        before = select(*_READING).where(earlier).order_by(snapshots.c.at.desc()).limit(1)
        after = select(*_READING).where(later).order_by(snapshots.c.at).limit(1)
        return _first(connection, before), _first(connection, after)

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
