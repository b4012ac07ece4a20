"""Tells of alarms and their history.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services import paging
from ingle.services.cloudwatch import putting
from ingle.services.cloudwatch.alarms import history
from ingle.services.cloudwatch.alarms.checking import LATER
from ingle.services.cloudwatch.alarms.composites import Composites
from ingle.services.cloudwatch.alarms.limits import ALARM
from ingle.services.cloudwatch.alarms.messages import suppression_reason
from ingle.services.cloudwatch.alarms.model import ACTIONS, METRIC, Alarm, Place
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.cloudwatch.errors import (
    AlarmNotFound,
    InvalidNextToken,
    InvalidParameterCombination,
)

_RELATIVES = ("ChildrenOfAlarmName", "ParentsOfAlarmName")
_PAGING = ("MaxRecords", "NextToken")


class Describing:
    """Reads alarms.

    Args:
        store: has all alarms.
        composites: follows what composite alarms refer to.
    """

    def __init__(self, store: AlarmStore, composites: Composites) -> None:
        self._store = store
        self._composites = composites

    def alarms(self, place: Place, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeAlarms."""
        for member in _RELATIVES:
            if request.get(member):
                others = [each for each in request if each not in (member, *_PAGING)]
                if others:
                    raise InvalidParameterCombination(
                        f"The parameters {member} and {others[0]} are mutually exclusive and you "
                        "have specified both."
                    )
                return self._relatives(place, member, request)
        if request.get("AlarmNames") and request.get("AlarmNamePrefix"):
            raise InvalidParameterCombination(
                "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have "
                "specified both."
            )
        names, kinds = request.get("AlarmNames"), request.get("AlarmTypes") or (METRIC,)
        prefix, action = request.get("AlarmNamePrefix", ""), request.get("ActionPrefix")
        state = request.get("StateValue")
        found = [
            each
            for each in self._store.of(place)
            if each.kind in kinds
            and each.name.startswith(prefix)
            and (not names or each.name in names)
            and (state is None or each.state.value == state)
            and (action is None or _acts_on(each, action))
        ]
        return _page(found, request, _told)

    def for_metric(self, place: Place, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeAlarmsForMetric."""
        dimensions = putting.dimensions("Dimensions", request.get("Dimensions", ()))
        wanted = ("Statistic", "ExtendedStatistic", "Period", "Unit")
        found = [
            each
            for each in self._store.of(place)
            if each.settings.get("MetricName") == request["MetricName"]
            and each.settings["Namespace"] == request["Namespace"]
            and putting.dimensions("Dimensions", each.settings.get("Dimensions", ())) == dimensions
            and all(request[name] == each.settings.get(name) for name in wanted if name in request)
        ]
        return {"MetricAlarms": [_told(each) for each in found]}

    async def history(self, place: Place, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeAlarmHistory."""
        LATER.refuse(request, "history")
        most = request.get("MaxRecords", ALARM["history_page"])
        since, until = request.get("StartDate"), request.get("EndDate")
        wanted = history.Wanted(
            place,
            request.get("AlarmTypes") or (METRIC,),
            request.get("AlarmName"),
            request.get("HistoryItemType"),
            None if since is None else int(since * 1000),
            None if until is None else int(until * 1000),
            _after(request.get("NextToken")),
            request.get("ScanBy") == "TimestampAscending",
            most + 1,
        )
        found = await history.read(self._store.database, wanted)
        answer: dict[str, Any] = {
            "AlarmHistoryItems": [
                {
                    "AlarmName": each.name,
                    "AlarmType": each.kind,
                    "Timestamp": each.at_ms / 1000,
                    "HistoryItemType": each.type,
                    "HistorySummary": each.summary,
                    "HistoryData": each.data,
                }
                for each in found[:most]
            ]
        }
        if len(found) > most:
            answer["NextToken"] = paging.encode(str(found[most - 1].id))
        return answer

    def _relatives(self, place: Place, member: str, request: Mapping[str, Any]) -> dict[str, Any]:
        alarm = self._store.get(place, request[member])
        if alarm is None:
            raise AlarmNotFound(request[member])
        if member == "ParentsOfAlarmName":
            parents = self._composites.parents(place, alarm.name)
            return _page(parents, request, lambda each: _named(each))
        names = set(self._composites.children(alarm))
        children = [each for each in self._store.of(place) if each.name in names]
        return _page(children, request, _in_state)


def _acts_on(alarm: Alarm, prefix: str) -> bool:
    return any(arn.startswith(prefix) for state in ACTIONS for arn in alarm.actions(state))


def _page(found: Sequence[Alarm], request: Mapping[str, Any], tell: Any) -> dict[str, Any]:
    try:
        some, token = paging.page(
            found,
            lambda each: each.name,
            request.get("NextToken"),
            request.get("MaxRecords", ALARM["page"]),
        )
    except paging.BadToken as error:
        raise InvalidNextToken from error
    answer: dict[str, Any] = {
        "MetricAlarms": [tell(each) for each in some if each.kind == METRIC],
        "CompositeAlarms": [tell(each) for each in some if each.kind != METRIC],
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


def _after(token: str | None) -> int | None:
    if token is None:
        return None
    try:
        return int(paging.decode(token))
    except ValueError as error:
        raise InvalidNextToken from error


def _named(alarm: Alarm) -> dict[str, Any]:
    return {"AlarmName": alarm.name, "AlarmArn": alarm.arn}


def _in_state(alarm: Alarm) -> dict[str, Any]:
    return {
        **_named(alarm),
        "StateValue": alarm.state.value,
        "StateUpdatedTimestamp": alarm.state.updated_ms / 1000,
    }


def _told(alarm: Alarm) -> dict[str, Any]:
    state = alarm.state
    told: dict[str, Any] = {
        **{name: [] for name in ACTIONS.values()},
        **({"Dimensions": []} if "MetricName" in alarm.settings else {}),
        **alarm.settings,
        **_in_state(alarm),
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_ms / 1000,
        "StateReason": state.reason,
        "StateTransitionedTimestamp": state.changed_ms / 1000,
    }
    if state.data:
        told["StateReasonData"] = state.data
    if state.suppression.by:
        told["ActionsSuppressedBy"] = state.suppression.by
        told["ActionsSuppressedReason"] = suppression_reason(alarm)
    return told
