"""The store as the rest of the server sees it.

SQLAlchemy is imported when the store is first used, in a worker thread, since a start must not pay for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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

_LOG = logging.getLogger(__name__)
_FILE = "store.sqlite3"
_Result = TypeVar("_Result")


class Store:
    """Keeps which alerts a published campaign holds, since no GitHub endpoint tells.

    A publication is written down before it leaves, and its ending after it, so that a crash in between is seen and
    settled later. Every method raises StoreFailed, and nothing else, when the store cannot be used; the next call
    tries anew. Where nothing is kept, every method works and keeps nothing.

    Args:
        host: the API host, so that the organizations of github.com and ghe.com do not mix.
        path: the file, or what returns it when the store is first used, or None to keep nothing. The file and its
            folder are made when something is first kept.
        options: for the Database, beside its path.
    """

    def __init__(self, host: str, path: Path | Callable[[], Path] | None, **options: Any) -> None:
        self._host = host.lower()
        self._path = path.absolute() if isinstance(path, Path) else path
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
        return cls(host, settings.store or _usual_place)

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._path is not None

    @property
    def place(self) -> Path | None:
        """The file, whether it exists already or not; None when nothing is kept.

        Raises:
            StoreFailed: this user has no usual place for it.
        """
        if self._path is not None and not isinstance(self._path, Path):
            self._path = self._path().absolute()
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
        """Return the publications without a known ending that began 2 minutes to 30 days ago, the oldest first.

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
        place = self.place
        if place is not None:
            with _told_as_store_failed(place):
                try:
                    await anyio.Path(place).lstat()
                except FileNotFoundError:
                    return otherwise
                except (OSError, ValueError):
                    pass  # opening it tells what is wrong
        return await self._use(work, otherwise)

    async def _use(self, work: Callable[[Publications], _Result], otherwise: _Result) -> _Result:
        place = self.place
        if place is None:
            return otherwise
        with _told_as_store_failed(place):
            return await anyio.to_thread.run_sync(lambda: work(self._open(place)))

    def _open(self, path: Path) -> Publications:
        with self._opening:
            if self._opened is None:
                from server.store.database import Database  # noqa: PLC0415 - imports SQLAlchemy
                from server.store.publications import Publications  # noqa: PLC0415 - likewise

                self._opened = Publications(Database(path, **self._options), self._host)
            return self._opened


@contextmanager
def _told_as_store_failed(place: Path) -> Iterator[None]:
    """Turn what nobody foresaw into StoreFailed too, as a broken installation or a system without threads."""
    try:
        yield
    except (StoreFailed, MemoryError):
        raise
    except Exception as failure:  # whatever it is, a store costs neither a campaign nor the message about it
        kind = type(failure).__name__
        _LOG.warning("The store failed with %s", kind)  # its text may hold SQL and values
        raise StoreFailed(
            f"The store {place} cannot be used: {kind} inside this program.",
            "Try again; if it stays so, install the program anew, or run with --no-store.",
        ) from failure


def _usual_place() -> Path:
    try:
        from platformdirs import user_state_path  # noqa: PLC0415 - who keeps nothing must not pay for it

        folder = user_state_path("security-campaigns-mcp", appauthor=False).expanduser()  # older ones leave a ~ there
    except Exception as failure:  # RuntimeError without a home, and whatever a broken installation raises
        _LOG.warning("The usual place of the store cannot be found: %s", type(failure).__name__)
        raise StoreFailed(
            "There is no usual place for a store: this user seems to have no home folder.",
            "Name a file with --store, or run with --no-store.",
        ) from failure
    return folder / _FILE
