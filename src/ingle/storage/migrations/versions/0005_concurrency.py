"""Reserved and provisioned concurrency."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0003"

_KEY = ("account_id", "region", "name")


def _key() -> list[sa.Column[str]]:
    lengths = (12, 32, 64)
    return [
        sa.Column(name, sa.String(length), primary_key=True)
        for name, length in zip(_KEY, lengths, strict=True)
    ]


def _of_function() -> sa.ForeignKeyConstraint:
    columns = [f"lambda_functions.{name}" for name in _KEY]
    return sa.ForeignKeyConstraint(_KEY, columns, ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lambda_reserved_concurrency",
        *_key(),
        sa.Column("executions", sa.Integer(), nullable=False),
        _of_function(),
    )
    op.create_table(
        "lambda_provisioned_concurrency",
        *_key(),
        sa.Column("qualifier", sa.String(128), primary_key=True),
        sa.Column("executions", sa.Integer(), nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger(), nullable=False),
        _of_function(),
    )
