"""What is read and written about attempted writes. Everything here blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select, update

from server.domain.audit import GRACE, AuditRecord
from server.domain.audit_settling import FOR_GOOD, Ending
from server.store.columns import storable
from server.store.database import Database
from server.store.schema import audit, publications
from server.store.settling import NOT_LISTED, UNDECIDED

_OPEN = ("intended", "unknown")
_MOST_AT_ONCE = 8  # a look costs a request or two for each, and somebody waits
_CREATES = "create_campaign"
_ENDED = ("published", "replaced", "abandoned")
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
        """Return some of what is to be settled by looking at a campaign, chosen by chance."""
        if not self._database.exists():
            return []
        wanted = and_(self._due(org, now), ~audit.c.settled, audit.c.tool != _CREATES)
        # By chance, so that campaigns which GitHub does not show are not always before the others.
        query = select(audit).where(wanted).order_by(func.random()).limit(_MOST_AT_ONCE)
        return self._database.read(lambda connection: [_record(row) for row in connection.execute(query)])

    def settle_creations(self, org: str, now: datetime) -> list[AuditRecord]:
        """End the creations of whose publications it is known what became, or that nothing will be."""
        if not self._database.exists():
            return []
        query = _told_creations(and_(self._due(org, now), audit.c.tool == _CREATES))
        if not self._database.read(lambda connection: connection.execute(query.limit(1)).first()):
            return []
        return self._database.write(lambda connection: _settle_creations(connection, query, now))

    def rivals(self, record: AuditRecord) -> list[AuditRecord]:
        """Return other calls of the tool for the same campaign that may have done what a record's was to do."""
        wanted = (
            audit.c.host == self._host,
            audit.c.org == record.org,
            audit.c.tool == record.tool,
            audit.c.campaign_number == record.campaign_number,
            audit.c.outcome.in_((*_OPEN, "done")),
            audit.c.id != record.key,
            audit.c.at >= _milliseconds(record.at - 2 * GRACE),  # what came before, the call has seen
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
        """What `may_be_settled` is true of."""
        return and_(
            audit.c.host == self._host,
            audit.c.org == org.lower(),
            audit.c.outcome.in_(_OPEN),
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


def _told_creations(which: ColumnElement[bool]) -> Select[Any]:
    """Select creations with what is known of their publications, which have the same keys.

    One that was said to be unknown comes again when its campaign was found after all.
    """
    state = publications.c.state
    known = or_(state.is_(None), state.in_(_ENDED), publications.c.why == UNDECIDED)
    found = (state.label("state"), publications.c.campaign_number.label("found"), publications.c.why.label("told"))
    joined = audit.outerjoin(publications, publications.c.id == audit.c.id)
    again = and_(known, ~audit.c.settled)
    return select(audit, *found).select_from(joined).where(which, or_(again, state == "published"))


def _settle_creations(connection: Connection, query: Select[Any], now: datetime) -> list[AuditRecord]:
    settled = []
    for row in connection.execute(query).all():
        ending = _ending_of(row.state, row.told)
        ended = _record(row).ended(ending.outcome, now, why=ending.why, campaign_number=row.found)
        still = and_(audit.c.id == row.id, audit.c.outcome == row.outcome, audit.c.settled == row.settled)
        values = {
            "outcome": ended.outcome,
            "why": ended.why,
            "campaign_number": ended.campaign_number,
            "settled": True,
            "ended_at": _milliseconds(now),
        }
        if connection.execute(update(audit).where(still).values(values)).rowcount:
            settled.append(ended)
    return settled


def _ending_of(state: str | None, told: str | None) -> Ending:
    """Return how a creation ends by what is kept of its publication."""
    if state in ("published", "replaced"):  # a replaced publication's number now is a later campaign's
        return Ending("done", "As found later: GitHub lists the campaign.")
    if state is None:
        return Ending("unknown", "Looked at later: what was to be published is not kept, so it cannot be looked for.")
    if told in (NOT_LISTED, UNDECIDED):
        return Ending("unknown", f"Looked at later: {told}")
    return Ending("failed", f"As found later: {told}")


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
