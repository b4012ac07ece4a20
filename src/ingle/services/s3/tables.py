"""The tables of S3. All times are milliseconds since the epoch.

Keys are bytes of UTF-8, because that is the order in which S3 lists them, in any database.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from ingle.storage.tables import metadata

# SQLite numbers rows by itself only in a column of exactly this type.
_Id = BigInteger().with_variant(Integer, "sqlite")

buckets = Table(
    "s3_buckets",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(63), nullable=False, unique=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("settings", JSON, nullable=False),
)

# A row is a version or a delete marker. Numbers are never used twice: events are ordered by them.
versions = Table(
    "s3_versions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("bucket_id", ForeignKey(buckets.c.id, ondelete="CASCADE"), nullable=False),
    Column("key", LargeBinary(1024), nullable=False),
    Column("version_id", String(64), nullable=False),
    Column("is_latest", Boolean, nullable=False),
    Column("is_marker", Boolean, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("parts", Integer, nullable=False),
    Column("storage_class", String(32), nullable=False),
    Column("checksum", String(128)),
    Column("facts", JSON, nullable=False),
    Index("ix_s3_versions_bucket_id_key_id", "bucket_id", "key", "id"),
    sqlite_autoincrement=True,
)

# What listings walk along: the objects that are there now.
Index(
    "ix_s3_versions_objects",
    versions.c.bucket_id,
    versions.c.key,
    sqlite_where=versions.c.is_latest & ~versions.c.is_marker,
    postgresql_where=versions.c.is_latest & ~versions.c.is_marker,
)

uploads = Table(
    "s3_uploads",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("bucket_id", ForeignKey(buckets.c.id, ondelete="CASCADE"), nullable=False),
    Column("key", LargeBinary(1024), nullable=False),
    Column("initiated_ms", BigInteger, nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("checksum_type", String(16), nullable=False),
    Column("initiator", String(2048), nullable=False),
    Column("storage_class", String(32), nullable=False),
    Column("facts", JSON, nullable=False),
    Index("ix_s3_uploads_bucket_id_key_id", "bucket_id", "key", "id"),
)

# A row belongs to a version, or to an upload. The bytes stand last, so that whoever reads the other
# columns passes them by.
contents = Table(
    "s3_contents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("object_id", ForeignKey(versions.c.id, ondelete="CASCADE")),
    Column("upload_id", ForeignKey(uploads.c.id, ondelete="CASCADE")),
    Column("number", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", String(32), nullable=False),
    Column("checksum", String(128)),
    Column("in_file", Boolean, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_s3_contents_object_id_number", "object_id", "number"),
    Index("ix_s3_contents_upload_id_number", "upload_id", "number"),
    Index("ix_s3_contents_key_id", "key_id"),
)
