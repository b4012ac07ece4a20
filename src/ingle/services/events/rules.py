"""The operations on rules.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

from dataclasses import replace

from ingle.clock import Clock
from ingle.services.events.buses import Buses, paged
from ingle.services.events.errors import LimitExceeded, Validation, no_such_rule
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import DEFAULT, BusKey, Rule, RuleKey
from ingle.services.events.names import bus_key
from ingle.services.events.patterns import checked_pattern
from ingle.services.events.schedules import RuleSchedules, checked_schedule
from ingle.services.events.store import EventsStore
from ingle.services.events.tags import tags_of
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Rules:
    """The operations on rules.

    Args:
        store: where they are kept.
        buses: finds their buses.
        schedules: run those that have one.
        changing: the lock of each bus.
        clock: the time of day.
    """

    def __init__(
        self,
        store: EventsStore,
        buses: Buses,
        schedules: RuleSchedules,
        changing: KeyedLocks[BusKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._buses = buses
        self._schedules = schedules
        self._changing = changing
        self._clock = clock

    def existing(self, context: CallContext, bus: str | None, name: str) -> Rule:
        """Find a rule.

        Raises:
            ResourceNotFound: there is none, or no such bus.
        """
        key = RuleKey(self._buses.existing(context, bus).key, name)
        rule = self._store.rule(key)
        if rule is None:
            raise no_such_rule(name, key.bus.name)
        return rule

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a rule, or make it anew; its targets and tags stay."""
        bus = self._buses.existing(context, request.get("EventBusName")).key
        pattern = request.get("EventPattern") or ""
        schedule = request.get("ScheduleExpression") or ""
        if not pattern and not schedule:
            raise Validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if pattern:
            checked_pattern(pattern)
        if schedule:
            if bus.name != DEFAULT:
                raise Validation("ScheduleExpression is supported only on the default event bus.")
            checked_schedule(schedule)
        key = RuleKey(bus, request["Name"])
        async with self._changing(bus):
            old = self._store.rule(key)
            if old is None and len(self._store.rules(bus)) >= LIMITS.rules:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            rule = Rule(
                key,
                pattern,
                schedule,
                request.get("State") or "ENABLED",
                request.get("Description") or "",
                request.get("RoleArn") or "",
                tags_of(request.get("Tags") or []) if old is None else old.tags,
                {} if old is None else old.targets,
                int(self._clock.time() * 1000),
            )
            if old is not None and (old.schedule, old.enabled) == (schedule, rule.enabled):
                # Its rate goes on counting from where it began.
                rule = replace(rule, since_ms=old.since_ms)
            await self._schedules.put(rule)
        return {"RuleArn": key.arn}

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a rule that has no targets; what is not there counts as deleted."""
        key = RuleKey(bus_key(context, request.get("EventBusName")), request["Name"])
        async with self._changing(key.bus):
            rule = self._store.rule(key)
            if rule is None:
                return
            if rule.targets:
                raise Validation("Rule can't be deleted since it has targets.")
            await self._store.delete_rule(key)
            self._schedules.forget(key)

    async def enable(self, context: CallContext, request: ServiceInput, state: str) -> None:
        """Switch a rule on or off."""
        bus, name = request.get("EventBusName"), request["Name"]
        async with self._changing(bus_key(context, bus)):
            rule = self.existing(context, bus, name)
            if rule.state != state:
                since_ms = int(self._clock.time() * 1000)
                await self._schedules.put(replace(rule, state=state, since_ms=since_ms))

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a rule."""
        rule = self.existing(context, request.get("EventBusName"), request["Name"])
        return {**_described(rule), "CreatedBy": rule.key.bus.account_id}

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the rules of a bus by name."""
        bus = self._buses.existing(context, request.get("EventBusName"))
        prefix = request.get("NamePrefix") or ""
        found = [each for each in self._store.rules(bus.key) if each.key.name.startswith(prefix)]
        page, token = paged(found, lambda each: each.key.name, request)
        return {"Rules": [_described(each) for each in page], **token}

    def names_by_target(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the names of the rules of a bus that have a target."""
        bus = self._buses.existing(context, request.get("EventBusName"))
        names = [
            rule.key.name
            for rule in self._store.rules(bus.key)
            if any(each["Arn"] == request["TargetArn"] for each in rule.targets.values())
        ]
        page, token = paged(names, str, request)
        return {"RuleNames": list(page), **token}


def _described(rule: Rule) -> ServiceOutput:
    answer = {
        "Name": rule.key.name,
        "Arn": rule.key.arn,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role,
        "EventBusName": rule.key.bus.name,
    }
    return {name: value for name, value in answer.items() if value}
