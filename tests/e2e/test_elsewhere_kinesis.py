"""Kinesis elsewhere: clients call it, and subscription filters send their events there."""

import gzip
import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.callers import allow, document, new_role, new_user
from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.kinesis import KEY, Kinesis, running
from tests.e2e.server import TRUST, Server
from tests.e2e.test_elsewhere import configuration

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/"
CONTROL = "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
NOT_DELIVERED = (
    "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream "
    "is in ACTIVE state. "
)


def trusting(service: str) -> dict[str, Any]:
    """A trust policy."""
    (statement,) = TRUST["Statement"]
    return {**TRUST, "Statement": [{**statement, "Principal": {"Service": service}}]}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Kinesis]]:
    """A server, and the Kinesis that it is told of."""
    folder = tmp_path_factory.mktemp("kinesis")
    with running(folder / "streams") as kinesis:
        file = configuration(folder, kinesis.endpoint, KEY, "kinesis")
        server = Server(folder / "data", "--config", file).start()
        yield server, kinesis
        server.stop()


@pytest.fixture
def here(pair: tuple[Server, Kinesis]) -> Server:
    """The server."""
    return pair[0]


@pytest.fixture
def there(pair: tuple[Server, Kinesis]) -> Kinesis:
    """The Kinesis."""
    return pair[1]


def new_stream(kinesis: Kinesis, shards: int = 1) -> str:
    name = f"s-{uuid.uuid4().hex[:12]}"
    client = kinesis.client()
    client.create_stream(StreamName=name, ShardCount=shards)

    def active() -> bool:
        told = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return bool(told["StreamStatus"] == "ACTIVE")

    eventually(active, "the stream is active")
    return name


def logs_role(server: Server, *actions: str, service: str = "logs.amazonaws.com") -> str:
    """Make a role for CloudWatch Logs that may do these things."""
    return new_role(server, allow(*actions), trust=trusting(service))


class Group:
    """A log group with two streams.

    Args:
        server: where.
    """

    def __init__(self, server: Server) -> None:
        self.logs = server.client("logs")
        self.name = f"/group/{uuid.uuid4().hex[:12]}"
        self.logs.create_log_group(logGroupName=self.name)
        for stream in ("one", "two"):
            self.logs.create_log_stream(logGroupName=self.name, logStreamName=stream)

    def put(self, *messages: str, stream: str = "one") -> None:
        now_ms = int(time.time() * 1000)
        events = [{"timestamp": now_ms, "message": each} for each in messages]
        names = {"logGroupName": self.name, "logStreamName": stream}
        self.logs.put_log_events(**names, logEvents=events)

    def subscription(self, stream: str, role: str | None, **members: Any) -> dict[str, Any]:
        return {
            "logGroupName": self.name,
            "filterName": "f",
            "filterPattern": "",
            "destinationArn": ARN + stream,
            **({} if role is None else {"roleArn": role}),
            **members,
        }

    def subscribe(self, stream: str, role: str | None, **members: Any) -> None:
        self.logs.put_subscription_filter(**self.subscription(stream, role, **members))

    def refusal(self, stream: str, role: str | None) -> tuple[str, str]:
        put = self.logs.put_subscription_filter
        return refusal(put, **self.subscription(stream, role))[1:]


def test_streams_are_there_as_far_as_permissions_here_go(here: Server, there: Kinesis) -> None:
    name = f"s-{uuid.uuid4().hex[:8]}"
    root = here.client("kinesis")
    root.create_stream(StreamName=name, ShardCount=1)
    root.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    user = new_user(here, allow("kinesis:PutRecord", on=ARN + name))
    kinesis = here.client("kinesis", **user)
    large = bytes(1024 * 1024)
    kinesis.put_record(StreamName=name, PartitionKey="k", Data=large)
    assert [each["Data"] for each in there.records(name)] == [large]
    refused = refusal(kinesis.put_record, StreamName="other", PartitionKey="k", Data=b"")
    assert refused[1] == "AccessDeniedException"
    assert refusal(root.describe_stream, StreamName="none")[1] == "ResourceNotFoundException"
    records = [{"PartitionKey": "k", "Data": each} for each in [large] * 4 + [large[5:]]]
    assert root.put_records(StreamName=name, Records=records)["FailedRecordCount"] == 0


def test_a_function_puts_records_into_a_stream_there(here: Server, there: Kinesis) -> None:
    stream = new_stream(there)
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('kinesis').put_record(StreamName='{stream}',\n"
        "        PartitionKey='k', Data=b'from a function')\n"
    )
    role = new_role(here, allow("kinesis:PutRecord", "logs:*"))
    name = create(here.client("lambda"), source, Role=role, Timeout=30)
    assert "FunctionError" not in here.client("lambda").invoke(FunctionName=name)
    assert [each["Data"] for each in there.records(stream)] == [b"from a function"]


def test_a_stream_gets_the_events_that_a_subscription_filter_passes(
    here: Server, there: Kinesis
) -> None:
    stream, group = new_stream(there), Group(here)
    role = logs_role(here, "kinesis:PutRecord")
    started_ms = int(time.time() * 1000)
    group.subscribe(stream, role, filterPattern="ERROR")
    (control,) = there.records(stream)
    tried = json.loads(gzip.decompress(control["Data"]))
    assert started_ms <= tried["logEvents"][0].pop("timestamp") <= time.time() * 1000
    assert tried == {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "message": CONTROL}],
    }
    group.put("ERROR a", "fine", "ERROR b")
    eventually(lambda: len(there.documents(stream)) == 1, "the stream got the events")
    (got,) = there.documents(stream)
    events = got.pop("logEvents")
    assert [each["message"] for each in events] == ["ERROR a", "ERROR b"]
    assert len({each["id"] for each in events}) == 2
    assert got == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": group.name,
        "logStream": "one",
        "subscriptionFilters": ["f"],
    }
    (told,) = group.logs.describe_subscription_filters(logGroupName=group.name)[
        "subscriptionFilters"
    ]
    assert (told["destinationArn"], told["roleArn"]) == (ARN + stream, role)
    assert told["distribution"] == "ByLogStream"


def test_what_a_function_prints_comes_to_a_stream(here: Server, there: Kinesis) -> None:
    stream, functions = new_stream(there), here.client("lambda")
    name = create(functions, "def handler(event, context):\n    print('ERROR', event)\n")
    functions.invoke(FunctionName=name, Payload=b"1")
    logs = here.client("logs")
    logs.put_subscription_filter(
        logGroupName=f"/aws/lambda/{name}",
        filterName="f",
        filterPattern="ERROR",
        destinationArn=ARN + stream,
        roleArn=logs_role(here, "kinesis:PutRecord", service="logs.us-east-1.amazonaws.com"),
    )
    functions.invoke(FunctionName=name, Payload=b"2")
    eventually(lambda: there.messages(stream) == ["ERROR 2\n"], "the stream got the line")


def test_records_are_grouped_by_log_stream_or_at_random(here: Server, there: Kinesis) -> None:
    role = logs_role(here, "kinesis:PutRecord")

    def keys(distribution: str) -> dict[str, set[str]]:
        stream, group = new_stream(there, 4), Group(here)
        group.subscribe(stream, role, distribution=distribution)
        for number in range(6):
            group.put(str(number), stream="one" if number % 2 else "two")
        eventually(lambda: len(there.documents(stream)) == 6, "all records came")
        found: dict[str, set[str]] = {"one": set(), "two": set()}
        for each in there.records(stream):
            read = json.loads(gzip.decompress(each["Data"]))
            if read["logStream"]:
                found[read["logStream"]].add(each["PartitionKey"])
        return found

    grouped = keys("ByLogStream")
    assert [len(each) for each in grouped.values()] == [1, 1]
    assert grouped["one"] != grouped["two"]
    assert [len(each) for each in keys("Random").values()] == [3, 3]


def test_however_much_passes_comes_in_records_of_the_size_that_they_may_have(
    here: Server, there: Kinesis
) -> None:
    stream, group = new_stream(there), Group(here)
    group.subscribe(stream, logs_role(here, "kinesis:PutRecord"))
    lines = [f"{number} {uuid.uuid4().hex * 1000}" for number in range(30)]
    group.put(*lines)
    large = "".join(chr(32 + 7 * number % 95) for number in range(1_000_000))
    group.put(large, stream="two")
    eventually(
        lambda: sorted(there.messages(stream)) == sorted([*lines, large]), "all lines came", 30
    )
    assert len(there.documents(stream)) > 2


def test_what_a_stream_needs_is_told(here: Server, there: Kinesis) -> None:
    stream, group = new_stream(there), Group(here)
    role = logs_role(here, "kinesis:PutRecord")
    code = "InvalidParameterException"
    assert group.refusal(stream, None) == (
        code,
        "destinationArn for vendor kinesis cannot be used without roleArn",
    )
    refused = group.refusal("none", role)
    assert refused[0] == code
    assert refused[1].startswith(NOT_DELIVERED)
    assert "Stream none under account" in refused[1]
    assert "is not the ARN of a stream" in group.refusal(f"{stream}/consumer/c:1", role)[1]
    forbidden = logs_role(here, "kinesis:PutRecords")
    refused = group.refusal(stream, forbidden)
    assert refused[1].startswith(NOT_DELIVERED)
    assert (
        f"is not authorized to perform: kinesis:PutRecord on resource: {ARN}{stream}"
        in (refused[1])
    )
    strange = new_role(here, allow("kinesis:PutRecord"))
    assert (
        f"logs.amazonaws.com cannot assume the role {strange}."
        in (group.refusal(stream, strange)[1])
    )
    assert "cannot assume the role" in group.refusal(stream, role + "x")[1]
    abroad = logs_role(here, "kinesis:PutRecord", service="logs.eu-west-1.amazonaws.com")
    assert "cannot assume the role" in group.refusal(stream, abroad)[1]
    may = allow("logs:PutSubscriptionFilter")
    user = here.client("logs", **new_user(here, may))
    denied = refusal(user.put_subscription_filter, **group.subscription(stream, role))
    assert denied[1] == "AccessDeniedException"
    assert "iam:PassRole" in denied[2]
    passing = allow("iam:PassRole", on=role)
    here.client("logs", **new_user(here, may, passing)).put_subscription_filter(
        **group.subscription(stream, role)
    )
    function = "arn:aws:lambda:us-east-1:000000000000:function:f"
    put = group.logs.put_subscription_filter
    members = {**group.subscription(stream, role), "destinationArn": function}
    assert refusal(put, **members)[1:] == (
        code,
        "destinationArn for vendor lambda cannot be used with roleArn",
    )


def test_rules_and_schedules_have_no_streams_as_targets(here: Server, there: Kinesis) -> None:
    arn = ARN + new_stream(there)
    events, role = here.client("events"), logs_role(here, "kinesis:*")
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    target = {"Id": "t", "Arn": arn, "RoleArn": role}
    assert "not available" in refusal(events.put_targets, Rule="r", Targets=[target])[2]
    schedules = here.client("scheduler")
    made = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    target = {"Arn": arn, "RoleArn": role}
    assert "not available" in refusal(schedules.create_schedule, Name="s", Target=target, **made)[2]


def test_a_filter_that_fails_for_good_skips_events_until_it_is_put_again(
    here: Server, there: Kinesis
) -> None:
    stream, group = new_stream(there), Group(here)
    role = logs_role(here, "kinesis:PutRecord")
    group.subscribe(stream, role)
    iam, policy = here.client("iam"), {"RoleName": role.rpartition("/")[2], "PolicyName": "own"}
    iam.delete_role_policy(**policy)
    group.put("lost")
    disabled = (
        f"the subscription filter of arn:aws:logs:us-east-1:000000000000:log-group:{group.name}"
    )
    eventually(lambda: disabled in here.log, "it is said")
    iam.put_role_policy(**policy, PolicyDocument=document(allow("kinesis:PutRecord")))
    group.put("skipped")
    group.subscribe(stream, role)
    group.put("back")
    eventually(lambda: there.messages(stream) == ["back"], "events come again")
    assert here.log.count(disabled) == 1


def test_events_come_to_a_stream_also_after_everything_was_killed(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    with running(tmp_path / "streams") as kinesis:
        server = start_server("--config", configuration(tmp_path, kinesis.endpoint, KEY, "kinesis"))
        stream, group = new_stream(kinesis), Group(server)
        group.subscribe(stream, logs_role(server, "kinesis:PutRecord"))
        kinesis.stop()
        refused = group.refusal(stream, logs_role(server, "kinesis:PutRecord"))
        assert f"kinesis at {kinesis.endpoint} did not answer" in refused[1]
        group.put("kept")
        server.kill()
        kinesis.start()
        server.start()
        eventually(lambda: kinesis.messages(stream) == ["kept"], "the event came", 30)


def test_without_the_setting_streams_are_refused_with_its_name(server: Server) -> None:
    refused = Group(server).refusal("s", "arn:aws:iam::000000000000:role/r")
    assert refused[0] == "InvalidParameterException"
    assert "[services.kinesis]" in refused[1]
