"""The tables of the SNS service. All times are milliseconds since the epoch."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ingle.storage.tables import metadata

# SQLite's own row number, which costs no index.
_Id = BigInteger().with_variant(Integer, "sqlite")

topics = Table(
    "sns_topics",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(256), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    UniqueConstraint("account_id", "region", "name"),
    # Subscriptions name topics by these numbers; one is never used twice.
    sqlite_autoincrement=True,
)

subscriptions = Table(
    "sns_subscriptions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("topic_id", BigInteger, nullable=False, index=True),
    Column("protocol", String(16), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("owner", String(12), nullable=False),
    Column("principal", Text, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("token", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("authenticated", Boolean, nullable=False),
    Column("guarded", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("token_ms", BigInteger, nullable=False),
    Column("ended", Boolean, nullable=False),
    # Status, place and beginning of its replay.
    Column("replay", JSON),
)

deduplications = Table(
    "sns_deduplications",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("topic_id", BigInteger, nullable=False),
    Column("scope", String(128), nullable=False),
    Column("deduplication", String(128), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("sequence", String(20), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("ix_sns_deduplications_expires_ms", "expires_ms"),
)

# What is to go to endpoints outside: HTTP and mail.
deliveries = Table(
    "sns_deliveries",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("subscription_id", String(36), nullable=False, index=True),
    Column("message_id", String(36), nullable=False),
    # Notification, SubscriptionConfirmation or UnsubscribeConfirmation.
    Column("kind", String(32), nullable=False),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

archive = Table(
    "sns_archive",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("topic_id", BigInteger, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("sequence", String(20), nullable=False),
    Column("published_ms", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_sns_archive_topic_id_id", "topic_id", "id"),
    # A replay knows the places where it is; none is ever used twice.
    sqlite_autoincrement=True,
)

signing_keys = Table(
    "sns_signing_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("certificate", Text, nullable=False),
)
