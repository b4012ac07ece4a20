"""Whole policy documents of functions, and the roles that functions had before roles counted."""

import base64
import json
import re
import secrets
import time

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"

_HEAD = {"Version": "2012-10-17", "Id": "default"}
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role(/(?:.*/)?)([^/]+)")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def upgrade() -> None:
    """Change the table of policies, and make the roles."""
    op.add_column("lambda_policies", sa.Column("head", sa.JSON))
    policies = sa.table("lambda_policies", sa.column("head", sa.JSON))
    op.execute(policies.update().values(head=_HEAD))
    with op.batch_alter_table("lambda_policies") as table:
        table.alter_column("head", existing_type=sa.JSON, nullable=False)
    _make_roles()


def _make_roles() -> None:
    """Make each role that a function names and nobody made: one that may write logs."""
    connection = op.get_bind()
    roles = sa.table(
        "iam_roles",
        *(
            sa.column(name)
            for name in ("account_id", "name_key", "name", "unique_id", "path", "created_ms")
        ),
        *(sa.column(name, sa.JSON) for name in ("inline", "attached", "tags")),
        *(sa.column(name) for name in ("trust", "description", "max_session_s", "boundary")),
    )
    there = sa.select(roles.c.account_id, roles.c.name_key)
    known = {tuple(row) for row in connection.execute(there)}
    for arn in _named():
        match = _ROLE.fullmatch(arn)
        if match is None:
            continue
        account_id, path, name = match.groups()
        if (account_id, name.lower()) in known:
            continue
        known.add((account_id, name.lower()))
        connection.execute(
            roles.insert().values(
                account_id=account_id,
                name_key=name.lower(),
                name=name,
                unique_id="AROA" + base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:17],
                path=path,
                created_ms=int(time.time() * 1000),
                inline={},
                attached=[_BASIC],
                trust=json.dumps(_TRUST, separators=(",", ":")),
                description="Made for functions that had it before roles had to exist.",
                max_session_s=3600,
                boundary=None,
                tags={},
            )
        )


def _named() -> list[str]:
    """The roles of all functions and versions, each once."""
    found: dict[str, None] = {}
    for name in ("lambda_functions", "lambda_versions"):
        role = sa.table(name, sa.column("role")).c.role
        found.update(dict.fromkeys(op.get_bind().scalars(sa.select(role).order_by(role))))
    return list(found)
