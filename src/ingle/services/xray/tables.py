"""The table of X-Ray's segments. Times are seconds since the epoch."""

from sqlalchemy import Column, Float, Index, String, Table, Text

from ingle.storage.tables import metadata

segments = Table(
    "xray_segments",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("trace_id", String(35), primary_key=True),
    Column("segment_id", String(16), primary_key=True),
    Column("started", Float, nullable=False),
    # Of one that is in progress, when it started.
    Column("ended", Float, nullable=False),
    Column("document", Text, nullable=False),
    Index("ix_xray_segments_started", "account_id", "region", "started"),
    Index("ix_xray_segments_ended", "ended"),
)
