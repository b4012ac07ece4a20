"""Functions with their packages, and log groups, streams and events."""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of the Lambda and the Logs service."""
    op.create_table(
        "lambda_packages",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_lambda_packages")),
    )
    op.create_table(
        "lambda_functions",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger, nullable=False),
        sa.Column("runtime", sa.String(32), nullable=False),
        sa.Column("handler", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("timeout_s", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("ephemeral_mb", sa.Integer, nullable=False),
        sa.Column("architecture", sa.String(16), nullable=False),
        sa.Column("environment", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("log_group", sa.Text, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("package_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "name", name=op.f("pk_lambda_functions")),
        sa.ForeignKeyConstraint(
            ["package_sha256"],
            ["lambda_packages.sha256"],
            name=op.f("fk_lambda_functions_package_sha256_lambda_packages"),
        ),
    )
    op.create_index(
        op.f("ix_lambda_functions_package_sha256"), "lambda_functions", ["package_sha256"]
    )
    op.create_table(
        "logs_groups",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("creation_ms", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs_groups")),
        sa.UniqueConstraint(
            "account_id", "region", "name", name=op.f("uq_logs_groups_account_id_region_name")
        ),
    )
    op.create_table(
        "logs_streams",
        sa.Column("id", _ID, nullable=False),
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("creation_ms", sa.BigInteger, nullable=False),
        sa.Column("first_event_ms", sa.BigInteger, nullable=True),
        sa.Column("last_event_ms", sa.BigInteger, nullable=True),
        sa.Column("last_ingestion_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs_streams")),
        sa.UniqueConstraint("group_id", "name", name=op.f("uq_logs_streams_group_id_name")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["logs_groups.id"],
            name=op.f("fk_logs_streams_group_id_logs_groups"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "logs_chunks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("stream_id", _ID, nullable=False),
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("ingestion_ms", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("encoding", sa.SmallInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs_chunks")),
        sa.ForeignKeyConstraint(
            ["stream_id"],
            ["logs_streams.id"],
            name=op.f("fk_logs_chunks_stream_id_logs_streams"),
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    for name, columns in (
        ("ix_logs_chunks_stream_first", ["stream_id", "first_ms", "id"]),
        ("ix_logs_chunks_stream_last", ["stream_id", "last_ms", "id"]),
        ("ix_logs_chunks_group_first", ["group_id", "first_ms", "id"]),
        ("ix_logs_chunks_group_last", ["group_id", "last_ms", "id"]),
    ):
        op.create_index(name, "logs_chunks", columns)
