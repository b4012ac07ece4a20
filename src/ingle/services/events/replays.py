"""The operations on replays.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
"""

from dataclasses import replace

from ingle.clock import Clock
from ingle.services.events.archive_store import ArchiveStore
from ingle.services.events.buses import paged
from ingle.services.events.errors import (
    IllegalStatus,
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceNotFound,
    Validation,
)
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Replay, ReplayKey
from ingle.services.events.names import archive_of_arn, bus_of_arn, rule_of_arn
from ingle.services.events.replaying import Replaying
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_FILTERS = ("NamePrefix", "EventSourceArn", "State")


class Replays:
    """The operations on replays.

    Args:
        store: where they are kept, and archives.
        replaying: runs them.
        clock: tells when one began.
    """

    def __init__(self, store: ArchiveStore, replaying: Replaying, clock: Clock) -> None:
        self._store = store
        self._replaying = replaying
        self._clock = clock

    async def start(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin to put the events of an archive on their bus again."""
        key = _key(context, request)
        replay = self._made(key, request)
        async with self._replaying.changing(key):
            if self._store.replay(key) is not None:
                raise ResourceAlreadyExists(f"Replay {key.name} already exists.")
            active = [each for each in self._store.replays(*key[:2]) if each.active]
            if len(active) >= LIMITS.replays:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            await self._store.put_replay(replay)
        self._replaying.begin(key)
        return {
            "ReplayArn": key.arn,
            "State": "STARTING",
            "ReplayStartTime": replay.began_ms / 1000,
        }

    async def cancel(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End a replay before all events were put again."""
        key = _key(context, request)
        async with self._replaying.changing(key):
            found = self._existing(key)
            if found.state != "RUNNING":
                raise IllegalStatus(
                    f"Replay {key.name} is not in a valid state for this operation."
                )
            await self._store.put_replay(replace(found, state="CANCELLING"))
        return {"ReplayArn": key.arn, "State": "CANCELLING"}

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a replay."""
        replay = self._existing(_key(context, request))
        destination: ServiceOutput = {"Arn": replay.bus.arn}
        if replay.rules:
            destination["FilterArns"] = list(replay.rules)
        answer = {
            **_described(replay),
            "ReplayArn": replay.key.arn,
            "Destination": destination,
        }
        if replay.description:
            answer["Description"] = replay.description
        return answer

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List replays by name."""
        if sum(name in request for name in _FILTERS) > 1:
            raise Validation(
                "At most one filter is allowed for ListReplays. Use either : State, "
                "EventSourceArn, or NamePrefix."
            )
        prefix = request.get("NamePrefix") or ""
        found = [
            each
            for each in self._store.replays(context.account_id, context.region)
            if each.key.name.startswith(prefix)
            and request.get("EventSourceArn") in (None, each.archive.arn)
            and request.get("State") in (None, each.state)
        ]
        page, token = paged(found, lambda each: each.key.name, request)
        return {"Replays": [_described(each) for each in page], **token}

    def _made(self, key: ReplayKey, request: ServiceInput) -> Replay:
        destination, source = request["Destination"], request["EventSourceArn"]
        bus = bus_of_arn(destination["Arn"])
        if bus is None:
            raise Validation(
                "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."
            )
        archive_key = archive_of_arn(source)
        if archive_key is None:
            raise Validation(
                "Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN."
            )
        archive = None if archive_key[:2] != key[:2] else self._store.find(archive_key)
        if archive is None:
            raise Validation(
                "Parameter EventSourceArn is not valid. Reason: Archive "
                f"{archive_key.name} does not exist."
            )
        if archive.bus != bus:
            raise Validation(
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not "
                "permitted."
            )
        start, end = request["EventStartTime"], request["EventEndTime"]
        if start >= end:
            raise Validation(
                "Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
                "EventEndTime."
            )
        rules = tuple(destination.get("FilterArns") or ())
        for arn in rules:
            rule = rule_of_arn(arn)
            if rule is None or rule.bus != bus:
                raise Validation(
                    "Parameter Destination.FilterArns is not valid. Reason: Must contain ARNs of "
                    f"rules on the event bus {bus.name}: {arn}"
                )
        return Replay(
            key,
            archive.key,
            bus,
            rules,
            request.get("Description") or "",
            round(start * 1000),
            round(end * 1000),
            int(self._clock.time() * 1000),
        )

    def _existing(self, key: ReplayKey) -> Replay:
        replay = self._store.replay(key)
        if replay is None:
            raise ResourceNotFound(f"Replay {key.name} does not exist.")
        return replay


def _key(context: CallContext, request: ServiceInput) -> ReplayKey:
    return ReplayKey(context.account_id, context.region, request["ReplayName"])


def _described(replay: Replay) -> ServiceOutput:
    answer: ServiceOutput = {
        "ReplayName": replay.key.name,
        "EventSourceArn": replay.archive.arn,
        "State": replay.state,
        "EventStartTime": replay.start_ms / 1000,
        "EventEndTime": replay.end_ms / 1000,
        "ReplayStartTime": replay.began_ms / 1000,
    }
    if replay.reason:
        answer["StateReason"] = replay.reason
    if replay.last_ms >= 0:
        answer["EventLastReplayedTime"] = replay.last_ms / 1000
    if replay.ended_ms:
        answer["ReplayEndTime"] = replay.ended_ms / 1000
    return answer
