"""The way from an older store to today's. A migration once released is never changed; the next one is appended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, insert, inspect, select

from server.store import schema

Migration = Callable[[Connection], None]


def _keep_publications(connection: Connection) -> None:
    # Whoever changes these tables leaves a copy of them as they are now for this migration.
    schema.metadata.create_all(connection, tables=[schema.publications, schema.publication_alerts])


def _keep_history(connection: Connection) -> None:
    schema.metadata.create_all(connection, tables=[schema.snapshots, schema.reports])


def _keep_audit(connection: Connection) -> None:
    schema.metadata.create_all(connection, tables=[schema.audit, schema.spent_answers, schema.selections])


MIGRATIONS: tuple[Migration, ...] = (_keep_publications, _keep_history, _keep_audit)


class NotAStore(ValueError):
    """The database holds something else."""


def version_of(connection: Connection) -> int:
    """Return how many migrations a database has seen; 0 when it is empty.

    Raises:
        NotAStore: when it holds another program's tables.
    """
    tables = inspect(connection).get_table_names()
    if schema.schema_version.name in tables:
        version = connection.scalar(select(func.max(schema.schema_version.c.version)))
        if isinstance(version, int | None):
            return version or 0
        raise NotAStore  # other programs have a table of this name, with texts in it
    if tables:
        raise NotAStore
    return 0


def migrate(connection: Connection, version: int, migrations: Sequence[Migration]) -> None:
    """Make the migrations that a database at `version` has not seen, within the transaction under way."""
    if version == 0:
        schema.schema_version.create(connection, checkfirst=True)
    for number, migration in enumerate(migrations[version:], version + 1):
        migration(connection)
        connection.execute(insert(schema.schema_version).values(version=number))
