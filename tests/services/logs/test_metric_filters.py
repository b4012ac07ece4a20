import json
from typing import Any

import pytest

from ingle.services.cloudwatch.api import MetricKey
from ingle.services.logs.filter_store import FilterStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs

COUNT = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}


async def put(logs: Logs, pattern: str, name: str = "f", **members: Any) -> None:
    await logs.service.put_metric_filter(
        context(),
        {
            "logGroupName": GROUP,
            "filterName": name,
            "filterPattern": pattern,
            "metricTransformations": [COUNT | members],
        },
    )


async def sums(
    logs: Logs, name: str = "Errors", namespace: str = "App", **dimensions: str
) -> dict[tuple[int, str], tuple[float, float]]:
    """Return number and sum by minute after the beginning, and unit."""
    await logs.sink.flush()
    await logs.metrics.flush()
    key = MetricKey(ACCOUNT, REGION, namespace, name, tuple(sorted(dimensions.items())))
    start = NOW_MS // 1000
    found = await logs.metrics.by_unit([key], start=start, end=start + 3600, period=60)
    return {
        ((at - start) // 60, unit): (summary.count, summary.total)
        for (_, unit), periods in found.items()
        for at, summary in periods.items()
    }


@pytest.fixture
async def group(logs: Logs) -> Logs:
    await logs.service.create_log_group(context(), {"logGroupName": GROUP})
    return logs


async def test_events_that_pass_are_counted_by_the_minute(group: Logs) -> None:
    await put(group, "ERROR", unit="Count")
    group.write((0, "ERROR a"), (1, "fine"), (2, "ERROR b"), (61_000, "ERROR c"))
    assert await sums(group) == {(0, "Count"): (2, 2), (1, "Count"): (1, 1)}


async def test_values_and_dimensions_are_taken_out_of_events(group: Logs) -> None:
    await put(
        group, "{ $.latency = * }", metricValue="$.latency", dimensions={"Path": "$.request.path"}
    )
    for value, path in ((3, "/a"), (4.5, "/a"), ("x", "/a"), (9, None)):
        group.write((0, json.dumps({"latency": value, "request": {"path": path}})))
    assert await sums(group, Path="/a") == {(0, "None"): (2, 7.5)}
    assert await sums(group) == {}


async def test_fields_between_spaces_are_measured(group: Logs) -> None:
    await put(group, "[ip, ..., bytes]", metricValue="$bytes", dimensions={"Ip": "$ip"})
    group.write((0, "10.0.0.1 GET 200 15"), (0, "10.0.0.1 GET 200 -"))
    assert await sums(group, Ip="10.0.0.1") == {(0, "None"): (1, 15)}


async def test_the_default_value_is_reported_for_minutes_in_which_nothing_passed(
    group: Logs,
) -> None:
    await put(group, "ERROR", defaultValue=0.0)
    group.write((0, "fine"), (1, "fine"), (61_000, "fine"), (62_000, "ERROR"))
    assert await sums(group) == {(1, "None"): (1, 1)}
    group.watching.report_defaults(NOW_MS + 69_999)
    assert await sums(group) == {(1, "None"): (1, 1)}
    group.watching.report_defaults(NOW_MS + 70_000)
    assert await sums(group) == {(0, "None"): (1, 0), (1, "None"): (1, 1)}


async def test_events_that_were_put_are_measured_too(group: Logs) -> None:
    await put(group, "ERROR")
    await group.service.create_log_stream(context(), {"logGroupName": GROUP, "logStreamName": "s"})
    await group.service.put_log_events(
        context(),
        {
            "logGroupName": GROUP,
            "logStreamName": "s",
            "logEvents": [{"timestamp": NOW_MS, "message": "ERROR"}],
        },
    )
    assert await sums(group) == {(0, "None"): (1, 1)}


async def test_filters_are_described_changed_and_deleted(group: Logs, database: Database) -> None:
    await put(group, "ERROR", "b")
    await put(group, "WARN", "a", metricName="Warnings")
    await put(group, "FATAL", "b")

    async def names(**members: object) -> list[str]:
        answer = await group.service.describe_metric_filters(context(), members)
        return [f"{each['filterName']} {each['filterPattern']}" for each in answer["metricFilters"]]

    assert await names(logGroupName=GROUP) == ["a WARN", "b FATAL"]
    assert await names() == ["a WARN", "b FATAL"]
    assert await names(filterNamePrefix="b") == ["b FATAL"]
    assert await names(metricName="Warnings", metricNamespace="App") == ["a WARN"]
    first = await group.service.describe_metric_filters(context(), {"limit": 1})
    assert await names(nextToken=first["nextToken"]) == ["b FATAL"]
    (described,) = (await group.service.describe_log_groups(context(), {}))["logGroups"]
    assert described["metricFilterCount"] == 2
    # As after a restart.
    again = await FilterStore.open(database)
    assert [each.name for _, each in again.metric_filters(ACCOUNT, REGION)] == ["a", "b"]
    await group.service.delete_metric_filter(context(), {"logGroupName": GROUP, "filterName": "a"})
    with pytest.raises(ServiceError, match="The specified metric filter does not exist"):
        await group.service.delete_metric_filter(
            context(), {"logGroupName": GROUP, "filterName": "a"}
        )
    await group.service.delete_log_group(context(), {"logGroupName": GROUP})
    assert await names() == []


@pytest.mark.parametrize(
    ("pattern", "members", "told"),
    [
        ("%!%", {}, "'!' is not supported"),
        ("ERROR", {"metricValue": "$.x"}, "only JSON and space-delimited"),
        ("[a]", {"metricValue": "$b"}, "'\\$b' is not a field"),
        ("ERROR", {"metricValue": "many"}, "neither a number nor a field"),
        ("ERROR", {"metricValue": "nan"}, "is not a number"),
        ("ERROR", {"metricNamespace": "AWS/Lambda"}, "is reserved"),
        ("ERROR", {"metricNamespace": ""}, "must not be empty"),
        ("{ $.a = 1 }", {"dimensions": {"a": "$.a"}, "defaultValue": 0.0}, "default value"),
        ("{ $.a = 1 }", {"dimensions": dict.fromkeys("abcd", "$.a")}, "at most 3 dimensions"),
    ],
)
async def test_what_is_no_metric_filter_is_refused(
    group: Logs, pattern: str, members: dict[str, Any], told: str
) -> None:
    with pytest.raises(ServiceError, match=told) as caught:
        await put(group, pattern, **members)
    assert caught.value.error_code == "InvalidParameterException"


async def test_a_group_has_only_so_many_filters(group: Logs) -> None:
    for number in range(5):
        await put(group, "%x%", f"r{number}")
    await put(group, "%y%", "r0")
    with pytest.raises(ServiceError, match="at most 5 filters with regular expressions"):
        await put(group, "%x%", "r5")
    for number in range(95):
        await put(group, "x", f"f{number}")
    with pytest.raises(ServiceError, match="at most 100 metric filters") as caught:
        await put(group, "x", "one more")
    assert caught.value.error_code == "LimitExceededException"


async def test_a_pattern_can_be_tried_out(logs: Logs) -> None:
    answer = await logs.service.test_metric_filter(
        context(),
        {"filterPattern": "[ip, code=4*]", "logEventMessages": ["a 404", "b 200", "c 401"]},
    )
    assert answer["matches"] == [
        {
            "eventNumber": 1,
            "eventMessage": "a 404",
            "extractedValues": {"$ip": "a", "$code": "404"},
        },
        {
            "eventNumber": 3,
            "eventMessage": "c 401",
            "extractedValues": {"$ip": "c", "$code": "401"},
        },
    ]


async def test_the_embedded_metric_format_is_measured(logs: Logs) -> None:
    document = {
        "_aws": {
            "Timestamp": NOW_MS + 60_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "App",
                    "Dimensions": [["Path"], []],
                    "Metrics": [{"Name": "Time", "Unit": "Milliseconds"}, {"Name": "Missing"}],
                }
            ],
        },
        "Path": "/a",
        "Time": [3, 4],
    }
    logs.write((0, json.dumps(document) + "\n"), (0, '{"_aws": 7}'), (0, 'no "_aws" at all'))
    assert await sums(logs, "Time", Path="/a") == {(1, "Milliseconds"): (2, 7)}
    assert await sums(logs, "Time") == {(1, "Milliseconds"): (2, 7)}
    assert len((await logs.filter(logStreamNames=[STREAM]))["events"]) == 3
