"""The tables, for SQLite and PostgreSQL alike. Moments are seconds since 1970, UTC, where nothing else is said."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

audit = Table(
    "audit",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=False),  # a creation has its publication's
    Column("host", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("campaign_number", BigInteger),
    Column("at", BigInteger, nullable=False),  # milliseconds, so that what a caller did stays in order
    Column("caller", Text),
    Column("caller_subject", Text),
    Column("caller_issuer", Text),
    Column("account", Text),
    Column("change", Text, nullable=False),  # JSON, as are before and after
    Column("confirmation", Text),
    Column("outcome", Text, nullable=False),
    Column("why", Text),
    Column("status", BigInteger),
    Column("request_id", Text),
    Column("before", Text),
    Column("after", Text),
    Column("ended_at", BigInteger),  # milliseconds
    Column("settled", Boolean, nullable=False),  # looked at later, after which it is not looked at again
    CheckConstraint("(outcome = 'intended') = (ended_at IS NULL)", name="ended_has_moment"),
    Index("audit_by_time", "host", "at"),
    Index("audit_by_outcome", "host", "org", "outcome"),
)

spent_answers = Table(
    "spent_answers",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("expires", BigInteger, nullable=False),
    Index("spent_answers_by_expiry", "expires"),
)

selections = Table(
    "selections",
    metadata,
    Column("host", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("selection", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("selections_by_expiry", "expires"),
)
