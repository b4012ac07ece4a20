"""Tells of changes within the transaction that makes them, so that none is told that was not made,
and none is made that is not told.
"""

import logging
from collections.abc import Iterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.iam.principal import service_principal
from ingle.invoke.events.event import Event
from ingle.services.s3.changes import Change, Effects
from ingle.services.s3.model import Bucket
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.s3.notifications.records import bridged, event_of
from ingle.services.s3.notifications.rules import Rule, Rules, rules_of
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)

SETTING = "notification"
"""Under which name a bucket has its configuration."""
SERVICE = "s3.amazonaws.com"
SUBJECT = "Amazon S3 Notification"
"""Of what is published on topics."""
_S3 = service_principal(SERVICE)
_NO_RULES = Rules()
_MOST_KEPT = 4096


class Notifier:
    """Tells functions, queues, topics and buses of changes.

    What a destination's policy does not allow any more, or what is not there any more, is not told,
    as on AWS; the log says so once.

    Args:
        neighbours: whom to tell.
        clock: tells when.
    """

    def __init__(self, neighbours: Neighbours, clock: Clock) -> None:
        self._neighbours = neighbours
        self._clock = clock
        # What was read of configurations, with these, by which it is seen that they changed.
        self._rules: dict[int, tuple[object, Rules]] = {}
        self._told: set[tuple[int, str]] = set()

    async def changed(
        self,
        connection: AsyncConnection,
        changes: Sequence[Change],
        effects: Effects,
        *,
        reversible: bool,
    ) -> None:
        """Tell of changes that are made in one transaction."""
        events: list[Event] = []
        now = self._clock.time()
        for change in changes:
            rules = self._of(change.bucket)
            for rule in self._matching(rules, change):
                await self._tell(connection, change, rule, now, events, effects)
            if rules.bridged:
                await self._bridge(connection, change, effects)
        if events:
            add = self._neighbours.functions.add_all
            effects.add(*await add(connection, events, reversible=reversible))

    def _of(self, bucket: Bucket) -> Rules:
        configuration = bucket.settings.get(SETTING)
        if configuration is None:
            return _NO_RULES
        kept = self._rules.get(bucket.id)
        if kept is not None and kept[0] is configuration:
            return kept[1]
        if len(self._rules) >= _MOST_KEPT:
            self._rules.clear()
        rules = rules_of(configuration)
        self._rules[bucket.id] = (configuration, rules)
        self._told = {each for each in self._told if each[0] != bucket.id}
        return rules

    @staticmethod
    def _matching(rules: Rules, change: Change) -> Iterator[Rule]:
        return (each for each in rules.rules if each.matches(change.name, change.version.key))

    async def _tell(
        self,
        connection: AsyncConnection,
        change: Change,
        rule: Rule,
        now: float,
        events: list[Event],
        effects: Effects,
    ) -> None:
        bucket, payload = change.bucket, event_of(change, rule.id, now)
        keys = source_keys(bucket)
        try:
            if rule.list == "LambdaFunctionConfigurations":
                event = self._neighbours.functions.prepared(
                    rule.arn,
                    payload,
                    service=SERVICE,
                    source_arn=bucket.arn,
                    source_account=bucket.account_id,
                )
                events.append(event)
            elif rule.list == "QueueConfigurations":
                queues = self._neighbours.queues
                queues.check_may_send(_S3, rule.arn, keys)
                message = {"MessageBody": payload.decode()}
                effects.add(await queues.add(connection, _S3.unique_id, rule.arn, message))
            else:
                topics = self._neighbours.topics
                topics.check_may_publish(_S3, rule.arn, keys)
                notice = {"Message": payload.decode(), "Subject": SUBJECT}
                effects.add(await topics.add(connection, rule.arn, notice))
        except ServiceError as error:
            self._say(bucket, rule.id, rule.arn, error.message)
            return
        self._told.discard((bucket.id, rule.id))

    async def _bridge(self, connection: AsyncConnection, change: Change, effects: Effects) -> None:
        entry, bucket = bridged(change), change.bucket
        if entry is None:
            return
        arn = f"arn:aws:events:{bucket.region}:{bucket.account_id}:event-bus/default"
        try:
            effects.add(await self._neighbours.buses.add(connection, arn, entry))
        except LookupError as error:
            self._say(bucket, "", arn, str(error))

    def _say(self, bucket: Bucket, rule_id: str, arn: str, fault: str) -> None:
        known = (bucket.id, rule_id)
        if known in self._told:
            return
        self._told.add(known)
        _logger.warning("bucket %s cannot tell %s of its objects: %s", bucket.name, arn, fault)


def source_keys(bucket: Bucket) -> dict[str, tuple[str, ...]]:
    """The condition keys of what S3 does for a bucket."""
    return {"aws:sourcearn": (bucket.arn,), "aws:sourceaccount": (bucket.account_id,)}
