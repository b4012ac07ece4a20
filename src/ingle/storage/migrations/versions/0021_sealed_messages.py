"""Messages of queues: encrypted, and when they were received last; provisioned pollers."""

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    """Add columns; the messages that are there are encrypted at the start that follows."""
    op.add_column("sqs_messages", sa.Column("sealed", sa.LargeBinary))
    op.add_column("sqs_messages", sa.Column("received_ms", sa.BigInteger))
    op.add_column("lambda_event_source_mappings", sa.Column("pollers", sa.JSON))
