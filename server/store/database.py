"""Short transactions on the store, which is brought up to date on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from server.errors import StoreFailed
from server.store.failures import told_as_store_failed
from server.store.migrations import MIGRATIONS, Migration, migrate, version_of
from server.store.places import Place

_Result = TypeVar("_Result")


class Database:
    """The store's tables. Its methods block, and may be called from any thread.

    Args:
        place: where they are.
        migrations: the way to today's schema.
    """

    def __init__(self, place: Place, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self._place = place
        self._migrations = migrations

    def exists(self) -> bool:
        """Tell whether there is anything to read.

        Raises:
            StoreFailed: when that cannot be told.
        """
        with told_as_store_failed(self._place.name, self._place.explain):
            return self._place.exists()

    def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Return what `work` finds, while others may write.

        Raises:
            StoreFailed: when the store cannot be used.
        """
        with told_as_store_failed(self._place.name, self._place.explain), self._place.reading() as connection:
            if self._version(connection) == len(self._migrations):
                return work(connection)
        return self.write(work)

    def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do `work` and commit it; nobody else writes meanwhile. An older store is brought up to date first.

        Raises:
            StoreFailed: when the store cannot be used; then nothing of it was done, unless the connection to a server
                broke while it committed.
        """
        with told_as_store_failed(self._place.name, self._place.explain), self._place.writing() as connection:
            migrate(connection, self._version(connection), self._migrations)
            return work(connection)

    def close(self) -> None:
        """Let go of what is open. A later transaction opens it anew."""
        self._place.close()

    def _version(self, connection: Connection) -> int:
        version = version_of(connection)
        if version > len(self._migrations):
            raise StoreFailed(
                f"The store {self._place.name} was written by a newer version of this program.",
                f"Upgrade the program, {self._place.elsewhere}",
            )
        return version
