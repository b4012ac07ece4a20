"""The tables of IAM: one a noun, with a column for each of its fields.

What belongs to one noun alone (tags, inline policies, what is attached, the versions of a policy)
is in its row, so that a noun is read and written as a whole.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String, Table, Text

from ingle.storage.tables import metadata


def _noun(name: str, *columns: Column[Any]) -> Table:
    """Define a noun's table.

    Args:
        name: the table's.
        columns: its fields besides account and name.
    """
    return Table(
        name,
        metadata,
        Column("account_id", String(12), primary_key=True),
        # In lower case: what differs in case only is the same.
        Column("name_key", String(512), primary_key=True),
        Column("name", String(512), nullable=False),
        *columns,
    )


def _identified() -> list[Column[Any]]:
    return [
        Column("unique_id", String(32), nullable=False, unique=True),
        Column("path", String(512), nullable=False),
    ]


def _bearer() -> list[Column[Any]]:
    return [
        *_identified(),
        Column("created_ms", BigInteger, nullable=False),
        Column("inline", JSON, nullable=False),
        Column("attached", JSON, nullable=False),
    ]


def _boundary_and_tags() -> list[Column[Any]]:
    return [Column("boundary", Text, nullable=True), _tags()]


def _tags() -> Column[Any]:
    return Column("tags", JSON, nullable=False)


accounts = _noun(
    "iam_accounts",
    Column("title", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("alias", String(63), nullable=True, unique=True),
    Column("password_policy", JSON(none_as_null=True), nullable=True),
)

users = _noun(
    "iam_users",
    *_bearer(),
    Column("groups", JSON, nullable=False),
    *_boundary_and_tags(),
    Column("password", Text, nullable=True),
    Column("password_created_ms", BigInteger, nullable=True),
    Column("password_reset", Boolean, nullable=False),
)

groups = _noun("iam_groups", *_bearer())

roles = _noun(
    "iam_roles",
    *_bearer(),
    Column("trust", Text, nullable=False),
    Column("description", Text, nullable=True),
    Column("max_session_s", Integer, nullable=False),
    *_boundary_and_tags(),
)

policies = _noun(
    "iam_policies",
    *_identified(),
    Column("description", Text, nullable=True),
    # The number of the version that counts, and the highest that there was.
    Column("default", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    # Lists of number, document and time.
    Column("versions", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    _tags(),
)

access_keys = _noun(
    "iam_access_keys",
    # In lower case; "" for the root user.
    Column("user", String(64), nullable=False),
    # Sealed, in Base64.
    Column("secret", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

instance_profiles = _noun(
    "iam_instance_profiles",
    *_identified(),
    Column("created_ms", BigInteger, nullable=False),
    Column("role", String(64), nullable=True),
    _tags(),
)

server_certificates = _noun(
    "iam_server_certificates",
    *_identified(),
    Column("uploaded_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("chain", Text, nullable=True),
    # Sealed, in Base64.
    Column("private_key", Text, nullable=False),
    _tags(),
)

oidc_providers = _noun(
    "iam_oidc_providers",
    Column("client_ids", JSON, nullable=False),
    Column("thumbprints", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    _tags(),
)

mfa_devices = _noun(
    "iam_mfa_devices",
    # Sealed, in Base64.
    Column("seed", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("user", String(64), nullable=True),
    Column("enabled_ms", BigInteger, nullable=True),
    _tags(),
)

deletion_tasks = _noun("iam_deletion_tasks", Column("created_ms", BigInteger, nullable=False))

# When an access key, by its id, or a role, by its unique id, was used last.
uses = Table(
    "iam_uses",
    metadata,
    Column("used_id", String(32), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("service", String(64), nullable=False),
    Column("region", String(32), nullable=False),
)
