"""The tables of what functions used. Days are those of UTC, like `2026-11-21`."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from ingle.storage.tables import metadata

# What is added up, and what is the largest of a day.
SUMS = (
    "requests",
    "provisioned_requests",
    "mb_ms",
    "mb_100ms",
    "provisioned_mb_ms",
    "provisioned_mb_100ms",
    "ephemeral_mb_ms",
    "ephemeral_mb_100ms",
    "standing_mb_ms",
    "snapshot_mb_ms",
    "restored_mb",
    "code_byte_s",
    "busy_ms",
)
PEAKS = ("concurrency", "peak_mb")

usage = Table(
    "metering_usage",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("function", String(64), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("architecture", String(16), primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in SUMS),
    *(Column(name, Integer, nullable=False) for name in PEAKS),
)

# What is kept for a while, and how much of that while is in the usage already.
standing = Table(
    "metering_standing",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("function", String(64), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("architecture", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("charged_ms", BigInteger, nullable=False),
)

# The busiest minute of a day. The row without an account is of the whole machine.
load = Table(
    "metering_load",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("concurrency", Integer, nullable=False),
    Column("memory_mb", BigInteger, nullable=False),
    Column("cpu_ms", BigInteger, nullable=False),
)
