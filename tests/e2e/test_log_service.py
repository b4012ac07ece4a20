"""CloudWatch Logs over HTTP, with unmodified clients."""

import gzip
import json
import threading
import time
import uuid
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.callers import allow, new_user
from tests.e2e.conftest import eventually
from tests.e2e.server import Server

FORWARD = (
    "import base64, gzip, json\n"
    "def handler(event, context):\n"
    "    data = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))\n"
    "    print('GOT', json.dumps(data))\n"
)


def new_group(logs: Any) -> dict[str, str]:
    """Make a group with a stream."""
    names = {"logGroupName": f"/test/{uuid.uuid4().hex}", "logStreamName": "s"}
    logs.create_log_group(logGroupName=names["logGroupName"])
    logs.create_log_stream(**names)
    return names


def put(logs: Any, names: dict[str, str], *messages: str) -> Any:
    now_ms = int(time.time() * 1000)
    events = [{"timestamp": now_ms, "message": message} for message in messages]
    return logs.put_log_events(**names, logEvents=events)


def test_a_function_gets_the_events_that_a_subscription_filter_passes(
    deploy: Any, functions: Any, logs: Any, messages: Any
) -> None:
    name = deploy(FORWARD)
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    names = new_group(logs)
    group = {"logGroupName": names["logGroupName"]}
    subscription = {
        **group,
        "filterName": "errors",
        "filterPattern": "{ $.level = ERROR }",
        "destinationArn": arn,
    }
    with pytest.raises(ClientError, match="Could not execute the lambda function") as caught:
        logs.put_subscription_filter(**subscription)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    functions.add_permission(
        FunctionName=name,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:us-east-1:000000000000:log-group:{names['logGroupName']}:*",
    )
    logs.put_subscription_filter(**subscription)
    put(logs, names, '{"level": "INFO"}', '{"level": "ERROR", "n": 1}')

    def got() -> list[Any]:
        return [json.loads(each.split("GOT ")[1]) for each in messages(name, filterPattern="GOT")]

    eventually(lambda: len(got()) == 2, "the function was invoked twice")
    control, data = sorted(got(), key=lambda each: each["messageType"])
    assert control["messageType"] == "CONTROL_MESSAGE"
    assert data["logGroup"] == names["logGroupName"]
    assert [each["message"] for each in data["logEvents"]] == ['{"level": "ERROR", "n": 1}']


def test_metric_filters_and_embedded_metrics_are_seen_in_cloudwatch(
    server: Server, logs: Any
) -> None:
    names = new_group(logs)
    namespace = uuid.uuid4().hex
    logs.put_metric_filter(
        logGroupName=names["logGroupName"],
        filterName="latency",
        filterPattern="{ $.latency > 10 }",
        metricTransformations=[
            {
                "metricName": "Latency",
                "metricNamespace": namespace,
                "metricValue": "$.latency",
                "unit": "Milliseconds",
            }
        ],
    )
    now_ms = int(time.time() * 1000)
    embedded = {
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [
                {"Namespace": namespace, "Dimensions": [[]], "Metrics": [{"Name": "Items"}]}
            ],
        },
        "Items": 3,
    }
    put(logs, names, '{"latency": 5}', '{"latency": 15}', '{"latency": 25}', json.dumps(embedded))
    cloudwatch = server.client("cloudwatch")

    def sums(metric: str) -> list[float]:
        answer = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            StartTime=now_ms / 1000 - 120,
            EndTime=now_ms / 1000 + 120,
            Period=60,
            Statistics=["Sum"],
        )
        return [each["Sum"] for each in answer["Datapoints"]]

    eventually(lambda: sums("Latency") == [40.0], "the filter's metric is there")
    assert sums("Items") == [3.0]


def test_a_query_finds_what_functions_logged(deploy: Any, invoke: Any, logs: Any) -> None:
    name = deploy("def handler(event, context):\n    print('hello', event)\n")
    for number in range(3):
        invoke(name, number)
    now = int(time.time())
    query_id = logs.start_query(
        logGroupName=f"/aws/lambda/{name}",
        startTime=now - 600,
        endTime=now + 600,
        queryString="filter @type = 'REPORT' | stats count(*) as n, max(@memorySize) by bin(1d)",
    )["queryId"]
    eventually(
        lambda: logs.get_query_results(queryId=query_id)["status"] == "Complete", "it is done"
    )
    (row,) = logs.get_query_results(queryId=query_id)["results"]
    values = {each["field"]: each["value"] for each in row}
    assert (values["n"], values["max(@memorySize)"]) == ("3", "128000000")
    with pytest.raises(logs.exceptions.MalformedQueryException) as caught:
        logs.start_query(
            logGroupName=f"/aws/lambda/{name}", startTime=0, endTime=1, queryString="nonsense"
        )
    assert caught.value.response["queryCompileError"]["location"]["startCharOffset"] == 0


def test_a_live_tail_shows_what_comes_in(server: Server, logs: Any) -> None:
    names = new_group(logs)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{names['logGroupName']}"
    tailing = server.client("logs", config=Config(inject_host_prefix=False))
    stream = tailing.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
    shown: list[str] = []
    begun = threading.Event()

    def read() -> None:
        for event in stream:
            begun.set()
            for each in event.get("sessionUpdate", {}).get("sessionResults", ()):
                shown.append(each["message"])
            if shown:
                return

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(10)
    put(logs, names, "as it comes")
    thread.join(10)
    stream.close()
    assert shown == ["as it comes"]


def test_live_tails_that_clients_left_make_room_for_others(server: Server, logs: Any) -> None:
    names = new_group(logs)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{names['logGroupName']}"
    tailing = server.client("logs", config=Config(inject_host_prefix=False))

    def start() -> bool:
        try:
            stream = tailing.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
        except tailing.exceptions.LimitExceededException:
            return False
        stream.close()
        return True

    while start():
        pass
    eventually(start, "one that was left is over")


def test_the_log_operations_work_through_the_client(logs: Any) -> None:
    names = new_group(logs)
    group = {"logGroupName": names["logGroupName"]}
    logs.put_retention_policy(**group, retentionInDays=7)
    (described,) = logs.describe_log_groups(logGroupNamePrefix=group["logGroupName"])["logGroups"]
    assert described["retentionInDays"] == 7
    logs.tag_resource(resourceArn=described["logGroupArn"], tags={"a": "1"})
    assert logs.list_tags_for_resource(resourceArn=described["logGroupArn"])["tags"] == {"a": "1"}
    answer = logs.test_metric_filter(filterPattern="[a, b=2]", logEventMessages=["1 2", "1 3"])
    assert [each["eventNumber"] for each in answer["matches"]] == [1]
    with pytest.raises(ClientError, match="PutAccountPolicy"):
        logs.put_account_policy(
            policyName="p", policyDocument="{}", policyType="SUBSCRIPTION_FILTER_POLICY"
        )


def test_events_are_exported_to_a_bucket_that_lets_the_logs_in(server: Server, logs: Any) -> None:
    names, bucket = new_group(logs), f"b-{uuid.uuid4().hex}"
    put(logs, names, "exported")
    s3 = server.client("s3")
    s3.create_bucket(Bucket=bucket)
    now_ms = int(time.time() * 1000)
    request = {
        "logGroupName": names["logGroupName"],
        "fromTime": now_ms - 60_000,
        "to": now_ms + 60_000,
        "destination": bucket,
    }
    with pytest.raises(ClientError, match="call on the given bucket failed") as caught:
        logs.create_export_task(**request)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.amazonaws.com"},
        "Action": ["s3:GetBucketAcl", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    task = {"taskId": logs.create_export_task(**request)["taskId"]}

    def code() -> str:
        return str(logs.describe_export_tasks(**task)["exportTasks"][0]["status"]["code"])

    eventually(lambda: code() == "COMPLETED", "the events are exported")
    key = f"exportedlogs/{task['taskId']}/s/000000.gz"
    data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert gzip.decompress(data).decode().endswith("Z exported\n")


def test_what_was_put_and_set_survives_kill_9(own_server: Server) -> None:
    logs = own_server.client("logs")
    names = new_group(logs)
    group = {"logGroupName": names["logGroupName"]}
    logs.put_retention_policy(**group, retentionInDays=7)
    logs.put_metric_filter(
        **group,
        filterName="f",
        filterPattern="%a.c%",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    definition = logs.put_query_definition(name="q", queryString="limit 1")["queryDefinitionId"]
    for number in range(20):
        put(logs, names, f"line {number}")
    own_server.kill()
    own_server.start()
    logs = own_server.client("logs")
    found = logs.filter_log_events(**group)["events"]
    assert [each["message"] for each in found] == [f"line {number}" for number in range(20)]
    (described,) = logs.describe_log_groups(logGroupNamePrefix="/test/")["logGroups"]
    assert (described["retentionInDays"], described["metricFilterCount"]) == (7, 1)
    (saved,) = logs.describe_query_definitions()["queryDefinitions"]
    assert saved["queryDefinitionId"] == definition


def test_permissions_may_depend_on_the_tags_of_groups(own_server: Server) -> None:
    logs = own_server.client("logs")
    names = new_group(logs)
    put(logs, names, "a line")
    group = {"logGroupName": names["logGroupName"]}
    condition = {"StringEquals": {"aws:ResourceTag/team": "b"}}
    user = new_user(own_server, allow("logs:FilterLogEvents", Condition=condition))

    def refused() -> bool:
        theirs = own_server.client("logs", **user)
        try:
            return not theirs.filter_log_events(**group)["events"]
        except theirs.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"]) == "AccessDeniedException"

    assert refused()
    logs.tag_log_group(**group, tags={"team": "b"})
    assert not refused()
    own_server.kill()
    own_server.start()
    assert not refused()
    own_server.client("logs").untag_log_group(**group, tags=["team"])
    assert refused()
