"""The tables, for SQLite and PostgreSQL alike. Moments are seconds since 1970, UTC.

What is kept later (the audit, used answers) gets tables of its own here and a migration each.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    # A row for each migration made. The key keeps two processes from making the same one.
    Column("version", Integer, primary_key=True, autoincrement=False),
)

_KEY = BigInteger().with_variant(Integer, "sqlite")  # in SQLite only INTEGER is the row's own key

publications = Table(
    "publications",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=False),
    Column("host", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("ends_at", BigInteger, nullable=False),
    Column("filter", Text),
    Column("account", Text),
    Column("intended_at", BigInteger, nullable=False),
    Column("campaign_number", BigInteger),
    Column("campaign_created_at", BigInteger),
    Column("why", Text),
    CheckConstraint("(state = 'published') = (campaign_number IS NOT NULL)", name="published_has_number"),
    CheckConstraint("(state = 'published') = (campaign_created_at IS NOT NULL)", name="published_has_moment"),
    UniqueConstraint("host", "org", "campaign_number", name="one_publication_of_a_campaign"),
    Index("publications_by_state", "host", "org", "state"),
)

publication_alerts = Table(
    "publication_alerts",
    metadata,
    Column("publication_id", _KEY, ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True),
    Column("repository_id", BigInteger, primary_key=True),
    Column("alert_number", BigInteger, primary_key=True),
    Column("repository", Text),
    Column("severity", Text),
    Column("rule", Text),
    Column("created_at", BigInteger),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("host", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("campaign_number", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_created_at", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("open_count", BigInteger, nullable=False),
    Column("in_progress_count", BigInteger, nullable=False),
    Column("closed_count", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,  # the long key is then kept once, not twice
)

reports = Table(
    "reports",
    metadata,
    Column("host", Text, primary_key=True),
    Column("org", Text, primary_key=True),
    Column("reported_at", BigInteger, nullable=False),
)
