"""Function URLs."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Make the table of function URLs."""
    op.create_table(
        "lambda_function_urls",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("qualifier", sa.String(128), nullable=False),
        sa.Column("url_id", sa.String(32), nullable=False),
        sa.Column("auth_type", sa.String(16), nullable=False),
        sa.Column("cors", sa.JSON, nullable=True),
        sa.Column("invoke_mode", sa.String(16), nullable=True),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("modified_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id",
            "region",
            "name",
            "qualifier",
            name=op.f("pk_lambda_function_urls"),
        ),
        sa.UniqueConstraint("url_id", name=op.f("uq_lambda_function_urls_url_id")),
        sa.ForeignKeyConstraint(
            ["account_id", "region", "name"],
            ["lambda_functions.account_id", "lambda_functions.region", "lambda_functions.name"],
            name=op.f("fk_lambda_function_urls_account_id_lambda_functions"),
            ondelete="CASCADE",
        ),
    )
