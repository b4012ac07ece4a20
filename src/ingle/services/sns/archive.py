"""Keeps the messages of FIFO topics that have an archive.

Source: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-archiving-replay.html
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Delete, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.sns import tables
from ingle.services.sns.archive_policies import Window
from ingle.services.sns.model import Attributes, Draft

_columns = tables.archive.c


class Archived(NamedTuple):
    """A message in an archive.

    Attributes:
        id: its place.
        sequence: its sequence number.
        draft: what was published.
    """

    id: int
    sequence: str
    draft: Draft


async def keep(
    connection: AsyncConnection, topic_id: int, draft: Draft, sequence: str, now_ms: int
) -> None:
    """Keep a message."""
    content = {
        "texts": dict(draft.texts),
        "subject": draft.subject,
        "attributes": draft.attributes,
        "group": draft.group,
        "deduplication": draft.deduplication,
        "timestamp": draft.timestamp,
        "size": draft.size,
    }
    await connection.execute(
        insert(tables.archive).values(
            topic_id=topic_id,
            message_id=draft.message_id,
            sequence=sequence,
            published_ms=now_ms,
            content=orjson.dumps(content, default=_base64),
        )
    )


async def last(connection: AsyncConnection, topic_id: int) -> int:
    """The place of a topic's latest message; 0 where there is none."""
    query = select(func.max(_columns.id)).where(_columns.topic_id == topic_id)
    return (await connection.execute(query)).scalar() or 0


async def page(
    connection: AsyncConnection,
    topic_id: int,
    window: Window,
    after: int,
    since: int,
    count: int,
) -> Sequence[Archived]:
    """Read what comes next, in its order.

    Args:
        connection: a transaction's.
        topic_id: whose.
        window: when they were published; those after `since` count in any case.
        after: the place behind which to go on.
        since: the latest place when the replay began.
        count: how many at most.
    """
    wanted = _columns.published_ms >= window.start_ms
    if window.end_ms is not None:
        wanted &= _columns.published_ms <= window.end_ms
    query = (
        select(_columns.id, _columns.message_id, _columns.sequence, _columns.content)
        .where(_columns.topic_id == topic_id, _columns.id > after)
        .where(or_(wanted, _columns.id > since))
        .order_by(_columns.id)
        .limit(count)
    )
    return [
        Archived(row.id, row.sequence, _draft(row.message_id, orjson.loads(row.content)))
        for row in await connection.execute(query)
    ]


def forget(topic_id: int, before_ms: int | None = None) -> Delete:
    """Make the statement that deletes what a topic keeps, or what is older than a moment."""
    statement = delete(tables.archive).where(_columns.topic_id == topic_id)
    return statement if before_ms is None else statement.where(_columns.published_ms < before_ms)


def _draft(message_id: str, content: Mapping[str, Any]) -> Draft:
    attributes: Attributes = content["attributes"]
    read = {
        name: {**value, "BinaryValue": base64.b64decode(value["BinaryValue"])}
        if value.get("BinaryValue") is not None
        else value
        for name, value in attributes.items()
    }
    return Draft(message_id=message_id, trace="", **{**content, "attributes": read})


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
