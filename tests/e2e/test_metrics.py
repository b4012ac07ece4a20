"""CloudWatch's metrics, over HTTP, as SDKs talk to it."""

import datetime
import math
import uuid
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.callers import allow, new_user
from tests.e2e.server import Server

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
LATELY = {"StartTime": NOW - datetime.timedelta(minutes=10), "EndTime": NOW + datetime.timedelta(1)}


@pytest.fixture
def namespace() -> str:
    return f"Test/{uuid.uuid4()}"


@pytest.fixture
def cloudwatch(server: Server) -> Any:
    return server.client("cloudwatch")


def refused(call: Any, /, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def statistics(client: Any, namespace: str, name: str, *names: str, **more: Any) -> dict[str, Any]:
    """The statistics of all that a metric has."""
    simple = {"Sum", "Average", "Minimum", "Maximum", "SampleCount"}
    kind = "Statistics" if set(names) <= simple else "ExtendedStatistics"
    asked = {"Period": 172800, kind: list(names)} | more
    answer = client.get_metric_statistics(Namespace=namespace, MetricName=name, **(LATELY | asked))
    (datapoint,) = answer["Datapoints"]
    return dict(datapoint) | datapoint.get("ExtendedStatistics", {})


def test_values_counts_and_statistic_sets_are_told(cloudwatch: Any, namespace: str) -> None:
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "one", "Value": 4, "Unit": "Seconds"},
            {"MetricName": "many", "Values": [1, 2, 3], "Counts": [10, 1, 10]},
            {
                "MetricName": "set",
                "StatisticValues": {"SampleCount": 5, "Sum": 20, "Minimum": 1, "Maximum": 9},
            },
        ],
    )
    one = statistics(cloudwatch, namespace, "one", "Sum", "SampleCount")
    assert (one["Sum"], one["SampleCount"], one["Unit"]) == (4, 1, "Seconds")
    many = statistics(cloudwatch, namespace, "many", "Sum", "SampleCount", "Average")
    assert (many["Sum"], many["SampleCount"], many["Average"]) == (42, 21, 2)
    assert statistics(cloudwatch, namespace, "many", "p90")["p90"] == pytest.approx(3, rel=0.01)
    both = statistics(cloudwatch, namespace, "set", "Average", "Minimum", "Maximum")
    assert (both["Average"], both["Minimum"], both["Maximum"]) == (4, 1, 9)


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_every_protocol_of_the_sdks_is_spoken(
    server: Server, namespace: str, protocol: str
) -> None:
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    model = loader.load_service_model("cloudwatch", "service-2")
    # The loader is this session's own.
    model["metadata"]["protocol"], model["metadata"]["protocols"] = protocol, [protocol]
    client = session.create_client(
        "cloudwatch",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.credentials["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    data = [{"MetricName": "n", "Value": 1.5, "Dimensions": [{"Name": "a", "Value": "b"}]}]
    client.put_metric_data(Namespace=namespace, MetricData=data)
    found = client.list_metrics(Namespace=namespace)["Metrics"]
    assert found == [
        {
            "Namespace": namespace,
            "MetricName": "n",
            "Dimensions": [{"Name": "a", "Value": "b"}],
        }
    ]
    told = statistics(client, namespace, "n", "Sum", Dimensions=[{"Name": "a", "Value": "b"}])
    assert told["Sum"] == 1.5
    code, message = refused(
        client.put_metric_data,
        Namespace=namespace,
        MetricData=[{"MetricName": "n", "Value": math.nan}],
    )
    assert code == "InvalidParameterValue"
    assert message == "The value NaN for parameter MetricData.member.1.Value is invalid."


def test_what_metric_data_cannot_be_is_refused_in_awss_words(
    cloudwatch: Any, namespace: str
) -> None:
    def put(**datum: Any) -> tuple[str, str]:
        data = [{"MetricName": "n"} | datum]
        return refused(cloudwatch.put_metric_data, Namespace=namespace, MetricData=data)

    one = "MetricData.member.1"
    assert put(Values=[1, 2], Counts=[1]) == (
        "InvalidParameterValue",
        f"The parameters {one}.Values and {one}.Counts must be of the same size.",
    )
    assert put(Value=1, Values=[1]) == (
        "InvalidParameterCombination",
        f"The parameters {one}.Value and {one}.Values are mutually exclusive and you have "
        "specified both.",
    )
    assert put()[0] == "InvalidParameterCombination"
    assert put(Value=math.inf) == (
        "InvalidParameterValue",
        f"The value Infinity for parameter {one}.Value is invalid.",
    )
    assert put(Value=2.0**361)[0] == "InvalidParameterValue"
    assert put(Value=1, Timestamp=NOW - datetime.timedelta(days=15)) == (
        "InvalidParameterValue",
        f"The parameter {one}.Timestamp must specify a time within the past two weeks.",
    )
    assert put(Value=1, Timestamp=NOW + datetime.timedelta(hours=3))[0] == "InvalidParameterValue"
    assert put(Values=[1.0] * 151) == (
        "InvalidParameterValue",
        f"The collection {one}.Values must not have a size greater than 150.",
    )
    many = [{"MetricName": "n", "Value": 1}] * 1001
    assert refused(cloudwatch.put_metric_data, Namespace=namespace, MetricData=many) == (
        "InvalidParameterValue",
        "The collection MetricData must not have a size greater than 1000.",
    )
    assert refused(cloudwatch.put_metric_data, Namespace="AWS/X", MetricData=many[:1]) == (
        "InvalidParameterValue",
        "The value AWS/ for parameter Namespace is invalid.",
    )
    assert refused(cloudwatch.put_metric_data, Namespace=namespace, MetricData=[]) == (
        "MissingParameter",
        "The parameter MetricData is required.",
    )
    assert cloudwatch.list_metrics(Namespace=namespace)["Metrics"] == []


def test_metrics_are_listed_in_pages_of_500(cloudwatch: Any, namespace: str) -> None:
    for first in (0, 600):
        data = [
            {
                "MetricName": "n",
                "Value": 1,
                "Dimensions": [{"Name": "id", "Value": str(first + each)}],
            }
            for each in range(600)
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 200]
    found = {each["Dimensions"][0]["Value"] for page in pages for each in page["Metrics"]}
    assert len(found) == 1200
    one = cloudwatch.list_metrics(
        Namespace=namespace, Dimensions=[{"Name": "id", "Value": "7"}], RecentlyActive="PT3H"
    )
    assert len(one["Metrics"]) == 1
    assert refused(cloudwatch.list_metrics, NextToken="nonsense") == (
        "InvalidParameterValue",
        "Invalid nextToken",
    )


def test_what_statistics_cannot_be_asked_for_is_refused(cloudwatch: Any, namespace: str) -> None:
    def ask(**members: Any) -> tuple[str, str]:
        call = cloudwatch.get_metric_statistics
        asked = {"Period": 60, "Statistics": ["Sum"]} | LATELY | members
        return refused(call, Namespace=namespace, MetricName="n", **asked)

    hour = datetime.timedelta(hours=1)
    assert ask(StartTime=NOW, EndTime=NOW - hour) == (
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    )
    code, message = ask(StartTime=NOW - 25 * hour, EndTime=NOW)
    assert code == "InvalidParameterCombination"
    assert message.startswith("You have requested up to 1,500 datapoints, which exceeds the limit")
    assert ask(Period=45)[0] == "InvalidParameterValue"
    assert ask(ExtendedStatistics=["p99"])[0] == "InvalidParameterCombination"
    call = cloudwatch.get_metric_statistics
    asked = {"Namespace": namespace, "MetricName": "n", "Period": 60, **LATELY}
    assert refused(call, **asked) == (
        "MissingParameter",
        "Must specify either Statistics or ExtendedStatistics",
    )
    assert refused(call, ExtendedStatistics=["p101"], **asked)[0] == "InvalidParameterValue"


def test_acknowledged_metrics_survive_kill_9(own_server: Server, namespace: str) -> None:
    for value in range(1, 6):
        client = own_server.client("cloudwatch")
        data = [{"MetricName": "n", "Value": value}]
        client.put_metric_data(Namespace=namespace, MetricData=data)
        own_server.kill()
        own_server.start()
    told = statistics(own_server.client("cloudwatch"), namespace, "n", "Sum", "SampleCount")
    assert (told["Sum"], told["SampleCount"]) == (15, 5)


def test_a_user_measures_only_in_the_namespace_that_its_policy_names(
    server: Server, namespace: str
) -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": namespace}}
    user = new_user(server, allow("cloudwatch:PutMetricData", Condition=condition))
    put = server.client("cloudwatch", **user).put_metric_data
    data = [{"MetricName": "n", "Value": 1}]
    put(Namespace=namespace, MetricData=data)
    code, message = refused(put, Namespace=f"{namespace}/other", MetricData=data)
    assert code.startswith("AccessDenied")
    assert "cloudwatch:PutMetricData" in message
