"""How functions are traced, their file systems and VPC, and whether their tenants are isolated."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    """Give functions and versions these settings; those that there are have the defaults."""
    _add("invocation_events", sa.Column("tenant_id", sa.String(256)), "")
    for name in ("lambda_functions", "lambda_versions"):
        _add(name, sa.Column("tracing", sa.String(16)), "PassThrough")
        _add(name, sa.Column("file_systems", sa.JSON), [])
        op.add_column(name, sa.Column("vpc", sa.JSON))
        op.add_column(name, sa.Column("tenant_isolation", sa.String(16)))


def _add(table: str, column: sa.Column[Any], value: Any) -> None:
    """Add a column that every row has, those that there are with this value."""
    op.add_column(table, column)
    rows = sa.table(table, sa.column(column.name, column.type))
    op.execute(rows.update().values({column.name: value}))
    with op.batch_alter_table(table) as altered:
        altered.alter_column(column.name, existing_type=column.type, nullable=False)
