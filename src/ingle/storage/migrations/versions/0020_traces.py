"""Segments of traces."""

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "xray_segments",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("trace_id", sa.String(35), nullable=False),
        sa.Column("segment_id", sa.String(16), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("ended", sa.Float, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "region", "trace_id", "segment_id", name="pk_xray_segments"
        ),
    )
    op.create_index(
        "ix_xray_segments_started", "xray_segments", ["account_id", "region", "started"]
    )
    op.create_index("ix_xray_segments_ended", "xray_segments", ["ended"])
