"""The tables of the Lambda service."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
)

from ingle.storage.tables import metadata

# A row is written before its blob is, and removed after it, so that a crash between the two leaves
# a row that nothing refers to, which the next start cleans up.
packages = Table(
    "lambda_packages",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
)


def _key(name_length: int) -> list[Column[Any]]:
    return [
        Column("account_id", String(12), primary_key=True),
        Column("region", String(32), primary_key=True),
        Column("name", String(name_length), primary_key=True),
    ]


def _configuration() -> list[Column[Any]]:
    """What `$LATEST` and a published version have alike."""
    return [
        Column("revision_id", String(36), nullable=False),
        Column("content_id", String(36), nullable=False),
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
        Column("log_format", String(8), nullable=False),
        Column("application_log_level", String(8), nullable=True),
        Column("system_log_level", String(8), nullable=True),
        Column("snap_start", String(32), nullable=False),
        Column("dead_letter", Text, nullable=True),
        Column("tracing", String(16), nullable=False),
        # Objects with the members arn and path.
        Column("file_systems", JSON, nullable=False),
        # An object with the members vpc_id, subnets and security_groups.
        Column("vpc", JSON(none_as_null=True), nullable=True),
        Column("tenant_isolation", String(16), nullable=True),
        # Of a durable function only.
        Column("durable_timeout_s", Integer, nullable=True),
        Column("durable_retention_days", Integer, nullable=True),
        # Objects with the members arn, sha256 and size.
        Column("layers", JSON, nullable=False),
        # The digest of a zip or, of a container image, of its manifest; that has the size 0.
        Column("package_sha256", ForeignKey(packages.c.sha256), nullable=False, index=True),
        # Objects with the attributes of FunctionImage and ImageOverrides.
        Column("image", JSON(none_as_null=True), nullable=True),
        Column("image_overrides", JSON(none_as_null=True), nullable=True),
        Column("state", String(16), nullable=False),
        Column("state_reason", Text, nullable=False),
        Column("state_reason_code", String(64), nullable=False),
    ]


functions = Table(
    "lambda_functions",
    metadata,
    *_key(64),
    *_configuration(),
    Column("tags", JSON, nullable=False),
    Column("last_version", Integer, nullable=False),
    Column("changed", Boolean, nullable=False),
    # An object with the attributes of ImageUpdate.
    Column("image_update", JSON(none_as_null=True), nullable=True),
)

versions = Table(
    "lambda_versions",
    metadata,
    *_key(64),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *_configuration(),
    ForeignKeyConstraint(
        ["account_id", "region", "name"],
        [functions.c.account_id, functions.c.region, functions.c.name],
        ondelete="CASCADE",
    ),
)

# Without a reference to the function, which a mapping may outlive.
event_source_mappings = Table(
    "lambda_event_source_mappings",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("qualifier", String(128), nullable=False),
    Column("source_arn", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("window_s", Integer, nullable=False),
    Column("filters", JSON, nullable=False),
    Column("reports", Boolean, nullable=False),
    Column("most", Integer, nullable=True),
    # How many pollers are provisioned, the least and the most; null where none are.
    Column("pollers", JSON(none_as_null=True), nullable=True),
    Column("metrics", JSON(none_as_null=True), nullable=True),
    Column("tags", JSON, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)

# Outlives its versions, so that no number is used twice.
layers = Table(
    "lambda_layers",
    metadata,
    *_key(140),
    Column("last_version", Integer, nullable=False),
)

layer_versions = Table(
    "lambda_layer_versions",
    metadata,
    *_key(140),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("description", Text, nullable=False),
    Column("license_info", Text, nullable=True),
    Column("runtimes", JSON(none_as_null=True), nullable=True),
    Column("architectures", JSON(none_as_null=True), nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("package_sha256", ForeignKey(packages.c.sha256), nullable=False, index=True),
    Column("statements", JSON, nullable=False),
    Column("policy_revision_id", String(36), nullable=True),
    ForeignKeyConstraint(
        ["account_id", "region", "name"],
        [layers.c.account_id, layers.c.region, layers.c.name],
    ),
)


def belonging(name: str, *columns: Column[Any]) -> Table:
    """Define a table of what functions, versions or aliases have one of each.

    Args:
        name: the table's.
        columns: what it holds besides the function's key and the qualifier, which is a version's
            number, an alias's name, or "" for the function itself.
    """
    return Table(
        name,
        metadata,
        *_key(64),
        Column("qualifier", String(128), primary_key=True),
        *columns,
        ForeignKeyConstraint(
            ["account_id", "region", "name"],
            [functions.c.account_id, functions.c.region, functions.c.name],
            ondelete="CASCADE",
        ),
    )


# The qualifier is the alias's name.
aliases = belonging(
    "lambda_aliases",
    Column("function_version", String(16), nullable=False),
    Column("description", Text, nullable=False),
    # Weights by version.
    Column("additional", JSON, nullable=False),
    Column("revision_id", String(36), nullable=False),
)

policies = belonging(
    "lambda_policies",
    Column("statements", JSON, nullable=False),
    # The document's other members.
    Column("head", JSON, nullable=False),
)

# Reserved for a function, provisioned for a version or an alias.
concurrency = belonging(
    "lambda_concurrency",
    Column("executions", Integer, nullable=False),
    Column("last_modified_ms", BigInteger, nullable=False),
)

event_configs = belonging(
    "lambda_event_configs",
    Column("last_modified_ms", BigInteger, nullable=False),
    Column("retries", Integer, nullable=True),
    Column("age_s", Integer, nullable=True),
    Column("on_success", Text, nullable=True),
    Column("on_failure", Text, nullable=True),
)

recursions = belonging("lambda_recursions", Column("loop", String(16), nullable=False))

code_signing_configs = Table(
    "lambda_code_signing_configs",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("config_id", String(32), primary_key=True),
    Column("description", Text, nullable=True),
    Column("publishers", JSON, nullable=False),
    Column("policy", String(16), nullable=False),
    Column("last_modified_ms", BigInteger, nullable=False),
    Column("tags", JSON, nullable=False),
)

code_signing = belonging("lambda_code_signing", Column("config_id", String(32), nullable=False))

# The qualifier is a version, or "" for $LATEST.
runtime_management = belonging(
    "lambda_runtime_management",
    Column("update_on", String(16), nullable=False),
    Column("version_arn", Text, nullable=True),
)

# The qualifier is an alias's name or "".
function_urls = belonging(
    "lambda_function_urls",
    Column("url_id", String(32), nullable=False, unique=True),
    Column("auth_type", String(16), nullable=False),
    Column("cors", JSON(none_as_null=True), nullable=True),
    Column("invoke_mode", String(16), nullable=True),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
)
