"""Accounts, users, groups, roles, policies and what else IAM keeps."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"


def _noun(name: str, *columns: "sa.Column[object]") -> None:
    unique = [each for each in columns if each.name in ("unique_id", "alias")]
    op.create_table(
        name,
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("name_key", sa.String(512), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("account_id", "name_key", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(each.name, name=op.f(f"uq_{name}_{each.name}")) for each in unique),
    )


def _text(name: str, length: int | None = None, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _json(name: str, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.JSON, nullable=nullable)


def _identified() -> "list[sa.Column[object]]":
    return [_text("unique_id", 32), _text("path", 512)]


def _bearer() -> "list[sa.Column[object]]":
    return [*_identified(), _number("created_ms"), _json("inline"), _json("attached")]


def upgrade() -> None:
    """Make the tables."""
    _noun(
        "iam_accounts",
        _text("title"),
        _number("created_ms"),
        _text("alias", 63, nullable=True),
        _json("password_policy", nullable=True),
    )
    _noun(
        "iam_users",
        *_bearer(),
        _json("groups"),
        _text("boundary", nullable=True),
        _json("tags"),
        _text("password", nullable=True),
        _number("password_created_ms", nullable=True),
        sa.Column("password_reset", sa.Boolean, nullable=False),
    )
    _noun("iam_groups", *_bearer())
    _noun(
        "iam_roles",
        *_bearer(),
        _text("trust"),
        _text("description", nullable=True),
        sa.Column("max_session_s", sa.Integer, nullable=False),
        _text("boundary", nullable=True),
        _json("tags"),
    )
    _noun(
        "iam_policies",
        *_identified(),
        _text("description", nullable=True),
        sa.Column("default", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        _json("versions"),
        _number("created_ms"),
        _number("updated_ms"),
        _json("tags"),
    )
    _noun(
        "iam_access_keys",
        _text("user", 64),
        _text("secret"),
        sa.Column("active", sa.Boolean, nullable=False),
        _number("created_ms"),
    )
    _noun(
        "iam_instance_profiles",
        *_identified(),
        _number("created_ms"),
        _text("role", 64, nullable=True),
        _json("tags"),
    )
    _noun(
        "iam_server_certificates",
        *_identified(),
        _number("uploaded_ms"),
        _number("expires_ms"),
        _text("body"),
        _text("chain", nullable=True),
        _text("private_key"),
        _json("tags"),
    )
    _noun(
        "iam_oidc_providers",
        _json("client_ids"),
        _json("thumbprints"),
        _number("created_ms"),
        _json("tags"),
    )
    _noun(
        "iam_mfa_devices",
        _text("seed"),
        _number("created_ms"),
        _text("user", 64, nullable=True),
        _number("enabled_ms", nullable=True),
        _json("tags"),
    )
    _noun("iam_deletion_tasks", _number("created_ms"))
    op.create_table(
        "iam_uses",
        sa.Column("used_id", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("used_id", name=op.f("pk_iam_uses")),
    )
