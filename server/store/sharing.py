"""What replicas share for a while: which answers were used, and what filters yielded. Everything here blocks."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, insert, select
from sqlalchemy.exc import IntegrityError

from server.store.columns import storable
from server.store.database import Database
from server.store.schema import selections, spent_answers

MOST_SELECTIONS = 256
"""Selections kept at once; beyond them the one kept the longest ago goes."""
_CLOCKS_DIFFER = 3600  # seconds: what expired here may still be good where the clock is slow


class Sharing:
    """What is shared by the replicas that act on one host. Moments are seconds since 1970.

    Raises, from every method:
        StoreFailed: when the store cannot be used.
    """

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    def spend(self, sha256: str, now: int, expires: int) -> bool:
        """Use up an answer. Returns False when it was used before; of several at once, one gets True."""

        def work(connection: Connection) -> bool:
            connection.execute(delete(spent_answers).where(spent_answers.c.expires < now - _CLOCKS_DIFFER))
            try:
                with connection.begin_nested():
                    connection.execute(insert(spent_answers).values(sha256=sha256, expires=expires))
            except IntegrityError:
                return False
            return True

        return self._database.write(work)

    def keep_selection(self, key: str, selection: str, now: int, expires: int) -> None:
        """Keep a selection; one that was kept under the same key is replaced."""
        this = and_(selections.c.host == self._host, selections.c.key == key)
        of_host = selections.c.host == self._host
        order = (selections.c.expires.desc(), selections.c.key)
        too_many = select(selections.c.key).where(of_host).order_by(*order).offset(MOST_SELECTIONS - 1)

        def work(connection: Connection) -> None:
            connection.execute(delete(selections).where(selections.c.expires <= now))
            connection.execute(delete(selections).where(this))
            connection.execute(delete(selections).where(of_host, selections.c.key.in_(too_many)))
            row = {"host": self._host, "key": key, "selection": storable(selection), "expires": expires}
            connection.execute(insert(selections).values(row))

        self._database.write(work)

    def selection(self, key: str, now: int) -> str | None:
        """Return a selection, or None when it was never kept or is gone."""
        if not self._database.exists():
            return None
        query = select(selections.c.selection).where(
            selections.c.host == self._host, selections.c.key == key, selections.c.expires > now
        )
        return self._database.read(lambda connection: connection.scalar(query))
