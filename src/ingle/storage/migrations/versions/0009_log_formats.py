"""The format and the levels of functions' logs."""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Give functions and versions a format; those that there are log text."""
    for name in ("lambda_functions", "lambda_versions"):
        op.add_column(name, sa.Column("log_format", sa.String(8)))
        functions = sa.table(name, sa.column("log_format"))
        op.execute(functions.update().values(log_format="Text"))
        with op.batch_alter_table(name) as table:
            table.alter_column("log_format", existing_type=sa.String(8), nullable=False)
        for level in ("application_log_level", "system_log_level"):
            op.add_column(name, sa.Column(level, sa.String(8)))
