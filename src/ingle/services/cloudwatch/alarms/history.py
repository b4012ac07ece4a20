"""What happened to alarms, kept for thirty days.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.cloudwatch.alarms.limits import ALARM
from ingle.services.cloudwatch.alarms.model import Alarm, Place, State, timestamp
from ingle.services.cloudwatch.alarms.tables import history
from ingle.storage.database import Database

_VERBS = {"Create": "created", "Update": "updated", "Delete": "deleted"}


class Item(NamedTuple):
    """Something that happened to an alarm.

    Attributes:
        account_id, region, name, kind: whose it was, where, and which.
        at_ms: when, milliseconds since the epoch.
        type: `ConfigurationUpdate`, `StateUpdate` or `Action`.
        summary: what, in English.
        data: what, as JSON.
        id: its row.
    """

    account_id: str
    region: str
    name: str
    kind: str
    at_ms: int
    type: str
    summary: str
    data: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items are asked for.

    Attributes:
        place: whose, and where.
        kinds: of which kinds of alarms.
        name: of which alarm; None for all.
        type: of which type; None for all.
        since_ms, until_ms: from when to when; None for all.
        after: the row of the item before the first; None for the first of all.
        ascending: whether the oldest come first.
        most: how many.
    """

    place: Place
    kinds: Sequence[str]
    name: str | None
    type: str | None
    since_ms: int | None
    until_ms: int | None
    after: int | None
    ascending: bool
    most: int


def configured(alarm: Alarm, change: str, at_ms: int) -> Item:
    """An alarm was configured.

    Args:
        alarm: as it is now, or was before it was deleted.
        change: `Create`, `Update` or `Delete`.
        at_ms: when.
    """
    verb = _VERBS[change]
    data = {"version": "1.0", "type": change, f"{verb}Alarm": _described(alarm)}
    return _item(alarm, at_ms, "ConfigurationUpdate", f'Alarm "{alarm.name}" {verb}', data)


def changed(alarm: Alarm, before: State) -> Item:
    """An alarm came into another state."""
    now = alarm.state
    data = {"version": "1.0", "oldState": _state(before), "newState": _state(now)}
    summary = f"Alarm updated from {before.value} to {now.value}"
    return _item(alarm, now.updated_ms, "StateUpdate", summary, data)


def acted(alarm: Alarm, at_ms: int, arn: str, message: str | None, error: str | None) -> Item:
    """An action was taken, or failed.

    Args:
        alarm: whose it was.
        at_ms: when.
        arn: of what was told.
        message: what was published on a topic; None for functions.
        error: why it failed; None where it did not.
    """
    data = {
        "actionState": "Succeeded" if error is None else "Failed",
        "stateUpdateTimestamp": alarm.state.updated_ms,
        "notificationResource": arn,
        "publishedMessage": None
        if message is None
        else orjson.dumps({"default": message}).decode(),
        "error": error,
    }
    if len(orjson.dumps(data)) > ALARM["history_data"]:
        data["publishedMessage"] = None
    summary = f"Successfully executed action {arn}"
    if error is not None:
        summary = f'Failed to execute action {arn}. Received error: "{error}"'
    return _item(alarm, at_ms, "Action", summary, data)


async def write(connection: AsyncConnection, items: Sequence[Item]) -> None:
    """Write items within a transaction."""
    if items:
        rows = [{**each._asdict()} for each in items]
        for row in rows:
            del row["id"]
        await connection.execute(insert(history), rows)


async def read(database: Database, wanted: Wanted) -> list[Item]:
    """Read items."""
    columns = history.c
    asked = select(*(columns[name] for name in Item._fields)).where(
        columns.account_id == wanted.place[0],
        columns.region == wanted.place[1],
        columns.kind.in_(wanted.kinds),
    )
    if wanted.name is not None:
        asked = asked.where(columns.name == wanted.name)
    if wanted.type is not None:
        asked = asked.where(columns.type == wanted.type)
    if wanted.since_ms is not None:
        asked = asked.where(columns.at_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        asked = asked.where(columns.at_ms <= wanted.until_ms)
    if wanted.after is not None:
        later = columns.id > wanted.after if wanted.ascending else columns.id < wanted.after
        asked = asked.where(later)
    order = columns.id if wanted.ascending else columns.id.desc()
    asked = asked.order_by(order).limit(wanted.most)

    async def run(connection: AsyncConnection) -> list[Item]:
        return [Item(*row) for row in await connection.execute(asked)]

    return await database.read(run)


async def forget(database: Database, before_ms: int) -> None:
    """Delete what is older."""

    async def run(connection: AsyncConnection) -> None:
        await connection.execute(delete(history).where(history.c.at_ms < before_ms))

    await database.write(run)


def _item(alarm: Alarm, at_ms: int, type: str, summary: str, data: Mapping[str, Any]) -> Item:
    told = orjson.dumps(data).decode()
    return Item(
        alarm.account_id,
        alarm.region,
        alarm.name,
        alarm.kind,
        at_ms,
        type,
        _cut(summary, 255),
        _cut(told, ALARM["history_data"]),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _state(state: State) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    if state.data:
        told["stateReasonData"] = orjson.loads(state.data)
    if state.suppression.by:
        told["actionsSuppressedBy"] = state.suppression.by
    return told


def _described(alarm: Alarm) -> dict[str, Any]:
    told: dict[str, Any] = {
        "alarmName": alarm.name,
        "alarmArn": alarm.arn,
        "actionsEnabled": alarm.acts,
        "okactions": list(alarm.settings.get("OKActions", ())),
        "alarmActions": list(alarm.settings.get("AlarmActions", ())),
        "insufficientDataActions": list(alarm.settings.get("InsufficientDataActions", ())),
        "stateValue": alarm.state.value,
        "alarmConfigurationUpdatedTimestamp": timestamp(alarm.configured_ms),
        "stateUpdatedTimestamp": timestamp(alarm.state.updated_ms),
    }
    if "MetricName" in alarm.settings:
        told["dimensions"] = []
    for member, value in alarm.settings.items():
        if not member.endswith("Actions"):
            told[member[0].lower() + member[1:]] = _lowered(value)
    return told


def _lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key[0].lower() + key[1:]: _lowered(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_lowered(each) for each in value]
    return value
