"""Where the store is, and how it is opened: at its first use, and anew after it failed.

SQLAlchemy is imported when the store is first used, in a worker thread, since a start must not pay for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread

from server.errors import StoreFailed
from server.store.addresses import PostgresAddress, read_address

if TYPE_CHECKING:
    from server.store.audit import Audit
    from server.store.database import Database
    from server.store.history import History
    from server.store.places import Place
    from server.store.publications import Publications
    from server.store.sharing import Sharing

_LOG = logging.getLogger(__name__)
_FILE = "store.sqlite3"
_LONG, _PAUSE = 2.0, 30.0  # seconds
_Result = TypeVar("_Result")
_Target = Path | PostgresAddress


class _InVain(NamedTuple):
    """What a long wait ended with, and until when others need not wait for the same."""

    failure: StoreFailed
    until: float


class Opened(NamedTuple):
    """What is read and written, in its parts; each of them blocks."""

    name: str
    database: Database
    publications: Publications
    history: History
    audit: Audit
    sharing: Sharing


class Opening:
    """The way to the store.

    Args:
        host: the API host.
        target: a file, or what returns it when the store is first used; the address of a PostgreSQL database; or None
            to keep nothing.
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
        self.host = host.lower()
        self._target: _Target | Callable[[], Path] | None
        if isinstance(target, str):
            self._target = read_address(target)
        else:
            self._target = target.absolute() if isinstance(target, Path) else target
        self._options = options
        self._opening = threading.Lock()
        self._opened: Opened | None = None
        self._now = now
        self._in_vain: _InVain | None = None

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._target is not None

    @property
    def place(self) -> str | None:
        """Where things are kept, for a person; None when nothing is kept.

        Raises:
            StoreFailed: this user has no usual place for a file.
        """
        target = self._found_target()
        return None if target is None else _name(target)

    async def aclose(self) -> None:
        """Let go of what was opened. A later call opens the store anew, even when letting go failed."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with _told_as_store_failed(opened.name):
                await anyio.to_thread.run_sync(opened.database.close)

    async def look(self, work: Callable[[Opened], _Result], otherwise: _Result) -> _Result:
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
        return await self.use(work, otherwise, urgent=False)

    async def use(self, work: Callable[[Opened], _Result], otherwise: _Result, *, urgent: bool = True) -> _Result:
        """Do `work` on what was opened, in a worker thread; where nothing is kept, return `otherwise`.

        What is not urgent fails at once for half a minute after anything waited long in vain.

        Raises:
            StoreFailed: and nothing else, whatever goes wrong.
        """
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

    def _open(self, target: _Target) -> Opened:
        with self._opening:
            if self._opened is None:
                self._opened = _parts(target, self._options, self.host)
            return self._opened


def _name(target: _Target) -> str:
    return target.name if isinstance(target, PostgresAddress) else str(target)


def _parts(target: _Target, options: Mapping[str, Any], host: str) -> Opened:
    from server.store.audit import Audit  # noqa: PLC0415 - imports SQLAlchemy
    from server.store.database import Database  # noqa: PLC0415 - likewise
    from server.store.history import History  # noqa: PLC0415 - likewise
    from server.store.publications import Publications  # noqa: PLC0415 - likewise
    from server.store.sharing import Sharing  # noqa: PLC0415 - likewise

    database = Database(_database_place(target, options))
    return Opened(
        _name(target),
        database,
        Publications(database, host),
        History(database, host),
        Audit(database, host),
        Sharing(database, host),
    )


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


def usual_place() -> Path:
    """Return the file in the user's state folder.

    Raises:
        StoreFailed: there is no such folder.
    """
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
