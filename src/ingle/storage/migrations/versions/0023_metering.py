"""What functions used, for the bill."""

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "metering_usage",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("architecture", sa.String(16), nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("provisioned_requests", sa.BigInteger, nullable=False),
        sa.Column("mb_ms", sa.BigInteger, nullable=False),
        sa.Column("mb_100ms", sa.BigInteger, nullable=False),
        sa.Column("provisioned_mb_ms", sa.BigInteger, nullable=False),
        sa.Column("provisioned_mb_100ms", sa.BigInteger, nullable=False),
        sa.Column("ephemeral_mb_ms", sa.BigInteger, nullable=False),
        sa.Column("ephemeral_mb_100ms", sa.BigInteger, nullable=False),
        sa.Column("standing_mb_ms", sa.BigInteger, nullable=False),
        sa.Column("snapshot_mb_ms", sa.BigInteger, nullable=False),
        sa.Column("restored_mb", sa.BigInteger, nullable=False),
        sa.Column("code_byte_s", sa.BigInteger, nullable=False),
        sa.Column("busy_ms", sa.BigInteger, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("peak_mb", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id",
            "region",
            "day",
            "function",
            "version",
            "architecture",
            name=op.f("pk_metering_usage"),
        ),
    )
    op.create_table(
        "metering_standing",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("architecture", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("charged_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "kind",
            "account_id",
            "region",
            "function",
            "version",
            name=op.f("pk_metering_standing"),
        ),
    )
    op.create_table(
        "metering_load",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.BigInteger, nullable=False),
        sa.Column("cpu_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "day", name=op.f("pk_metering_load")),
    )
