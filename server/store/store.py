"""The store as the rest of the server sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio

from server.domain.models import Campaign
from server.domain.snapshots import Reading, Snapshot
from server.errors import StoreFailed
from server.settings import Settings
from server.store.audit_trail import AuditTrail
from server.store.noted import Noted
from server.store.opening import Opening, usual_place
from server.store.records import Intent, Publication, PublishedAlerts, Unsettled, whole_seconds
from server.store.shared import Shared


class Store:
    """Keeps what no GitHub endpoint tells: which alerts a published campaign holds, and how campaigns stood before.

    A publication is written down before it leaves, and its ending after it, so that a crash in between is seen and
    settled later. Every method raises StoreFailed, and nothing else, when the store cannot be used; the next call
    tries anew. But for half a minute after one that waited long in vain, what only serves the trend fails at once: no
    answer is to wait for it again and again. Where nothing is kept, every method works and keeps nothing.

    Attributes:
        audit: the records of attempted writes.
        shared: what replicas share for a while.

    Args:
        host: the API host, so that the organizations of github.com and ghe.com do not mix.
        target: a file, or what returns it when the store is first used; the address of a PostgreSQL database; or None
            to keep nothing. The file and its folder, or the tables, are made when something is first kept.
        now: a clock, in seconds.
        options: for the file or the database, beside its name.

    Raises:
        ValueError: when an address is none, or holds a password; with a sentence that does not repeat it.
    """

    def __init__(
        self,
        host: str,
        target: Path | str | Callable[[], Path] | None,
        *,
        now: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        self._opening = Opening(host, target, now=now, **options)
        self._noted = Noted()
        self.audit = AuditTrail(self._opening)
        self.shared = Shared(self._opening)

    @classmethod
    def from_settings(cls, settings: Settings) -> Store:
        """Return the store that the operator wants. Nothing is opened yet.

        The sandbox's made-up campaigns are kept only where --store says so, and under a host of their own.
        """
        host = "sandbox" if settings.sandbox else urlsplit(settings.api_url).netloc
        if settings.no_store or (settings.sandbox and settings.store is None):
            return cls(host, None)
        return cls(host, settings.store or usual_place)

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._opening.kept

    @property
    def place(self) -> str | None:
        """Where things are kept, for a person: the file, or the host and name of the database.

        It is None when nothing is kept, and told whether anything exists there already or not.

        Raises:
            StoreFailed: this user has no usual place for a file.
        """
        return self._opening.place

    async def intend(self, publication: Publication, key: int | None = None) -> Intent:
        """Write down what is about to be published; on return it is on the disk.

        Args:
            publication: what is published.
            key: under which it is kept; by default a new one.

        Raises:
            StoreFailed: it could not be kept. Who publishes nevertheless makes an `Intent` of it and calls
                `published` with that, which then keeps everything at once.
        """
        intent = Intent(publication) if key is None else Intent(publication, key)
        await self._opening.use(lambda kept: kept.publications.intend(intent), None)
        return intent

    async def rival(self, intent: Intent, now: datetime) -> Unsettled | None:
        """Return a publication with the same name and end that may be under way elsewhere; None when there is none.

        Args:
            intent: what is about to be published, written down already.
            now: GitHub's time.
        """
        return await self._opening.use(lambda kept: kept.publications.rival(intent, now), None)

    async def published(self, intent: Intent, campaign_number: int, created_at: datetime) -> None:
        """Note which campaign it became, `created_at` being GitHub's; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying that the campaign exists nevertheless.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._opening.use(
                    lambda kept: kept.publications.published(intent, campaign_number, created_at), None
                )
            except StoreFailed as failure:
                campaign = f"campaign {intent.publication.org}/{campaign_number}"
                failure.what = f"The alerts of {campaign}, which is published, could not be kept. {failure.what}"
                failure.nothing_written = False
                raise

    async def abandoned(self, intent: Intent, why: str) -> None:
        """Note that certainly no campaign came of it; not given up when the call is cancelled."""
        with anyio.CancelScope(shield=True):
            await self._opening.use(lambda kept: kept.publications.abandoned(intent, why), None)

    async def unknown(self, intent: Intent, why: str) -> None:
        """Note that it is not known whether a campaign came of it; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying nothing about the campaign, of which nothing is known.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._opening.use(lambda kept: kept.publications.unknown(intent, why), None)
            except StoreFailed as failure:
                failure.nothing_written = False
                raise

    async def unsettled(self, org: str, now: datetime) -> list[Unsettled]:
        """Return the publications without a known ending that began 2 minutes to 30 days ago, the oldest first.

        Args:
            org: the organization.
            now: GitHub's time.
        """
        return await self._opening.look(lambda kept: kept.publications.unsettled(org, now), [])

    async def settle(
        self, org: str, campaigns: Sequence[Campaign], *, now: datetime, complete_since: datetime | None
    ) -> list[str]:
        """Settle publications without a known ending by what GitHub lists.

        Args:
            org: the organization.
            campaigns: its campaigns, open and closed.
            now: GitHub's time, not later than when reading them began.
            complete_since: `campaigns` holds every one created since then; None when that cannot be said.

        Returns:
            A sentence for each that was settled.
        """
        return await self._opening.look(lambda kept: kept.publications.settle(org, campaigns, now, complete_since), [])

    async def alerts_of(self, org: str, campaign_number: int) -> PublishedAlerts | None:
        """Return what a campaign was published with, or None when this store does not know."""
        return await self._opening.look(lambda kept: kept.publications.alerts_of(org, campaign_number), None)

    async def note(self, org: str, campaign_number: int, created_at: datetime, snapshot: Snapshot) -> bool:
        """Keep a reading of a campaign if it is the hour's first or differs from the one before.

        Args:
            org: the organization.
            campaign_number: the campaign's number.
            created_at: GitHub's, of the campaign: tells it from another one that had this number.
            snapshot: the reading.

        Returns:
            Whether it was kept.
        """
        return bool(await self.note_all(org, [Reading(campaign_number, created_at, snapshot)]))

    async def note_all(self, org: str, readings: Iterable[Reading]) -> int:
        """Keep readings of several campaigns, all or none; each as `note` does.

        What says the same as a reading that was noted here a few minutes ago is not looked up again.

        Returns:
            How many were kept.
        """
        whole = map(_in_whole_seconds, readings)
        due = [reading for reading in whole if not self._noted.tells_nothing_new(org, reading)]
        noting = await self._opening.use(lambda kept: kept.history.note(org, due), None, urgent=False) if due else None
        if noting is None:
            return 0
        self._noted.add(org, noting.kept)
        self._noted.add(org, noting.known)
        return len(noting.kept)

    async def history(
        self, org: str, campaign_number: int, created_at: datetime, *, since: datetime | None = None
    ) -> list[Snapshot]:
        """Return the kept readings of a campaign, the oldest first; with `since`, those of then and later."""
        return await self._opening.look(lambda kept: kept.history.of(org, campaign_number, created_at, since), [])

    async def note_report(self, org: str, at: datetime) -> None:
        """Note that an organization was reported on, in GitHub's time."""
        await self._opening.use(lambda kept: kept.history.note_report(org, at), None, urgent=False)

    async def last_report(self, org: str) -> datetime | None:
        """Return when an organization was last reported on, or None when that is not known."""
        return await self._opening.look(lambda kept: kept.history.last_report(org), None)

    async def aclose(self) -> None:
        """Let go of what was opened. A later call opens the store anew, even when letting go failed."""
        self._noted.clear()
        await self._opening.aclose()


def _in_whole_seconds(reading: Reading) -> Reading:
    snapshot = reading.snapshot
    at, ends_at = whole_seconds(snapshot.at), whole_seconds(snapshot.ends_at)
    return reading._replace(snapshot=snapshot._replace(at=at, ends_at=ends_at))
