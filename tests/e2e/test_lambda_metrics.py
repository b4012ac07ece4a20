"""What functions do is seen in CloudWatch."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.server import Server
from tests.e2e.urls import publish, request

SOURCE = """
import time
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    time.sleep(event.get("sleep", 0))
    return event
"""


@pytest.fixture
def told(server: Server) -> Callable[..., float | None]:
    """A statistic of an AWS/Lambda metric over the last hour: `told("Sum", "Errors", …)`."""
    client = server.client("cloudwatch")
    now = datetime.datetime.now(datetime.UTC)

    def ask(statistic: str, metric: str, **dimensions: str) -> float | None:
        kind = "ExtendedStatistics" if statistic.startswith("p") else "Statistics"
        answer = client.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(hours=1),
            Period=7200,
            **{kind: [statistic]},
        )
        found = [each.get("ExtendedStatistics", each)[statistic] for each in answer["Datapoints"]]
        return float(found[0]) if found else None

    return ask


def test_invocations_errors_and_durations_are_counted_by_function(
    deploy: Any, invoke: Any, told: Any
) -> None:
    name = deploy(SOURCE, Timeout=1)
    for _ in range(3):
        invoke(name, {})
    invoke(name, {"fail": True})
    invoke(name, {"sleep": 3})
    assert told("Sum", "Invocations", FunctionName=name) == 5
    assert told("Sum", "Errors", FunctionName=name) == 2
    assert told("SampleCount", "Errors", FunctionName=name) == 5
    assert told("Sum", "Throttles", FunctionName=name) == 0
    assert told("Maximum", "Duration", FunctionName=name) >= 1000
    assert told("p50", "Duration", FunctionName=name) < 1000
    assert told("Maximum", "ConcurrentExecutions", FunctionName=name) == 1
    assert told("SampleCount", "InitDuration", FunctionName=name) >= 1
    assert told("Sum", "Invocations", FunctionName=name, Resource=name) == 5
    assert told("Sum", "Invocations") >= 5
    assert told("Maximum", "UnreservedConcurrentExecutions") >= 1
    assert told("Maximum", "ClaimedAccountConcurrency") >= 1


def test_versions_and_aliases_are_told_apart(
    deploy: Any, invoke: Any, told: Any, functions: Any
) -> None:
    name = deploy(SOURCE)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    for qualifier, count in (("live", 3), (version, 2), ("$LATEST", 1)):
        for _ in range(count):
            invoke(name, {}, Qualifier=qualifier)
    assert told("Sum", "Invocations", FunctionName=name) == 6
    assert told("Sum", "Invocations", FunctionName=name, Resource=f"{name}:live") == 3
    assert told("Sum", "Invocations", FunctionName=name, Resource=f"{name}:{version}") == 2
    assert (
        told(
            "Sum",
            "Invocations",
            FunctionName=name,
            Resource=f"{name}:live",
            ExecutedVersion=version,
        )
        == 3
    )
    assert told("Maximum", "ConcurrentExecutions", FunctionName=name, Resource=f"{name}:live") == 1


def test_what_is_throttled_is_counted_and_is_no_invocation(
    deploy: Any, functions: Any, told: Any
) -> None:
    name = deploy(SOURCE)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert refusal(functions.invoke, FunctionName=name)[1] == "TooManyRequestsException"
    assert told("Sum", "Throttles", FunctionName=name) == 1
    assert told("Sum", "Invocations", FunctionName=name) is None


def test_asynchronous_invocations_are_counted(
    deploy: Any, functions: Any, told: Callable[..., float | None]
) -> None:
    name = deploy(SOURCE)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    for event in ({}, {"fail": True}):
        functions.invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode()
        )
    eventually(lambda: told("Sum", "AsyncEventsDropped", FunctionName=name) == 1, "one was dropped")
    assert told("Sum", "AsyncEventsReceived", FunctionName=name) == 2
    assert told("SampleCount", "AsyncEventAge", FunctionName=name) == 2


def test_requests_to_function_urls_are_counted(
    server: Server, deploy: Any, functions: Any, told: Callable[..., float | None]
) -> None:
    name = deploy("def handler(event, context):\n    return event['rawPath']\n")
    assert request(server, publish(functions, name)).status == 200
    assert told("Sum", "UrlRequestCount", FunctionName=name) == 1
    assert told("Sum", "Url5xxCount", FunctionName=name) == 0
    assert told("Average", "UrlRequestLatency", FunctionName=name) > 0


def test_provisioned_concurrency_is_measured(
    deploy: Any, invoke: Any, functions: Any, told: Callable[..., float | None]
) -> None:
    name = deploy(SOURCE)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1
    )
    config = functions.get_provisioned_concurrency_config
    eventually(
        lambda: config(FunctionName=name, Qualifier=version)["Status"] == "READY", "it is ready"
    )
    invoke(name, {}, Qualifier=version)
    where = {"FunctionName": name, "Resource": f"{name}:{version}"}
    assert told("Sum", "ProvisionedConcurrencyInvocations", **where) == 1
    assert told("Sum", "ProvisionedConcurrencySpilloverInvocations", **where) == 0
    assert told("Maximum", "ProvisionedConcurrentExecutions", **where) == 1
    assert told("Maximum", "ProvisionedConcurrencyUtilization", **where) == 1


def test_what_was_measured_is_there_after_a_restart(own_server: Server) -> None:
    name = create(own_server.client("lambda"), SOURCE)
    own_server.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert own_server.stop() == 0
    own_server.start()
    now = datetime.datetime.now(datetime.UTC)
    answer = own_server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )
    assert [each["Sum"] for each in answer["Datapoints"]] == [1.0]
