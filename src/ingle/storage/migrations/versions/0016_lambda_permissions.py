"""Whole policy documents of functions, versions and aliases."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0009"

_HEAD = {"Version": "2012-10-17", "Id": "default"}


def upgrade() -> None:
    """Give policies the other members of their documents; those that there are have AWS's own."""
    op.add_column("lambda_policies", sa.Column("head", sa.JSON))
    policies = sa.table("lambda_policies", sa.column("head", sa.JSON))
    op.execute(policies.update().values(head=_HEAD))
    with op.batch_alter_table("lambda_policies") as table:
        table.alter_column("head", existing_type=sa.JSON, nullable=False)
