"""Topics, their subscriptions, and what is to be delivered to endpoints outside."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sns_topics",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_topics")),
        sa.UniqueConstraint(
            "account_id", "region", "name", name=op.f("uq_sns_topics_account_id_region_name")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sns_subscriptions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("topic_id", sa.BigInteger, nullable=False),
        sa.Column("protocol", sa.String(16), nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("owner", sa.String(12), nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("guarded", sa.Boolean, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("token_ms", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("replay", sa.JSON),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_subscriptions")),
    )
    op.create_index("ix_sns_subscriptions_topic_id", "sns_subscriptions", ["topic_id"])
    op.create_table(
        "sns_deduplications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("topic_id", sa.BigInteger, nullable=False),
        sa.Column("scope", sa.String(128), nullable=False),
        sa.Column("deduplication", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.String(20), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_deduplications")),
    )
    op.create_index("ix_sns_deduplications_expires_ms", "sns_deduplications", ["expires_ms"])
    op.create_table(
        "sns_deliveries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscription_id", sa.String(36), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_deliveries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sns_deliveries_subscription_id", "sns_deliveries", ["subscription_id"])
    op.create_table(
        "sns_archive",
        sa.Column("id", _ID, nullable=False),
        sa.Column("topic_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("sequence", sa.String(20), nullable=False),
        sa.Column("published_ms", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_archive")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sns_archive_topic_id_id", "sns_archive", ["topic_id", "id"])
    op.create_table(
        "sns_signing_keys",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sns_signing_keys")),
    )
