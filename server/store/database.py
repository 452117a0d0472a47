"""Short transactions on the store's file, each on a connection of its own.

So nothing is held between calls: a file that was locked, moved or restored meanwhile is simply the next one opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from server.errors import StoreFailed
from server.store.failures import told_as_store_failed
from server.store.migrations import MIGRATIONS, Migration, migrate, version_of
from server.store.sqlite_file import PATIENCE, PRAGMAS, begin, connect

_Result = TypeVar("_Result")


class Database:
    """The store's file. Its methods block, and may be called from any thread.

    Args:
        path: absolute.
        patience: how long to wait for others at work, in seconds.
        pragmas: SQLite settings beside or instead of the usual ones.
        migrations: the way to today's schema.
    """

    def __init__(
        self,
        path: Path,
        patience: float = PATIENCE,
        pragmas: Mapping[str, int | str] | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        self._path = path
        self._migrations = migrations
        settings = {**PRAGMAS, **(pragmas or {})}
        self._engine = create_engine("sqlite://", creator=lambda: connect(path, settings, patience), poolclass=NullPool)
        event.listen(self._engine, "begin", lambda connection: _begin(connection, patience))

    def exists(self) -> bool:
        """Tell whether there is anything to read.

        Raises:
            StoreFailed: when that cannot be told.
        """
        with told_as_store_failed(self._path):
            try:
                return bool(self._path.stat())
            except FileNotFoundError:
                return False

    def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Return what `work` finds, while others may write.

        Raises:
            StoreFailed: when the store cannot be used.
        """
        found = self._transact("DEFERRED", lambda connection: self._if_up_to_date(connection, work))
        return self.write(work) if found is None else found[0]

    def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do `work` and commit it; nobody else writes meanwhile. An older store is brought up to date first.

        Raises:
            StoreFailed: when the store cannot be used; then nothing of it was done.
        """

        def up_to_date(connection: Connection) -> _Result:
            migrate(connection, self._version(connection), self._migrations)
            return work(connection)

        return self._transact("IMMEDIATE", up_to_date)

    def _transact(self, kind: str, work: Callable[[Connection], _Result]) -> _Result:
        with (
            told_as_store_failed(self._path),
            self._engine.connect().execution_options(begin=kind) as connection,
            connection.begin(),
        ):
            return work(connection)

    def _if_up_to_date(self, connection: Connection, work: Callable[[Connection], _Result]) -> tuple[_Result] | None:
        return (work(connection),) if self._version(connection) == len(self._migrations) else None

    def _version(self, connection: Connection) -> int:
        version = version_of(connection)
        if version > len(self._migrations):
            raise StoreFailed(
                f"The store {self._path} was written by a newer version of this program.",
                "Upgrade the program, name another file with --store, or run with --no-store.",
            )
        return version


def _begin(connection: Connection, patience: float) -> None:
    raw: Any = connection.connection.dbapi_connection
    begin(raw, connection.get_execution_options()["begin"], patience)
