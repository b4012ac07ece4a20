"""Queues, their messages, and the tasks that move these; event source mappings."""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and give functions and versions a dead-letter queue."""
    for name in ("lambda_functions", "lambda_versions"):
        op.add_column(name, sa.Column("dead_letter", sa.Text))
    op.create_table(
        "sqs_queues",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sqs_queues")),
        sa.UniqueConstraint(
            "account_id", "region", "name", name=op.f("uq_sqs_queues_account_id_region_name")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sqs_messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("queue_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attributes", sa.LargeBinary),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("sent_ms", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("message_group", sa.String(128)),
        sa.Column("deduplication", sa.String(128)),
        sa.Column("sequence", sa.String(20)),
        sa.Column("source", sa.Text),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("receives", sa.Integer, nullable=False),
        sa.Column("receives_before", sa.Integer, nullable=False),
        sa.Column("first_received_ms", sa.BigInteger),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sqs_messages")),
    )
    op.create_table(
        "sqs_deduplications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("queue_id", sa.BigInteger, nullable=False),
        sa.Column("scope", sa.String(128), nullable=False),
        sa.Column("deduplication", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.String(20), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sqs_deduplications")),
    )
    op.create_index("ix_sqs_deduplications_expires_ms", "sqs_deduplications", ["expires_ms"])
    op.create_table(
        "sqs_move_tasks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("destination", sa.Text),
        sa.Column("per_second", sa.Integer),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("to_move", sa.BigInteger, nullable=False),
        sa.Column("moved", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sqs_move_tasks")),
    )
    op.create_table(
        "lambda_event_source_mappings",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("qualifier", sa.String(128), nullable=False),
        sa.Column("source_arn", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("batch_size", sa.Integer, nullable=False),
        sa.Column("window_s", sa.Integer, nullable=False),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("reports", sa.Boolean, nullable=False),
        sa.Column("most", sa.Integer),
        sa.Column("metrics", sa.JSON(none_as_null=True)),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_lambda_event_source_mappings")),
    )
