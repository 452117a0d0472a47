"""What a database must offer to hold the store."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from server.store.failures import Explanation


class Place(Protocol):
    """Where the store is. Everything in which SQLite and PostgreSQL differ."""

    @property
    def name(self) -> str:
        """The file or the database, for sentences."""
        ...

    @property
    def elsewhere(self) -> str:
        """How to do without it, as the end of a sentence."""
        ...

    def exists(self) -> bool:
        """Tell whether there is anything to read."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one state of the store, while others may write."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction during which nobody else writes, committed at the end of the block."""
        ...

    def explain(self, failure: Exception) -> Explanation:
        """Say what is wrong."""
        ...

    def close(self) -> None:
        """Let go of every connection. A later transaction opens one anew."""
        ...
