"""Published versions of functions, and layers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Give functions what they need for versions and layers, and make the tables of these."""
    for column in _added():
        op.add_column("lambda_functions", column)
    functions = sa.table("lambda_functions", *_added(), sa.column("revision_id"))
    op.execute(
        functions.update().values(
            content_id=functions.c.revision_id,
            snap_start="None",
            layers=[],
            last_version=0,
            changed=True,
        )
    )
    with op.batch_alter_table("lambda_functions") as table:
        for column in _added():
            table.alter_column(column.name, existing_type=column.type, nullable=False)
    op.create_table(
        "lambda_versions",
        *_key(64),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
        sa.Column("content_id", sa.String(36), nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger, nullable=False),
        sa.Column("runtime", sa.String(32), nullable=False),
        sa.Column("handler", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("timeout_s", sa.Integer, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("ephemeral_mb", sa.Integer, nullable=False),
        sa.Column("architecture", sa.String(16), nullable=False),
        sa.Column("environment", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("log_group", sa.Text, nullable=False),
        sa.Column("snap_start", sa.String(32), nullable=False),
        sa.Column("layers", sa.JSON, nullable=False),
        sa.Column("package_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "region", "name", "version", name=op.f("pk_lambda_versions")
        ),
        sa.ForeignKeyConstraint(
            ["package_sha256"],
            ["lambda_packages.sha256"],
            name=op.f("fk_lambda_versions_package_sha256_lambda_packages"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "region", "name"],
            ["lambda_functions.account_id", "lambda_functions.region", "lambda_functions.name"],
            name=op.f("fk_lambda_versions_account_id_lambda_functions"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_lambda_versions_package_sha256"), "lambda_versions", ["package_sha256"]
    )
    op.create_table(
        "lambda_layers",
        *_key(140),
        sa.Column("last_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "name", name=op.f("pk_lambda_layers")),
    )
    op.create_table(
        "lambda_layer_versions",
        *_key(140),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("license_info", sa.Text, nullable=True),
        sa.Column("runtimes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("architectures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("package_sha256", sa.String(64), nullable=False),
        sa.Column("statements", sa.JSON, nullable=False),
        sa.Column("policy_revision_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "region", "name", "version", name=op.f("pk_lambda_layer_versions")
        ),
        sa.ForeignKeyConstraint(
            ["package_sha256"],
            ["lambda_packages.sha256"],
            name=op.f("fk_lambda_layer_versions_package_sha256_lambda_packages"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "region", "name"],
            ["lambda_layers.account_id", "lambda_layers.region", "lambda_layers.name"],
            name=op.f("fk_lambda_layer_versions_account_id_lambda_layers"),
        ),
    )
    op.create_index(
        op.f("ix_lambda_layer_versions_package_sha256"),
        "lambda_layer_versions",
        ["package_sha256"],
    )


def _added() -> list[sa.Column[Any]]:
    return [
        sa.Column("content_id", sa.String(36)),
        sa.Column("snap_start", sa.String(32)),
        sa.Column("layers", sa.JSON),
        sa.Column("last_version", sa.Integer),
        sa.Column("changed", sa.Boolean),
    ]


def _key(name_length: int) -> list[sa.Column[str]]:
    return [
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(name_length), nullable=False),
    ]
