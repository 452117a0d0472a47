"""The store in a PostgreSQL database, for several machines."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, create_engine, func, select

from server.errors import StoreFailed
from server.store import postgres_failures
from server.store.addresses import PostgresAddress
from server.store.failures import Explanation

PATIENCE = 10.0
"""Seconds to wait for a connection, and for others at work."""
SILENCE = 5.0
"""Seconds for which a server may say nothing, beyond what its own limits allow."""
_CONNECTIONS = 8  # for each process; three replicas then leave most of the usual hundred to others
_WRITER_LOCK = int.from_bytes(b"campaign")
"""The key of the advisory lock that a writer holds. Stores in two schemas of one database share it; no harm."""
# A peer that vanished without a word is noticed within half a minute, not within TCP's two hours.
_USUAL = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}


class PostgresPlace:
    """A database.

    Connections are kept for the next transaction, since making one costs more than using it, and each is tried before
    it is used again. Nothing belongs to a session, so that a pooler may stand before the server.

    Args:
        address: where.
        patience: how long to wait for a connection and for others at work, in seconds.
        silence: how long a server may say nothing, beyond what its own limits allow, in seconds.

    Raises:
        StoreFailed: when the driver is not installed.
    """

    elsewhere = postgres_failures.ELSEWHERE

    def __init__(self, address: PostgresAddress, patience: float = PATIENCE, silence: float = SILENCE) -> None:
        self.name = address.name
        self._patience = patience
        self._silence = silence
        connect = _driver(self.name)
        parameters = _parameters(address, patience)

        def connected() -> Any:
            made = connect(address.text, **parameters)
            made.answers_within = silence
            return made

        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=connected,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=patience,
            pool_pre_ping=True,
            pool_use_lifo=True,
            use_native_hstore=False,  # it would ask every new connection for a type that is not used
        )

    def exists(self) -> bool:
        """Tell that a database is there, before it is known: connecting tells otherwise."""
        return True

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database."""
        with self._transaction("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the only transaction that writes: it holds an advisory lock to its end, as SQLite's holds the file."""
        # READ COMMITTED, because any other level would not see what was committed while this waited for the lock.
        with self._transaction("READ COMMITTED") as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))
            yield connection

    def explain(self, failure: Exception) -> Explanation:
        """Say what is wrong with the database or the way to it."""
        return postgres_failures.explain(failure)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, level: Literal["REPEATABLE READ", "READ COMMITTED"]) -> Iterator[Connection]:
        longest = _LONGEST * self._patience
        with (
            self._engine.connect().execution_options(isolation_level=level) as connection,
            self._answering_within(longest + self._silence, connection),
            connection.begin(),
        ):
            limits = {"wait": self._patience, "longest": longest}
            connection.execute(_LIMITS, {name: f"{math.ceil(1000 * limit)}ms" for name, limit in limits.items()})
            yield connection

    @contextmanager
    def _answering_within(self, seconds: float, connection: Connection) -> Iterator[None]:
        """Leave it to the server's limits to end a statement; between transactions there is nothing to wait for."""
        raw: Any = connection.connection.dbapi_connection
        raw.answers_within = seconds
        try:
            yield
        finally:
            raw.answers_within = self._silence


_LONGEST = 3  # times the patience
# For this transaction only: a statement that hangs, or a process that froze with the lock, is ended by the server.
_LIMITS = select(
    func.set_config("lock_timeout", bindparam("wait"), True),
    func.set_config("statement_timeout", bindparam("longest"), True),
    func.set_config("idle_in_transaction_session_timeout", bindparam("longest"), True),
)


def _driver(name: str) -> Any:
    try:
        from server.store.punctual import PunctualConnection  # noqa: PLC0415 - an extra that a file does not need
    except ImportError:
        raise StoreFailed(
            f"The store {name} needs a driver that is not installed.",
            "Install the extra `postgres` (`pipx install '.[postgres]'` in the clone), or name a file with --store.",
        ) from None
    return PunctualConnection.connect


def _parameters(address: PostgresAddress, patience: float) -> dict[str, Any]:
    """Return what to add to an address that does not say it itself."""
    parameters: dict[str, Any] = {**_USUAL, "fallback_application_name": "security-campaigns-mcp"}
    if "PGCONNECT_TIMEOUT" not in os.environ:
        parameters["connect_timeout"] = max(2, math.ceil(patience))
    usual = {name: value for name, value in parameters.items() if name not in address.parameters}
    return {**usual, "prepare_threshold": None}  # a pooler may not know the statements that were prepared
