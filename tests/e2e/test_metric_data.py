"""GetMetricData: metrics, metric math and searches, over HTTP."""

import datetime
import uuid
from typing import Any

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.server import Server

# A minute ago, at a full minute: what is put then is not rounded into the next one.
BASE = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0)
MINUTE = datetime.timedelta(minutes=1)
START, END = BASE - 10 * MINUTE, BASE


@pytest.fixture(scope="module")
def cloudwatch(server: Server) -> Any:
    return server.client("cloudwatch")


@pytest.fixture(scope="module")
def namespace(cloudwatch: Any) -> str:
    """Invocations 10, 20, … 100 and errors 1, 2, … 5 of two functions."""
    name = f"Test/{uuid.uuid4().hex}"
    for function, factor in (("one", 1), ("two", 2)):
        dimensions = [{"Name": "Function", "Value": function}]
        data = [
            {
                "MetricName": metric,
                "Dimensions": dimensions,
                "Timestamp": START + at * MINUTE,
                "Value": factor * scale * (at + 1),
            }
            for metric, scale, count in (("Invocations", 10, 10), ("Errors", 1, 5))
            for at in range(count)
        ]
        cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    return name


def metric(namespace: str, id: str, name: str, function: str = "one", **more: Any) -> Any:
    return {
        "Id": id,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": "Function", "Value": function}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
        **more,
    }


def values(client: Any, *queries: Any, **more: Any) -> dict[str, list[float]]:
    answer = client.get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=START,
        EndTime=END,
        ScanBy="TimestampAscending",
        **more,
    )
    return {each["Label"]: each["Values"] for each in answer["MetricDataResults"]}


def test_metrics_and_expressions_over_them_are_told(cloudwatch: Any, namespace: str) -> None:
    told = values(
        cloudwatch,
        metric(namespace, "errors", "Errors", ReturnData=False),
        metric(namespace, "calls", "Invocations"),
        {"Id": "rate", "Expression": "100 * errors / calls", "Label": "Error rate"},
        {"Id": "filled", "Expression": "FILL(errors, 0)"},
        {"Id": "twice", "Expression": "rate * 2"},
    )
    assert told == {
        "Invocations": [10.0 * each for each in range(1, 11)],
        "Error rate": [10.0] * 5,
        "filled": [1, 2, 3, 4, 5, 0, 0, 0, 0, 0],
        "twice": [20.0] * 5,
    }


def test_a_search_finds_metrics_by_their_dimensions(cloudwatch: Any, namespace: str) -> None:
    found = f"SEARCH('{{{namespace},Function}} MetricName=\"Errors\"', 'Sum', 60)"
    told = values(cloudwatch, {"Id": "e1", "Expression": found})
    assert told == {"one": [1, 2, 3, 4, 5], "two": [2, 4, 6, 8, 10]}
    total = {"Id": "e1", "Expression": f"SUM({found})", "Label": "all, at most ${MAX}"}
    assert values(cloudwatch, total) == {"all, at most 15": [3, 6, 9, 12, 15]}
    top = {
        "Id": "e1",
        "Expression": f"SORT({found}, MAX, DESC, 1)",
        "Label": "${PROP('Dim.Function')}",
    }
    assert values(cloudwatch, top) == {"two": [2, 4, 6, 8, 10]}


def test_the_latest_comes_first_and_pages_are_as_long_as_was_asked(
    cloudwatch: Any, namespace: str
) -> None:
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            metric(namespace, "a", "Invocations"),
            metric(namespace, "b", "Errors"),
        ],
        StartTime=START,
        EndTime=END,
        MaxDatapoints=6,
    )
    told: dict[str, list[float]] = {"a": [], "b": []}
    sizes, states = [], []
    for page in pages:
        sizes.append(sum(len(each["Values"]) for each in page["MetricDataResults"]))
        for each in page["MetricDataResults"]:
            told[each["Id"]] += each["Values"]
            states.append((each["Id"], each["StatusCode"]))
    assert told == {"a": [10.0 * each for each in range(10, 0, -1)], "b": [5, 4, 3, 2, 1]}
    assert sizes == [6, 6, 3]
    assert states == [
        ("a", "PartialData"),
        ("a", "Complete"),
        ("b", "PartialData"),
        ("b", "Complete"),
    ]


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ([{"Id": "E", "Expression": "1"}], "parameter MetricDataQueries.member.1.Id"),
        ([{"Id": "e"}], "Exactly one of the parameters"),
        ([{"Id": "e", "Expression": "TIME_SERIES(1)"}] * 2, "are not unique"),
        ([{"Id": "e", "Expression": "m1 + 1"}], "Error in expression 'e': Unrecognized identifier"),
        ([{"Id": "e", "Expression": "1 +"}], "Error in expression 'e': Unexpected end"),
        ([{"Id": "e", "Expression": "5"}], "must return a time series"),
        (
            [{"Id": "e", "Expression": "NOPE(1)"}],
            "Error in expression 'e': Function 'NOPE' not found",
        ),
        ([{"Id": "e", "Expression": "e + TIME_SERIES(1)"}], "refers to itself"),
        ([{"Id": "e", "Expression": "SEARCH('{}', 'Sum')"}], "metric schema"),
        ([{"Id": "e", "Expression": "SEARCH('a', 'sum')"}], "no statistic"),
        ([{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(1)"}], "not implemented by Ingle"),
        ([{"Id": "e", "Expression": "SELECT AVG(x) FROM y"}], "not implemented by Ingle"),
        ([{"Id": "e", "Expression": "TIME_SERIES(1)", "ReturnData": False}], "At least one"),
        ([metric("N", "m", "n") | {"Expression": "1"}], "Exactly one of the parameters"),
        (
            [{"Id": f"e{each}", "Expression": "TIME_SERIES(1)"} for each in range(501)],
            "must not have a size greater than 500",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused(cloudwatch: Any, queries: Any, words: str) -> None:
    status, code, message = refusal(
        cloudwatch.get_metric_data, MetricDataQueries=queries, StartTime=START, EndTime=END
    )
    assert (status, code) == (400, "ValidationError")
    assert words in message


def test_times_and_tokens_that_cannot_be_are_refused(cloudwatch: Any, namespace: str) -> None:
    asked = {"MetricDataQueries": [metric(namespace, "m", "Errors")], "StartTime": START}
    call = cloudwatch.get_metric_data
    assert refusal(call, **asked, EndTime=START)[1] == "ValidationError"
    assert refusal(call, **asked, EndTime=END, MaxDatapoints=100801)[1] == "ValidationError"
    assert refusal(call, **asked, EndTime=END, NextToken="no")[1] == "InvalidNextToken"
    zone = {"Timezone": "Mars"}
    assert refusal(call, **asked, EndTime=END, LabelOptions=zone)[1] == "ValidationError"
