"""Messages of queues: encrypted, and when they were received last."""

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0015"


def upgrade() -> None:
    """Add both columns; what is there is encrypted at the start that follows."""
    op.add_column("sqs_messages", sa.Column("sealed", sa.LargeBinary))
    op.add_column("sqs_messages", sa.Column("received_ms", sa.BigInteger))
