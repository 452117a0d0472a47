"""The store as the rest of the server sees it.

SQLAlchemy is imported when the store is first used, in a worker thread, since a start must not pay for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from server.domain.models import Campaign
from server.domain.snapshots import Snapshot
from server.errors import StoreFailed
from server.settings import Settings
from server.store.addresses import PostgresAddress, read_address
from server.store.records import Intent, Publication, PublishedAlerts, Unsettled

if TYPE_CHECKING:
    from server.store.database import Database
    from server.store.history import History
    from server.store.places import Place
    from server.store.publications import Publications

_LOG = logging.getLogger(__name__)
_FILE = "store.sqlite3"
_LONG, _PAUSE = 2.0, 30.0  # seconds
_Result = TypeVar("_Result")
_Target = Path | PostgresAddress


class _InVain(NamedTuple):
    """What a long wait ended with, and until when others need not wait for the same."""

    failure: StoreFailed
    until: float


class _Opened(NamedTuple):
    name: str
    database: Database
    publications: Publications
    history: History


class Store:
    """Keeps what no GitHub endpoint tells: which alerts a published campaign holds, and how campaigns stood before.

    A publication is written down before it leaves, and its ending after it, so that a crash in between is seen and
    settled later. Every method raises StoreFailed, and nothing else, when the store cannot be used; the next call
    tries anew. But for half a minute after one that waited long in vain, what only serves the trend fails at once: no
    answer is to wait for it again and again. Where nothing is kept, every method works and keeps nothing.

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
        self._host = host.lower()
        self._target: _Target | Callable[[], Path] | None
        if isinstance(target, str):
            self._target = read_address(target)
        else:
            self._target = target.absolute() if isinstance(target, Path) else target
        self._options = options
        self._opening = threading.Lock()
        self._opened: _Opened | None = None
        self._now = now
        self._in_vain: _InVain | None = None

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
        return self._target is not None

    @property
    def place(self) -> str | None:
        """Where things are kept, for a person: the file, or the host and name of the database.

        It is None when nothing is kept, and told whether anything exists there already or not.

        Raises:
            StoreFailed: this user has no usual place for a file.
        """
        target = self._found_target()
        return None if target is None else _name(target)

    async def intend(self, publication: Publication) -> Intent:
        """Write down what is about to be published; on return it is on the disk.

        Raises:
            StoreFailed: it could not be kept. Who publishes nevertheless makes an `Intent` of it and calls
                `published` with that, which then keeps everything at once.
        """
        intent = Intent(publication)
        await self._use(lambda kept: kept.publications.intend(intent), None)
        return intent

    async def published(self, intent: Intent, campaign_number: int, created_at: datetime) -> None:
        """Note which campaign it became, `created_at` being GitHub's; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying that the campaign exists nevertheless.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._use(lambda kept: kept.publications.published(intent, campaign_number, created_at), None)
            except StoreFailed as failure:
                campaign = f"campaign {intent.publication.org}/{campaign_number}"
                failure.what = f"The alerts of {campaign}, which is published, could not be kept. {failure.what}"
                failure.nothing_written = False
                raise

    async def abandoned(self, intent: Intent, why: str) -> None:
        """Note that certainly no campaign came of it; not given up when the call is cancelled."""
        with anyio.CancelScope(shield=True):
            await self._use(lambda kept: kept.publications.abandoned(intent, why), None)

    async def unknown(self, intent: Intent, why: str) -> None:
        """Note that it is not known whether a campaign came of it; not given up when the call is cancelled.

        Raises:
            StoreFailed: saying nothing about the campaign, of which nothing is known.
        """
        with anyio.CancelScope(shield=True):
            try:
                await self._use(lambda kept: kept.publications.unknown(intent, why), None)
            except StoreFailed as failure:
                failure.nothing_written = False
                raise

    async def unsettled(self, org: str, now: datetime) -> list[Unsettled]:
        """Return the publications without a known ending that began 2 minutes to 30 days ago, the oldest first.

        Args:
            org: the organization.
            now: GitHub's time.
        """
        return await self._look(lambda kept: kept.publications.unsettled(org, now), [])

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
        return await self._look(lambda kept: kept.publications.settle(org, campaigns, now, complete_since), [])

    async def alerts_of(self, org: str, campaign_number: int) -> PublishedAlerts | None:
        """Return what a campaign was published with, or None when this store does not know."""
        return await self._look(lambda kept: kept.publications.alerts_of(org, campaign_number), None)

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
        return await self._use(
            lambda kept: kept.history.note(org, campaign_number, created_at, snapshot), False, urgent=False
        )

    async def history(
        self, org: str, campaign_number: int, created_at: datetime, *, since: datetime | None = None
    ) -> list[Snapshot]:
        """Return the kept readings of a campaign, the oldest first; with `since`, those of then and later."""
        return await self._look(lambda kept: kept.history.of(org, campaign_number, created_at, since), [])

    async def note_report(self, org: str, at: datetime) -> None:
        """Note that an organization was reported on, in GitHub's time."""
        await self._use(lambda kept: kept.history.note_report(org, at), None, urgent=False)

    async def last_report(self, org: str) -> datetime | None:
        """Return when an organization was last reported on, or None when that is not known."""
        return await self._look(lambda kept: kept.history.last_report(org), None)

    async def aclose(self) -> None:
        """Let go of what was opened. A later call opens the store anew, even when letting go failed."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with _told_as_store_failed(opened.name):
                await anyio.to_thread.run_sync(opened.database.close)

    async def _look(self, work: Callable[[_Opened], _Result], otherwise: _Result) -> _Result:
        """Do what only serves answers, and reads or changes what is there.

        Where nothing was ever kept, nothing is made or imported.
        """
        target = self._found_target()
        if isinstance(target, Path):
            with _told_as_store_failed(_name(target)):
                try:
                    await anyio.Path(target).lstat()
                except FileNotFoundError:
                    return otherwise
                except (OSError, ValueError):
                    pass  # opening it tells what is wrong
        return await self._use(work, otherwise, urgent=False)

    async def _use(self, work: Callable[[_Opened], _Result], otherwise: _Result, *, urgent: bool = True) -> _Result:
        target = self._found_target()
        if target is None:
            return otherwise
        began = self._now()
        if self._in_vain is not None and not urgent and began < self._in_vain.until:
            raise StoreFailed(self._in_vain.failure.what, self._in_vain.failure.remedy)
        try:
            with _told_as_store_failed(_name(target)):
                found = await anyio.to_thread.run_sync(lambda: work(self._open(target)))
        except StoreFailed as failure:
            ended = self._now()
            if ended - began >= _LONG:
                self._in_vain = _InVain(StoreFailed(failure.what, failure.remedy), ended + _PAUSE)
            raise
        self._in_vain = None
        return found

    def _found_target(self) -> _Target | None:
        if callable(self._target):
            self._target = self._target().absolute()
        return self._target

    def _open(self, target: _Target) -> _Opened:
        with self._opening:
            if self._opened is None:
                from server.store.database import Database  # noqa: PLC0415 - imports SQLAlchemy
                from server.store.history import History  # noqa: PLC0415 - likewise
                from server.store.publications import Publications  # noqa: PLC0415 - likewise

                database = Database(_database_place(target, self._options))
                self._opened = _Opened(
                    _name(target), database, Publications(database, self._host), History(database, self._host)
                )
            return self._opened


def _name(target: _Target) -> str:
    return target.name if isinstance(target, PostgresAddress) else str(target)


def _database_place(target: _Target, options: Mapping[str, Any]) -> Place:
    if isinstance(target, PostgresAddress):
        from server.store.postgres import PostgresPlace  # noqa: PLC0415 - imports SQLAlchemy

        return PostgresPlace(target, **options)
    from server.store.sqlite import SqlitePlace  # noqa: PLC0415 - likewise

    return SqlitePlace(target, **options)


@contextmanager
def _told_as_store_failed(name: str) -> Iterator[None]:
    """Turn what nobody foresaw into StoreFailed too, as a broken installation or a system without threads."""
    try:
        yield
    except (StoreFailed, MemoryError):
        raise
    except Exception as failure:  # whatever it is, a store costs neither a campaign nor the message about it
        kind = type(failure).__name__
        _LOG.warning("The store failed with %s", kind)  # its text may hold SQL and values
        raise StoreFailed(
            f"The store {name} cannot be used: {kind} inside this program.",
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
