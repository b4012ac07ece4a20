"""The tables of the SQS service. All times are milliseconds since the epoch."""

from sqlalchemy import (
    JSON,
    BigInteger,
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

queues = Table(
    "sqs_queues",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(80), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    UniqueConstraint("account_id", "region", "name"),
    # Messages name queues by these numbers; one is never used twice.
    sqlite_autoincrement=True,
)

messages = Table(
    "sqs_messages",
    metadata,
    Column("id", _Id, primary_key=True),
    # Without a foreign key, whose check each message would cost.
    Column("queue_id", BigInteger, nullable=False),
    Column("message_id", String(36), nullable=False),
    # Empty where what the message says is in `sealed`.
    Column("body", Text, nullable=False),
    # JSON, binary values in Base64; none where there are no attributes, or they are in `sealed`.
    Column("attributes", LargeBinary),
    Column("sealed", LargeBinary),
    Column("size", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sent_ms", BigInteger, nullable=False),
    Column("trace", Text, nullable=False),
    Column("message_group", String(128)),
    Column("deduplication", String(128)),
    Column("sequence", String(20)),
    Column("source", Text),
    # Its row, or a later number where it came from another queue.
    Column("place", BigInteger, nullable=False),
    Column("receives", Integer, nullable=False),
    Column("receives_before", Integer, nullable=False),
    Column("first_received_ms", BigInteger),
    Column("received_ms", BigInteger),
    Column("due_ms", BigInteger, nullable=False),
)

deduplications = Table(
    "sqs_deduplications",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("queue_id", BigInteger, nullable=False),
    Column("scope", String(128), nullable=False),
    Column("deduplication", String(128), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("sequence", String(20), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("ix_sqs_deduplications_expires_ms", "expires_ms"),
)

move_tasks = Table(
    "sqs_move_tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("source", Text, nullable=False),
    Column("destination", Text),
    Column("per_second", Integer),
    Column("started_ms", BigInteger, nullable=False),
    Column("to_move", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", Text),
)
