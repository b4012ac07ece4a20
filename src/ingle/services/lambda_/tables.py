"""The tables of the Lambda service."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String, Table, Text

from ingle.storage.tables import metadata

# A row is written before its blob is, and removed after it, so that a crash between the two leaves
# a row that no function refers to, which the next start cleans up.
packages = Table(
    "lambda_packages",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
)

functions = Table(
    "lambda_functions",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("revision_id", String(36), nullable=False),
    Column("last_modified_ms", BigInteger, nullable=False),
    Column("runtime", String(32), nullable=False),
    Column("handler", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("timeout_s", Integer, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("ephemeral_mb", Integer, nullable=False),
    Column("architecture", String(16), nullable=False),
    Column("environment", JSON(none_as_null=True), nullable=True),
    Column("log_group", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("package_sha256", ForeignKey(packages.c.sha256), nullable=False, index=True),
)
