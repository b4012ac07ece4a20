"""The operations on schedules.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from typing import Any

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.delivering.api import Deliveries
from ingle.services.locks import KeyedLocks
from ingle.services.scheduler.checks import LATER, MEMBERS, check_settings
from ingle.services.scheduler.errors import Conflict, ResourceNotFound, Validation
from ingle.services.scheduler.firing import Firing
from ingle.services.scheduler.groups import existing_group
from ingle.services.scheduler.model import DEFAULT, GroupKey, Schedule, ScheduleKey
from ingle.services.scheduler.payloads import PRINCIPAL
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.scheduler.tokens import Tokens
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PAGE = 100


class Schedules:
    """The operations on schedules.

    Args:
        store: where they are kept.
        firing: fires them.
        deliveries: know which targets there are.
        changing: the lock of each group.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SchedulerStore,
        firing: Firing,
        deliveries: Deliveries,
        changing: KeyedLocks[GroupKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._firing = firing
        self._deliveries = deliveries
        self._changing = changing
        self._clock = clock
        self._deleted: Tokens[ScheduleKey] = Tokens()

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a schedule."""
        key = _key(context, request)
        settings = self._settings(key, request)
        async with self._changing(key.group):
            existing_group(self._store, key.group)
            old = self._store.get(key)
            if old is not None:
                if old.token == request["ClientToken"] and old.settings == settings:
                    # The same request once more, because its answer was lost.
                    return {"ScheduleArn": key.arn}
                raise Conflict(f"Schedule {key.name} already exists.")
            now_ms = self._now_ms()
            token = request["ClientToken"]
            await self._firing.put(Schedule(key, settings, now_ms, now_ms, token=token))
        return {"ScheduleArn": key.arn}

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a schedule anew; what is not said is as if it had never been."""
        key = _key(context, request)
        settings = self._settings(key, request)
        async with self._changing(key.group):
            old = self._existing(key)
            changed = Schedule(key, settings, old.created_ms, self._now_ms(), token=old.token)
            await self._firing.put(changed)
        return {"ScheduleArn": key.arn}

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a schedule."""
        key = _key(context, request)
        async with self._changing(key.group):
            if self._deleted.is_known(key, request["ClientToken"]):
                return
            self._existing(key)
            await self._store.delete(key)
            self._deleted.add(key, request["ClientToken"])
            self._firing.forget(key)

    def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a schedule."""
        schedule = self._existing(_key(context, request))
        return {**_summary(schedule), **schedule.settings}

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List schedules by group and name."""
        group, state = request.get("GroupName"), request.get("State")
        if group is not None:
            existing_group(self._store, GroupKey(context.account_id, context.region, group))
        prefix = request.get("NamePrefix") or ""
        found = [
            each
            for each in self._store.all()
            if each.key.group[:2] == (context.account_id, context.region)
            and group in (None, each.key.group.name)
            and each.key.name.startswith(prefix)
            and state in (None, each.settings["State"])
        ]
        found.sort(key=_place)
        page, token = paged(found, _place, request)
        answers = [
            {
                **_summary(each),
                "State": each.settings["State"],
                "Target": {"Arn": each.settings["Target"]["Arn"]},
            }
            for each in page
        ]
        return {"Schedules": answers, **token}

    def _settings(self, key: ScheduleKey, request: ServiceInput) -> dict[str, Any]:
        LATER.refuse(request, "schedule")
        settings = {name: request[name] for name in MEMBERS if name in request}
        settings.setdefault("State", "ENABLED")
        settings.setdefault("ScheduleExpressionTimezone", "UTC")
        settings.setdefault("ActionAfterCompletion", "NONE")
        check_settings(settings, self._deliveries.has)
        role = settings["Target"]["RoleArn"]
        if not self._deliveries.bringers.may_assume(PRINCIPAL, role, key.arn, key.group.account_id):
            raise Validation(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
                "role."
            )
        return settings

    def _existing(self, key: ScheduleKey) -> Schedule:
        existing_group(self._store, key.group)
        schedule = self._store.get(key)
        if schedule is None:
            raise ResourceNotFound(f"Schedule {key.name} does not exist.")
        return schedule

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def paged(items: Any, key: Any, request: ServiceInput) -> tuple[Any, ServiceOutput]:
    """Cut out the page that is asked for; also return the member with the next token.

    Raises:
        Validation: the token is none.
    """
    try:
        page, token = paging.page(
            items, key, request.get("NextToken"), request.get("MaxResults") or _PAGE
        )
    except paging.BadToken as error:
        raise Validation("Invalid NextToken.") from error
    return page, {} if token is None else {"NextToken": token}


def _key(context: CallContext, request: ServiceInput) -> ScheduleKey:
    group = request.get("GroupName") or DEFAULT
    return ScheduleKey(GroupKey(context.account_id, context.region, group), request["Name"])


def _place(schedule: Schedule) -> str:
    # A character that no name has, and that sorts before those that they have.
    return f"{schedule.key.group.name} {schedule.key.name}"


def _summary(schedule: Schedule) -> ServiceOutput:
    return {
        "Arn": schedule.key.arn,
        "Name": schedule.key.name,
        "GroupName": schedule.key.group.name,
        "CreationDate": schedule.created_ms / 1000,
        "LastModificationDate": schedule.modified_ms / 1000,
    }
