"""CloudWatch's metrics, over HTTP, as SDKs talk to it."""

import datetime
import math
import uuid
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

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
