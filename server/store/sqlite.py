"""The store in an SQLite file, each transaction on a connection of its own.

So nothing is held between calls: a file that was locked, moved or restored meanwhile is simply the next one opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from server.store import sqlite_failures
from server.store.failures import Explanation
from server.store.sqlite_file import PATIENCE, PRAGMAS, begin, connect


class SqlitePlace:
    """A file.

    Args:
        path: absolute.
        patience: how long to wait for others at work, in seconds.
        pragmas: SQLite settings beside or instead of the usual ones.
    """

    elsewhere = sqlite_failures.ELSEWHERE

    def __init__(self, path: Path, patience: float = PATIENCE, pragmas: Mapping[str, int | str] | None = None) -> None:
        self.name = str(path)
        self._path = path
        settings = {**PRAGMAS, **(pragmas or {})}
        self._engine = create_engine("sqlite://", creator=lambda: connect(path, settings, patience), poolclass=NullPool)
        event.listen(self._engine, "begin", lambda connection: _begin(connection, patience))

    def exists(self) -> bool:
        """Tell whether there is a file."""
        try:
            return bool(self._path.stat())
        except FileNotFoundError:
            return False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the file."""
        with self._transaction("DEFERRED") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the only transaction that writes."""
        with self._transaction("IMMEDIATE") as connection:
            yield connection

    def explain(self, failure: Exception) -> Explanation:
        """Say what is wrong with the file."""
        return sqlite_failures.explain(failure)

    def close(self) -> None:
        """Do nothing: no connection outlives its transaction."""

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[Connection]:
        with self._engine.connect().execution_options(begin=kind) as connection, connection.begin():
            yield connection


def _begin(connection: Connection, patience: float) -> None:
    raw: Any = connection.connection.dbapi_connection
    begin(raw, connection.get_execution_options()["begin"], patience)
