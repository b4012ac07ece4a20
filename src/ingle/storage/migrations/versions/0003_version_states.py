"""The state of published versions, which have one with SnapStart."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Give published versions a state; those that there are can be invoked."""
    for name, kind, value in (
        ("state", sa.String(16), "Active"),
        ("state_reason", sa.Text(), ""),
        ("state_reason_code", sa.String(64), ""),
    ):
        op.add_column("lambda_versions", sa.Column(name, kind))
        versions = sa.table("lambda_versions", sa.column(name))
        op.execute(versions.update().values({name: value}))
        with op.batch_alter_table("lambda_versions") as table:
            table.alter_column(name, existing_type=kind, nullable=False)
