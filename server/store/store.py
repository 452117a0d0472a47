"""The store as the rest of the server sees it.

SQLAlchemy is imported when the store is first used, in a worker thread, since a start must not pay for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from server.domain.models import Campaign
from server.errors import StoreFailed
from server.settings import Settings
from server.store.records import Intent, Publication, PublishedAlerts, Unsettled

if TYPE_CHECKING:
    from server.store.publications import Publications

_FILE = "store.sqlite3"
_Result = TypeVar("_Result")


class Store:
    """Keeps which alerts a published campaign holds, since no GitHub endpoint tells.

    A publication is written down before it leaves, and its ending after it, so that a crash in between is seen and
    settled later. Every method raises StoreFailed, and nothing else, when the store cannot be used; the next call
    tries anew. Where nothing is kept, every method works and keeps nothing.

    Args:
        host: the API host, so that the organizations of github.com and ghe.com do not mix.
        path: the file, or None to keep nothing. It and its folder are made when something is first kept.
        options: for the Database, beside its path.
    """

    def __init__(self, host: str, path: Path | None, **options: Any) -> None:
        self._host = host.lower()
        self._path = path.absolute() if path else None
        self._options = options
        self._opening = threading.Lock()
        self._opened: Publications | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Store:
        """Return the store that the operator wants. Nothing is opened yet.

        The sandbox's made-up campaigns are kept only where --store says so, and under a host of their own.
        """
        host = "sandbox" if settings.sandbox else urlsplit(settings.api_url).netloc
        if settings.no_store or (settings.sandbox and settings.store is None):
            return cls(host, None)
        return cls(host, settings.store or _usual_place())

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._path is not None

    @property
    def place(self) -> Path | None:
        """The file, whether it exists already or not; None when nothing is kept."""
        return self._path

    async def intend(self, publication: Publication) -> Intent:
        """Write down what is about to be published; on return it is on the disk.

        Raises:
            StoreFailed: it could not be kept. Who publishes nevertheless makes an `Intent` of it and calls
                `published` with that, which then keeps everything at once.
        """
        intent = Intent(publication)
        await self._use(lambda kept: kept.intend(intent), None)
        return intent

    async def published(self, intent: Intent, campaign_number: int, created_at: datetime) -> None:
        """Note which campaign it became, `created_at` being GitHub's; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying that the campaign exists nevertheless.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._use(lambda kept: kept.published(intent, campaign_number, created_at), None)
            except StoreFailed as failure:
                campaign = f"campaign {intent.publication.org}/{campaign_number}"
                failure.what = f"The alerts of {campaign}, which is published, could not be kept. {failure.what}"
                failure.nothing_written = False
                raise

    async def abandoned(self, intent: Intent, why: str) -> None:
        """Note that certainly no campaign came of it; not given up when the call is cancelled."""
        with anyio.CancelScope(shield=True):
            await self._use(lambda kept: kept.abandoned(intent, why), None)

    async def unknown(self, intent: Intent, why: str) -> None:
        """Note that it is not known whether a campaign came of it; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying nothing about the campaign, of which nothing is known.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._use(lambda kept: kept.unknown(intent, why), None)
            except StoreFailed as failure:
                failure.nothing_written = False
                raise

    async def unsettled(self, org: str, now: datetime) -> list[Unsettled]:
        """Return the publications without a known ending that began two minutes ago or earlier, the oldest first.

        Args:
            org: the organization.
            now: GitHub's time.
        """
        return await self._look(lambda kept: kept.unsettled(org, now), [])

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
        return await self._look(lambda kept: kept.settle(org, campaigns, now, complete_since), [])

    async def alerts_of(self, org: str, campaign_number: int) -> PublishedAlerts | None:
        """Return what a campaign was published with, or None when this store does not know."""
        return await self._look(lambda kept: kept.alerts_of(org, campaign_number), None)

    async def aclose(self) -> None:
        """Let go of what was opened; no connection to a file outlives its call. A later call opens the store anew."""
        self._opened = None

    async def _look(self, work: Callable[[Publications], _Result], otherwise: _Result) -> _Result:
        """Do what only reads or changes what is there; where nothing was ever kept, nothing is made or imported."""
        if self._path is not None:
            try:
                await anyio.Path(self._path).lstat()
            except FileNotFoundError:
                return otherwise
            except OSError:
                pass  # opening it tells what is wrong
        return await self._use(work, otherwise)

    async def _use(self, work: Callable[[Publications], _Result], otherwise: _Result) -> _Result:
        if self._path is None:
            return otherwise
        path = self._path
        return await anyio.to_thread.run_sync(lambda: work(self._open(path)))

    def _open(self, path: Path) -> Publications:
        with self._opening:
            if self._opened is None:
                from server.store.database import Database  # noqa: PLC0415 - imports SQLAlchemy
                from server.store.publications import Publications  # noqa: PLC0415 - likewise

                self._opened = Publications(Database(path, **self._options), self._host)
            return self._opened


def _usual_place() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - who keeps nothing must not pay for it

    return user_state_path("security-campaigns-mcp", appauthor=False) / _FILE
