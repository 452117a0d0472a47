"""What is read and written about attempted writes. Everything here blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from server.domain.audit import GRACE, AuditRecord
from server.domain.audit_settling import FOR_GOOD, Ending
from server.store.columns import storable
from server.store.database import Database
from server.store.schema import audit, publications

_OPEN = ("intended", "unknown")
_MOST_AT_ONCE = 50
_CREATES = "create_campaign"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AS_JSON = ("change", "before", "after")
_AS_IS = (
    *("org", "tool", "campaign_number", "caller", "caller_subject", "caller_issuer", "account", "confirmation"),
    *("outcome", "why", "status", "request_id"),
)


class Audit:
    """The attempted writes to one host.

    Raises, from every method:
        StoreFailed: when the store cannot be used.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    def insert(self, record: AuditRecord) -> None:
        """Keep a record."""
        self._database.write(lambda connection: _insert(connection, self._row(record)))

    def ended(self, record: AuditRecord) -> None:
        """Keep what came of a write.

        Who made it knows better than who looked later, except when it does not know.
        """
        row = self._row(record)

        def work(connection: Connection) -> None:
            this = audit.c.id == record.key
            known = connection.scalar(select(audit.c.outcome).where(this))
            if known is None:
                _insert(connection, row)
            elif record.outcome != "unknown" or known == "intended":
                connection.execute(update(audit).where(this).values(row))

        self._database.write(work)

    def unsettled(self, org: str, now: datetime) -> list[AuditRecord]:
        """Settle creations by their publications, and return what else is to be settled."""
        if not self._database.exists():
            return []
        due = self._due(org, now)
        creates = audit.c.tool == _CREATES
        query = select(audit).where(due).order_by(audit.c.at, audit.c.id)

        def work(connection: Connection) -> tuple[list[AuditRecord], bool]:
            found = connection.execute(query.where(~creates).limit(_MOST_AT_ONCE))
            ended = connection.execute(_ended_publications(and_(due, creates)).limit(1)).first()
            return [_record(row) for row in found], ended is not None

        records, has_ended = self._database.read(work)
        if has_ended:
            self._database.write(lambda connection: _settle_creations(connection, and_(due, creates), now))
        return records

    def other_deletions(self, record: AuditRecord) -> list[AuditRecord]:
        """Return the other attempts to delete a record's campaign that may have been sent, the oldest first."""
        wanted = (
            audit.c.host == self._host,
            audit.c.org == record.org,
            audit.c.tool == record.tool,
            audit.c.campaign_number == record.campaign_number,
            audit.c.outcome.in_((*_OPEN, "done")),
            audit.c.id != record.key,
        )
        query = select(audit).where(*wanted).order_by(audit.c.at, audit.c.id)
        return self._database.read(lambda connection: [_record(row) for row in connection.execute(query)])

    def settle(self, key: int, ending: Ending, at: datetime) -> bool:
        """End a record that is still open, for good."""
        row = {
            "outcome": ending.outcome,
            "why": storable(ending.why),
            "settled": True,
            "ended_at": _milliseconds(at),
            **({} if ending.after is None else {"after": _json(ending.after)}),
        }
        still = and_(audit.c.id == key, audit.c.outcome.in_(_OPEN), ~audit.c.settled)
        return self._database.write(
            lambda connection: connection.execute(update(audit).where(still).values(row)).rowcount > 0
        )

    def page(
        self, org: str | None, since: datetime | None, until: datetime | None, after: AuditRecord | None, most: int
    ) -> list[AuditRecord]:
        """Return the next records after one."""
        if not self._database.exists():
            return []
        wanted = [audit.c.host == self._host]
        if org is not None:
            wanted.append(audit.c.org == org.lower())
        if since is not None:
            wanted.append(audit.c.at >= _milliseconds(since))
        if until is not None:
            wanted.append(audit.c.at < _milliseconds(until))
        if after is not None:
            at = _milliseconds(after.at)
            wanted.append(or_(audit.c.at > at, and_(audit.c.at == at, audit.c.id > after.key)))
        query = select(audit).where(*wanted).order_by(audit.c.at, audit.c.id).limit(most)
        return self._database.read(lambda connection: [_record(row) for row in connection.execute(query)])

    def _due(self, org: str, now: datetime) -> ColumnElement[bool]:
        """What `may_be_settled` is true of, and was not settled as far as it can be."""
        return and_(
            audit.c.host == self._host,
            audit.c.org == org.lower(),
            audit.c.outcome.in_(_OPEN),
            ~audit.c.settled,
            audit.c.at <= _milliseconds(now - GRACE),
            audit.c.at > _milliseconds(now - FOR_GOOD),
        )

    def _row(self, record: AuditRecord) -> dict[str, Any]:
        texts = {name: getattr(record, name) for name in _AS_IS}
        return {
            "id": record.key,
            "host": self._host,
            "at": _milliseconds(record.at),
            "ended_at": None if record.ended_at is None else _milliseconds(record.ended_at),
            "settled": False,
            **{name: storable(value) if isinstance(value, str) else value for name, value in texts.items()},
            **{name: _json(getattr(record, name)) for name in _AS_JSON},
        }


def _ended_publications(which: ColumnElement[bool]) -> Any:
    """Select the creations of which it is known what became of their publications, which have the same key."""
    return (
        select(audit.c.id, publications.c.state, publications.c.campaign_number, publications.c.why)
        .join(publications, publications.c.id == audit.c.id)
        .where(which, publications.c.state.in_(("published", "replaced", "abandoned")))
    )


def _settle_creations(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    for row in connection.execute(_ended_publications(which)).all():
        made = row.state != "abandoned"  # a replaced publication's number now is a later campaign's
        ending = {
            "outcome": "done" if made else "failed",
            "why": "As found later: GitHub lists the campaign." if made else f"As found later: {row.why}",
            "campaign_number": row.campaign_number,
            "settled": True,
            "ended_at": _milliseconds(now),
        }
        connection.execute(update(audit).where(audit.c.id == row.id).values(ending))


def _insert(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(insert(audit).values(row))


def _record(row: Row[Any]) -> AuditRecord:
    kept: dict[str, Any] = {name: getattr(row, name) for name in _AS_IS}
    kept |= {name: None if (text := getattr(row, name)) is None else json.loads(text) for name in _AS_JSON}
    kept["ended_at"] = None if row.ended_at is None else _moment(row.ended_at)
    return AuditRecord(key=row.id, at=_moment(row.at), **kept)


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))


def _milliseconds(given: datetime) -> int:
    return (given - _EPOCH) // _MILLISECOND


def _moment(kept: int) -> datetime:
    return _EPOCH + kept * _MILLISECOND
