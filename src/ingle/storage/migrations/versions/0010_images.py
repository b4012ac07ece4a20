"""Functions whose code is a container image, and the states that they have."""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"

_STATES = (
    ("state", sa.String(16), "Active"),
    ("state_reason", sa.Text(), ""),
    ("state_reason_code", sa.String(64), ""),
)


def upgrade() -> None:
    """Have functions and versions with an image; every function that there is can be invoked."""
    for name in ("lambda_functions", "lambda_versions"):
        op.add_column(name, sa.Column("image", sa.JSON()))
        op.add_column(name, sa.Column("image_overrides", sa.JSON()))
    op.add_column("lambda_functions", sa.Column("image_update", sa.JSON()))
    for column, kind, value in _STATES:
        op.add_column("lambda_functions", sa.Column(column, kind))
        functions = sa.table("lambda_functions", sa.column(column))
        op.execute(functions.update().values({column: value}))
    with op.batch_alter_table("lambda_functions") as table:
        for column, kind, _ in _STATES:
            table.alter_column(column, existing_type=kind, nullable=False)
