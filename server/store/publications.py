"""What is read and written about publications. Everything here blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, insert, select, update

from server.domain.models import Campaign
from server.store.columns import moment, seconds, storable
from server.store.database import Database
from server.store.records import Intent, KeptAlert, Publication, PublishedAlerts, Unsettled
from server.store.schema import publication_alerts, publications
from server.store.settling import (
    NOT_LISTED,
    UNDECIDED,
    Settled,
    doubt,
    may_be_settled,
    rival_of,
    sentence,
    settle,
    undecided,
)

_OPEN = ("intended", "unknown")  # the other states: published, abandoned, replaced


class Publications:
    """The publications to one host.

    Raises, from every method:
        StoreFailed: when the store cannot be used.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    def intend(self, intent: Intent) -> None:
        """Write a publication and its alerts down before it begins."""
        self._database.write(lambda connection: self._insert(connection, intent, {"state": "intended"}))

    def published(self, intent: Intent, number: int, created_at: datetime) -> None:
        """Note the campaign that came of it. What is not there any more is written down again."""

        def work(connection: Connection) -> None:
            ending = self._give_number(connection, intent.key, intent.publication.org, number, created_at)
            if not _change(connection, publications.c.id == intent.key, ending):
                self._insert(connection, intent, ending)

        self._database.write(work)

    def abandoned(self, intent: Intent, why: str) -> None:
        """Note that GitHub made no campaign of it."""
        self._database.write(lambda connection: _change(connection, publications.c.id == intent.key, _abandoned(why)))

    def unknown(self, intent: Intent, why: str) -> None:
        """Note that it is not known what came of it, unless somebody has settled that meanwhile."""

        def work(connection: Connection) -> None:
            there = connection.scalar(select(publications.c.id).where(publications.c.id == intent.key))
            ending = {"state": "unknown", "why": storable(why)}
            if there is None:
                self._insert(connection, intent, ending)
            else:
                _change(connection, and_(publications.c.id == intent.key, publications.c.state == "intended"), ending)

        self._database.write(work)

    def unsettled(self, org: str, now: datetime) -> list[Unsettled]:
        """Return what has no known ending, is not under way any more and not given up for good, the oldest first."""
        if not self._database.exists():
            return []
        intents = self._database.read(lambda connection: self._open(connection, org))
        return [intent for intent in intents if may_be_settled(intent, now)]

    def rival(self, intent: Intent, now: datetime) -> Unsettled | None:
        """Return a publication that may be under way elsewhere, and of the same campaign.

        Of two that begin at the same moment at least one finds the other when each is written down first.
        """
        open_ones = self._database.read(lambda connection: self._open(connection, intent.publication.org))
        return rival_of(intent, open_ones, now)

    def settle(
        self, org: str, campaigns: Sequence[Campaign], now: datetime, complete_since: datetime | None
    ) -> list[str]:
        """Settle what `campaigns` tell about, and say what was settled and, once, what cannot be."""

        def work(connection: Connection) -> list[str]:
            said: list[str] = []
            while settled := settle(
                self._open(connection, org),
                campaigns,
                taken=self._taken(connection, org),
                now=now,
                complete_since=complete_since,
            ):
                end(connection, settled)
                said += [sentence(org, each) for each in settled]  # no longer in the way of the others
            for intent in undecided(self._open(connection, org), now):
                _change(connection, publications.c.id == intent.key, {"why": UNDECIDED})
                said.append(doubt(intent))
            return said

        def end(connection: Connection, settled: Sequence[Settled]) -> None:
            for intent, campaign in settled:
                ending = (
                    _abandoned(NOT_LISTED)
                    if campaign is None
                    else self._give_number(connection, intent.key, org, campaign.number, campaign.created_at)
                )
                _change(connection, publications.c.id == intent.key, ending)

        # Looked at first, so that the usual case neither waits for a writer nor makes a file.
        return self._database.write(work) if self.unsettled(org, now) else []

    def alerts_of(self, org: str, number: int) -> PublishedAlerts | None:
        """Return what a campaign was published with, or None when that is not known."""

        def work(connection: Connection) -> PublishedAlerts | None:
            row = connection.execute(
                select(publications).where(self._of(org), publications.c.campaign_number == number)
            ).one_or_none()
            return _published(connection, row) if row else None

        return self._database.read(work) if self._database.exists() else None

    def _of(self, org: str) -> ColumnElement[bool]:
        return and_(publications.c.host == self._host, publications.c.org == org.lower())

    def _open(self, connection: Connection, org: str) -> list[Unsettled]:
        counted = select(func.count()).where(publication_alerts.c.publication_id == publications.c.id).scalar_subquery()
        rows = connection.execute(
            select(publications, counted.label("alert_count"))
            .where(self._of(org), publications.c.state.in_(_OPEN))
            .order_by(publications.c.intended_at, publications.c.id)
        )
        return [
            Unsettled(
                key=row.id,
                name=row.name,
                description=row.description,
                ends_at=moment(row.ends_at),
                at=moment(row.intended_at),
                account=row.account,
                alert_count=row.alert_count,
                why=row.why,
            )
            for row in rows
        ]

    def _taken(self, connection: Connection, org: str) -> set[tuple[int, datetime]]:
        held = select(publications.c.campaign_number, publications.c.campaign_created_at).where(
            self._of(org), publications.c.state == "published"
        )
        return {(number, moment(created_at)) for number, created_at in connection.execute(held)}

    def _give_number(
        self, connection: Connection, key: int, org: str, number: int, created_at: datetime
    ) -> dict[str, Any]:
        """Take a campaign's number from whatever else holds it, and return the ending of the publication it is of.

        Two things can hold it: a publication that was settled wrongly, to be settled anew, and one whose campaign of
        another day had the same number.
        """
        made = seconds(created_at)
        _change(
            connection,
            and_(self._of(org), publications.c.campaign_number == number, publications.c.id != key),
            {
                "state": case((publications.c.campaign_created_at == made, "unknown"), else_="replaced"),
                "campaign_number": None,
                "campaign_created_at": None,
                "why": "its campaign's number is another's",
            },
        )
        return {"state": "published", "campaign_number": number, "campaign_created_at": made, "why": None}

    def _insert(self, connection: Connection, intent: Intent, ending: Mapping[str, Any]) -> None:
        publication = intent.publication
        row = {
            "id": intent.key,
            "host": self._host,
            "org": publication.org,
            "kind": publication.kind,
            "name": publication.name,
            "description": publication.description,
            "ends_at": seconds(publication.ends_at),
            "filter": publication.filter,
            "account": publication.account,
            "intended_at": seconds(publication.at),
        }
        connection.execute(insert(publications).values({**_storable_row(row), **ending}))
        if publication.alerts:
            connection.execute(
                insert(publication_alerts),
                [_storable_row({"publication_id": intent.key, **alert._asdict()}) for alert in publication.alerts],
            )


def _change(connection: Connection, which: ColumnElement[bool], values: Mapping[str, Any]) -> int:
    return connection.execute(update(publications).where(which).values(values)).rowcount


def _abandoned(why: str) -> dict[str, Any]:
    return {"state": "abandoned", "campaign_number": None, "campaign_created_at": None, "why": storable(why)}


def _published(connection: Connection, row: Row[Any]) -> PublishedAlerts:
    columns = [publication_alerts.c[name] for name in KeptAlert._fields]
    alerts = connection.execute(select(*columns).where(publication_alerts.c.publication_id == row.id))
    publication = Publication(
        org=row.org,
        kind=row.kind,
        name=row.name,
        ends_at=moment(row.ends_at),
        alerts=tuple(KeptAlert(*alert) for alert in alerts),
        at=moment(row.intended_at),
        description=row.description,
        filter=row.filter,
        account=row.account,
    )
    return PublishedAlerts(publication, row.campaign_number, moment(row.campaign_created_at))


def _storable_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}
