"""What alarms tell topics, functions and buses.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import tomllib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson

from ingle.services.cloudwatch.alarms.model import COMPOSITE, Alarm, State, timestamp

_NAMES: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("regions.toml").read_text("utf-8")
)["regions"]
_SUBJECT_CHARACTERS = 100
_STATISTICS = {"SampleCount": "SAMPLE_COUNT"}
_EVALUATION = (
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
)
Operation = Literal["create", "update", "delete"]
_SUPPRESSION = (
    "actionsSuppressor",
    "actionsSuppressorWaitPeriod",
    "actionsSuppressorExtensionPeriod",
)


def subject(alarm: Alarm) -> str:
    """The subject of what is published on topics; topics take a hundred characters of ASCII."""
    text = f'{alarm.state.value}: "{alarm.name}" in {_region(alarm.region)}'
    if len(text) > _SUBJECT_CHARACTERS:
        left = _SUBJECT_CHARACTERS - (len(text) - len(alarm.name)) - len("...")
        text = f'{alarm.state.value}: "{alarm.name[:left]}..." in {_region(alarm.region)}'
    return "".join(each if " " <= each <= "~" else "?" for each in text)


def notice(alarm: Alarm, before: State) -> str:
    """What is published on topics.

    Args:
        alarm: as it is now.
        before: the state that it was in.
    """
    settings, state = alarm.settings, alarm.state
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": alarm.account_id,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configured_ms),
        "NewStateValue": state.value,
        "NewStateReason": state.reason,
        "StateChangeTime": timestamp(state.updated_ms),
        "Region": _region(alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": before.value,
        "OKActions": list(settings.get("OKActions", ())),
        "AlarmActions": list(settings.get("AlarmActions", ())),
        "InsufficientDataActions": list(settings.get("InsufficientDataActions", ())),
    }
    if alarm.kind == COMPOSITE:
        told["AlarmRule"] = settings["AlarmRule"]
        told["TriggeringChildren"] = [
            {
                "Arn": each["arn"],
                "State": {
                    "Value": each["state"]["value"],
                    "Timestamp": each["state"]["timestamp"],
                },
            }
            for each in _triggering(state)
        ]
    else:
        told["Trigger"] = _trigger(settings)
    return orjson.dumps(told).decode()


def function_event(alarm: Alarm, before: State) -> bytes:
    """The event that a function gets.

    Args:
        alarm: as it is now.
        before: the state that it was in.
    """
    return orjson.dumps(
        {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.arn,
            "accountId": alarm.account_id,
            "time": timestamp(alarm.state.updated_ms),
            "region": alarm.region,
            "alarmData": _data(alarm, before),
        }
    )


def changed_entry(alarm: Alarm, before: State) -> dict[str, Any]:
    """The entry that EventBridge gets of a state, as a member of PutEvents.

    Args:
        alarm: as it is now.
        before: the state that it was in.
    """
    at_ms = alarm.state.updated_ms
    return _entry(alarm, "CloudWatch Alarm State Change", at_ms, _data(alarm, before))


def configured_entry(
    alarm: Alarm, operation: Operation, at_ms: int, before: Alarm | None = None
) -> dict[str, Any]:
    """The entry that EventBridge gets of an alarm that was made, changed or deleted.

    Args:
        alarm: as it is now, or was before it was deleted.
        operation: what was done.
        at_ms: when.
        before: as it was before it was changed.
    """
    state = {"value": alarm.state.value, "timestamp": timestamp(alarm.state.updated_ms)}
    if alarm.state.suppression.by:
        state["actionsSuppressedBy"] = alarm.state.suppression.by
    detail: dict[str, Any] = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": state,
        "configuration": _whole_configuration(alarm),
    }
    if before is not None:
        detail["previousConfiguration"] = _whole_configuration(before)
    return _entry(alarm, "CloudWatch Alarm Configuration Change", at_ms, detail)


def suppression_reason(alarm: Alarm) -> str:
    """Say why the actions of a composite alarm wait."""
    by = alarm.state.suppression.by
    if by == "Alarm":
        return f"Actions suppressed by {alarm.settings.get('ActionsSuppressor', by)}"
    return f"Actions suppressed by {by}"


def _entry(alarm: Alarm, kind: str, at_ms: int, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Time": at_ms / 1000,
        "Source": "aws.cloudwatch",
        "DetailType": kind,
        "Resources": [alarm.arn],
        "Detail": orjson.dumps(detail).decode(),
    }


def _region(code: str) -> str:
    return _NAMES.get(code, code)


def _triggering(state: State) -> Sequence[Mapping[str, Any]]:
    data = orjson.loads(state.data) if state.data else {}
    found: Sequence[Mapping[str, Any]] = (
        data.get("triggeringAlarms", ()) if isinstance(data, dict) else ()
    )
    return found


def _data(alarm: Alarm, before: State) -> dict[str, Any]:
    return {
        "alarmName": alarm.name,
        "state": _state(alarm, alarm.state),
        "previousState": _state(alarm, before),
        "configuration": _configuration(alarm),
    }


def _state(alarm: Alarm, state: State) -> dict[str, Any]:
    told: dict[str, Any] = {"value": state.value, "reason": state.reason}
    if state.data:
        told["reasonData"] = state.data
    told["timestamp"] = timestamp(state.updated_ms)
    if state.suppression.by:
        told["actionsSuppressedBy"] = state.suppression.by
        told["actionsSuppressedReason"] = f"Actions suppressed by {state.suppression.by}"
    return told


def _configuration(alarm: Alarm) -> dict[str, Any]:
    settings = alarm.settings
    told: dict[str, Any] = {}
    if settings.get("AlarmDescription"):
        told["description"] = settings["AlarmDescription"]
    if alarm.kind == COMPOSITE:
        told["alarmRule"] = settings["AlarmRule"]
        for name in _SUPPRESSION:
            member = name[0].upper() + name[1:]
            if member in settings:
                told[name] = settings[member]
        return told
    if "Metrics" in settings:
        told["metrics"] = [_query(each) for each in settings["Metrics"]]
        return told
    statistic = {
        "Metric": {
            "Namespace": settings["Namespace"],
            "MetricName": settings["MetricName"],
            "Dimensions": settings.get("Dimensions", ()),
        },
        "Period": settings["Period"],
        "Stat": settings.get("Statistic") or settings["ExtendedStatistic"],
        **({"Unit": settings["Unit"]} if "Unit" in settings else {}),
    }
    # The same for the same alarm, however often it changes.
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{alarm.arn}#{alarm.id}")
    told["metrics"] = [_query({"Id": str(number), "MetricStat": statistic})]
    return told


def _whole_configuration(alarm: Alarm) -> dict[str, Any]:
    """What an alarm is told to be where it is its configuration that changed."""
    told = _configuration(alarm)
    for member in _EVALUATION:
        if member in alarm.settings:
            told[member[0].lower() + member[1:]] = alarm.settings[member]
    return told | {
        "alarmName": alarm.name,
        "actionsEnabled": alarm.acts,
        "timestamp": timestamp(alarm.configured_ms),
        "okActions": list(alarm.settings.get("OKActions", ())),
        "alarmActions": list(alarm.settings.get("AlarmActions", ())),
        "insufficientDataActions": list(alarm.settings.get("InsufficientDataActions", ())),
    }


def _query(given: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": given["Id"]}
    found = given.get("MetricStat")
    if found is None:
        told["expression"] = given["Expression"]
        if "Period" in given:
            told["period"] = given["Period"]
    else:
        metric = found["Metric"]
        told["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {
                    each["Name"]: each["Value"] for each in metric.get("Dimensions", ())
                },
            },
            "period": found["Period"],
            "stat": found["Stat"],
            **({"unit": found["Unit"]} if "Unit" in found else {}),
        }
    if "Label" in given:
        told["label"] = given["Label"]
    told["returnData"] = given.get("ReturnData", True)
    return told


def _trigger(settings: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "Metrics" not in settings:
        told |= {"MetricName": settings["MetricName"], "Namespace": settings["Namespace"]}
        if "ExtendedStatistic" in settings:
            told["StatisticType"] = "ExtendedStatistic"
            told["ExtendedStatistic"] = settings["ExtendedStatistic"]
        else:
            statistic = settings["Statistic"]
            told["StatisticType"] = "Statistic"
            told["Statistic"] = _STATISTICS.get(statistic, statistic.upper())
        told["Unit"] = settings.get("Unit")
        told["Dimensions"] = _pairs(settings.get("Dimensions", ()))
        told["Period"] = settings["Period"]
    told["EvaluationPeriods"] = settings["EvaluationPeriods"]
    if "DatapointsToAlarm" in settings:
        told["DatapointsToAlarm"] = settings["DatapointsToAlarm"]
    told["ComparisonOperator"] = settings["ComparisonOperator"]
    told["Threshold"] = float(settings["Threshold"])
    told["TreatMissingData"] = settings.get("TreatMissingData", "missing")
    told["EvaluateLowSampleCountPercentile"] = settings.get("EvaluateLowSampleCountPercentile", "")
    if "Metrics" in settings:
        told["Metrics"] = [_metric(each) for each in settings["Metrics"]]
    return told


def _metric(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {**given, "ReturnData": given.get("ReturnData", True)}
    if "MetricStat" in given:
        found = given["MetricStat"]
        metric = {**found["Metric"], "Dimensions": _pairs(found["Metric"].get("Dimensions", ()))}
        told["MetricStat"] = {**found, "Metric": metric}
    return told


def _pairs(dimensions: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in dimensions]
