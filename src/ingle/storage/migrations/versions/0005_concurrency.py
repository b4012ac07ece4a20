"""Reserved and provisioned concurrency."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "lambda_concurrency",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("qualifier", sa.String(128), nullable=False),
        sa.Column("executions", sa.Integer, nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "region", "name", "qualifier", name=op.f("pk_lambda_concurrency")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "region", "name"],
            ["lambda_functions.account_id", "lambda_functions.region", "lambda_functions.name"],
            name=op.f("fk_lambda_concurrency_account_id_lambda_functions"),
            ondelete="CASCADE",
        ),
    )
