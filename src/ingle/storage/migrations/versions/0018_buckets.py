"""S3: buckets, objects, multipart uploads."""

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "s3_buckets",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_s3_buckets")),
        sa.UniqueConstraint("name", name=op.f("uq_s3_buckets_name")),
    )
    _make_versions()
    op.create_table(
        "s3_uploads",
        sa.Column("id", sa.String(128), nullable=False),
        _bucket_id(),
        sa.Column("key", sa.LargeBinary(1024), nullable=False),
        sa.Column("initiated_ms", sa.BigInteger, nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("checksum_type", sa.String(16), nullable=False),
        sa.Column("initiator", sa.String(2048), nullable=False),
        sa.Column("storage_class", sa.String(32), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_s3_uploads")),
        _of_bucket("s3_uploads"),
    )
    op.create_index("ix_s3_uploads_bucket_id_key_id", "s3_uploads", ["bucket_id", "key", "id"])
    _make_contents()


def _make_versions() -> None:
    op.create_table(
        "s3_versions",
        sa.Column("id", _Id, primary_key=True),
        _bucket_id(),
        sa.Column("key", sa.LargeBinary(1024), nullable=False),
        sa.Column("version_id", sa.String(64), nullable=False),
        sa.Column("is_latest", sa.Boolean, nullable=False),
        sa.Column("is_marker", sa.Boolean, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("storage_class", sa.String(32), nullable=False),
        sa.Column("checksum", sa.String(128)),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_s3_versions")),
        _of_bucket("s3_versions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_s3_versions_bucket_id_key_id", "s3_versions", ["bucket_id", "key", "id"])
    there = sa.column("is_latest", sa.Boolean) & ~sa.column("is_marker", sa.Boolean)
    op.create_index(
        "ix_s3_versions_objects",
        "s3_versions",
        ["bucket_id", "key"],
        sqlite_where=there,
        postgresql_where=there,
    )


def _make_contents() -> None:
    op.create_table(
        "s3_contents",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("object_id", _Id),
        sa.Column("upload_id", sa.String(128)),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("etag", sa.String(32), nullable=False),
        sa.Column("checksum", sa.String(128)),
        sa.Column("in_file", sa.Boolean, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_s3_contents")),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["s3_versions.id"],
            name=op.f("fk_s3_contents_object_id_s3_versions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["s3_uploads.id"],
            name=op.f("fk_s3_contents_upload_id_s3_uploads"),
            ondelete="CASCADE",
        ),
    )
    for columns in (["object_id", "number"], ["upload_id", "number"], ["key_id"]):
        op.create_index(f"ix_s3_contents_{'_'.join(columns)}", "s3_contents", columns)


def _bucket_id() -> sa.Column[int]:
    return sa.Column("bucket_id", _Id, nullable=False)


def _of_bucket(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["bucket_id"],
        ["s3_buckets.id"],
        name=op.f(f"fk_{table}_bucket_id_s3_buckets"),
        ondelete="CASCADE",
    )
