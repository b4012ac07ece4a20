"""Event source mappings of queues: messages reach functions, and are deleted or come again."""

import contextlib
import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.e2e.callers import allow, new_role
from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.queues import TAKES, new_queue, receive, role_that_takes

PLAIN = "import json\ndef handler(event, context):\n    print('got', json.dumps(event))\n"
FAILING = PLAIN + "    raise ValueError('no')\n"
PARTIAL = PLAIN + (
    "    return {'batchItemFailures': [{'itemIdentifier': each['messageId']}\n"
    "        for each in event['Records'] if each['body'].startswith('bad')]}\n"
)


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture
def mapped(server, functions, sqs):
    """Make a queue, a function, a mapping: `mapped(source, suffix, …)` → url, arn, name, uuid."""
    made = []

    def make(source, suffix="", queue=None, **members):
        url, arn = new_queue(sqs, suffix, **(queue or {}))
        name = create(functions, source, Role=role_that_takes(server, arn))
        answer = functions.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=name, **members
        )
        made.append(answer["UUID"])
        return url, arn, name, answer["UUID"]

    yield make
    for each in made:
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_event_source_mapping(UUID=each)


def batches(messages, name):
    """The events that a function got."""
    try:
        lines = messages(name, filterPattern='"got"')
    except ClientError:  # it has not run yet
        return []
    return [json.loads(line.removeprefix("got ")) for line in lines]


def bodies(messages, name):
    return [each["body"] for event in batches(messages, name) for each in event["Records"]]


def counts(sqs, url):
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return [
        int(told[f"ApproximateNumberOfMessages{each}"]) for each in ("", "NotVisible", "Delayed")
    ]


def test_a_message_reaches_its_function_as_a_record_and_is_deleted(sqs, mapped, messages):
    url, arn, name, _ = mapped(PLAIN)
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "value"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    eventually(lambda: batches(messages, name) != [], "the function ran")
    [[record]] = [event["Records"] for event in batches(messages, name)]
    attributes = record.pop("attributes")
    assert record.pop("receiptHandle")
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageAttributes": {
            "text": {
                "stringValue": "value",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "bytes": {
                "binaryValue": "AAE=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }
    assert attributes.keys() == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    eventually(lambda: counts(sqs, url) == [0, 0, 0], "the message is deleted")


def test_a_mapping_goes_through_its_states(server, functions, sqs, mapped):
    _, arn, name, uuid_ = mapped(PLAIN, BatchSize=5, Tags={"a": "b"})
    get = functions.get_event_source_mapping
    told = get(UUID=uuid_)
    assert (told["State"], told["StateTransitionReason"]) == ("Enabled", "USER_INITIATED")
    assert told["FunctionArn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert (told["BatchSize"], told["MaximumBatchingWindowInSeconds"]) == (5, 0)
    assert told["FunctionResponseTypes"] == []
    listed = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [each["UUID"] for each in listed] == [uuid_]
    assert functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"] == listed
    mapping_arn = told["EventSourceMappingArn"]
    assert functions.list_tags(Resource=mapping_arn)["Tags"] == {"a": "b"}
    functions.tag_resource(Resource=mapping_arn, Tags={"c": "d"})
    functions.untag_resource(Resource=mapping_arn, TagKeys=["a"])
    assert functions.list_tags(Resource=mapping_arn)["Tags"] == {"c": "d"}
    changed = functions.update_event_source_mapping(
        UUID=uuid_,
        Enabled=False,
        BatchSize=7,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
        FilterCriteria={"Filters": [{"Pattern": '{"body": ["x"]}'}]},
    )
    assert changed["State"] == "Disabling"
    eventually(lambda: get(UUID=uuid_)["State"] == "Disabled", "it is disabled")
    told = get(UUID=uuid_)
    assert told["BatchSize"] == 7
    assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert told["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert told["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": ["x"]}'}]}
    changed = functions.update_event_source_mapping(
        UUID=uuid_, Enabled=True, FilterCriteria={}, ScalingConfig={}
    )
    assert changed["State"] == "Enabling"
    assert "FilterCriteria" not in changed
    assert "ScalingConfig" not in changed
    eventually(lambda: get(UUID=uuid_)["State"] == "Enabled", "it is enabled")
    config = {"ProvisionedPollerConfig": {"MinimumPollers": 3}}
    changed = functions.update_event_source_mapping(UUID=uuid_, **config)
    wanted = {"MinimumPollers": 3, "MaximumPollers": 200}
    assert (changed["State"], changed["ProvisionedPollerConfig"]) == ("Updating", wanted)
    eventually(lambda: get(UUID=uuid_)["State"] == "Enabled", "it is enabled")
    changed = functions.update_event_source_mapping(UUID=uuid_, ProvisionedPollerConfig={})
    assert "ProvisionedPollerConfig" not in changed
    eventually(lambda: get(UUID=uuid_)["State"] == "Enabled", "it is enabled")
    assert functions.delete_event_source_mapping(UUID=uuid_)["State"] == "Deleting"
    assert refusal(get, UUID=uuid_) == (
        404,
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    )


def test_a_disabled_mapping_takes_nothing_until_it_is_enabled(functions, sqs, mapped, messages):
    url, _, name, uuid_ = mapped(PLAIN, Enabled=False)
    sqs.send_message(QueueUrl=url, MessageBody="waiting")
    assert counts(sqs, url) == [1, 0, 0]
    functions.update_event_source_mapping(UUID=uuid_, Enabled=True)
    eventually(lambda: bodies(messages, name) == ["waiting"], "the function ran")


def test_a_message_that_always_fails_goes_to_the_dead_letter_queue(sqs, mapped, messages):
    dead, dead_arn = new_queue(sqs)
    policy = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}
    url, arn, name, _ = mapped(
        FAILING, queue={"VisibilityTimeout": "3", "RedrivePolicy": json.dumps(policy)}
    )
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    (letter,) = receive(sqs, dead)
    assert letter["Body"] == "poison"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn
    assert bodies(messages, name) == ["poison", "poison"]
    assert counts(sqs, url) == [0, 0, 0]


def test_only_what_a_function_reports_comes_again(sqs, mapped, messages):
    url, _, name, _ = mapped(
        PARTIAL,
        queue={"VisibilityTimeout": "3"},
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumBatchingWindowInSeconds=1,
    )
    entries = [{"Id": each, "MessageBody": each} for each in ("good1", "bad", "good2")]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: bodies(messages, name).count("bad") == 2, "what failed came again")
    assert sorted(set(bodies(messages, name))) == ["bad", "good1", "good2"]
    assert bodies(messages, name).count("good1") == 1


def test_a_window_gathers_a_batch(sqs, mapped, messages):
    url, _, name, _ = mapped(PLAIN, BatchSize=25, MaximumBatchingWindowInSeconds=10)
    for start in range(0, 25, 5):
        entries = [{"Id": str(each), "MessageBody": str(each)} for each in range(start, start + 5)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: len(bodies(messages, name)) == 25, "all came")
    assert len(batches(messages, name)) == 1


def test_a_window_longer_than_messages_are_hidden_doubles_none(sqs, mapped, messages):
    url, _, name, _ = mapped(
        PLAIN,
        queue={"VisibilityTimeout": "3"},
        BatchSize=25,
        MaximumBatchingWindowInSeconds=5,
    )
    sqs.send_message(QueueUrl=url, MessageBody="once")
    eventually(lambda: bodies(messages, name), "it came")
    assert bodies(messages, name) == ["once"]
    eventually(lambda: counts(sqs, url) == [0, 0, 0], "the message is deleted")


def test_what_no_filter_lets_through_is_deleted(sqs, mapped, messages):
    patterns = [
        '{"body": {"kind": ["order"], "price": [{"numeric": [">", 10]}]}}',
        '{"body": ["text"]}',
    ]
    url, _, name, _ = mapped(
        PLAIN, FilterCriteria={"Filters": [{"Pattern": each} for each in patterns]}
    )
    sent = ['{"kind": "order", "price": 11}', '{"kind": "order", "price": 9}', "text", "other"]
    entries = [{"Id": str(each), "MessageBody": body} for each, body in enumerate(sent)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: counts(sqs, url) == [0, 0, 0], "the queue is empty")
    assert sorted(bodies(messages, name)) == sorted([sent[0], sent[2]])


def test_groups_of_a_fifo_queue_come_in_order_and_exactly_once(sqs, mapped, messages):
    url, _, name, _ = mapped(PLAIN, ".fifo", BatchSize=3)
    for number in range(10):
        entries = [
            {"Id": group, "MessageBody": f"{group}{number}", "MessageGroupId": group}
            for group in "abc"
        ]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: len(bodies(messages, name)) >= 30, "all came")
    found = sorted(
        (
            (int(each["attributes"]["ApproximateFirstReceiveTimestamp"]), each["body"])
            for event in batches(messages, name)
            for each in event["Records"]
        ),
        key=lambda each: each[0],
    )
    for group in "abc":
        own = [body for _, body in found if body.startswith(group)]
        assert own == [f"{group}{number}" for number in range(10)]


def test_messages_wait_while_a_function_is_throttled(functions, sqs, mapped, messages):
    url, _, name, _ = mapped(PLAIN)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    sqs.send_message(QueueUrl=url, MessageBody="patient")
    eventually(lambda: counts(sqs, url) == [0, 1, 0], "the message is in flight")
    functions.delete_function_concurrency(FunctionName=name)
    eventually(lambda: bodies(messages, name) == ["patient"], "the function ran")
    eventually(lambda: counts(sqs, url) == [0, 0, 0], "the message is deleted")


def test_an_alias_can_be_mapped(server, functions, sqs, messages):
    url, arn = new_queue(sqs)
    name = create(functions, PLAIN, Role=role_that_takes(server, arn), Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=f"{name}:live")
    assert made["FunctionArn"].endswith(f":{name}:live")
    sqs.send_message(QueueUrl=url, MessageBody="m")
    eventually(lambda: bodies(messages, name) == ["m"], "the function ran")
    functions.delete_event_source_mapping(UUID=made["UUID"])


def test_mappings_that_cannot_be_are_refused(server, functions, sqs):
    _, arn = new_queue(sqs)
    _, fifo = new_queue(sqs, ".fifo")
    _, short = new_queue(sqs, VisibilityTimeout="1")
    none = f"{arn}-none"
    name = create(functions, PLAIN, Role=role_that_takes(server, arn, fifo, short, none))
    powerless = create(functions, PLAIN)
    call = functions.create_event_source_mapping
    filters = [{"Pattern": '{"a": ["b"]}'}] * 11
    cases = [
        ({"EventSourceArn": arn, "FunctionName": "nobody"}, "Function does not exist"),
        ({}, "Unrecognized event source."),
        ({"EventSourceArn": "arn:aws:sns:us-east-1:000000000000:t"}, "Unrecognized event source."),
        (
            {"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
            "is not supported by this version of Ingle.",
        ),
        ({"EventSourceArn": none}, "The specified queue does not exist."),
        (
            {"EventSourceArn": arn, "FunctionName": powerless},
            "The function execution role does not have permissions to call ReceiveMessage on SQS",
        ),
        (
            {"EventSourceArn": short},
            "Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds",
        ),
        (
            {"EventSourceArn": arn, "BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10",
        ),
        ({"EventSourceArn": fifo, "BatchSize": 11}, "FIFO queues"),
        ({"EventSourceArn": fifo, "MaximumBatchingWindowInSeconds": 1}, "FIFO queues"),
        (
            {"EventSourceArn": arn, "StartingPosition": "LATEST"},
            "Unsupported StartingPosition parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": arn, "DestinationConfig": {"OnFailure": {"Destination": arn}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": arn, "FilterCriteria": {"Filters": [{"Pattern": '{"a": "b"}'}]}},
            "Invalid filter pattern definition.",
        ),
        ({"EventSourceArn": arn, "FilterCriteria": {"Filters": filters}}, "10 filters at most"),
        (
            {
                "EventSourceArn": arn,
                "FilterCriteria": {"Filters": filters[:1]},
                "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
            },
            "KMSKeyArn is not supported by this version of Ingle.",
        ),
        (
            {"EventSourceArn": arn, "LoggingConfig": {"SystemLogLevel": "INFO"}},
            "Unsupported LoggingConfig parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": arn, "MetricsConfig": {"Metrics": ["KafkaMetrics"]}},
            "Unsupported KafkaMetrics parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": arn, "ProvisionedPollerConfig": {"MinimumPollers": 1}},
            "MinimumPollers must be at least 2",
        ),
        (
            {
                "EventSourceArn": arn,
                "ProvisionedPollerConfig": {"MinimumPollers": 9, "MaximumPollers": 8},
            },
            "9 is more than 8",
        ),
        (
            {"EventSourceArn": arn, "ProvisionedPollerConfig": {"PollerGroupName": "g"}},
            "Unsupported PollerGroupName parameter for given event source mapping type.",
        ),
        (
            {
                "EventSourceArn": arn,
                "ProvisionedPollerConfig": {"MinimumPollers": 2},
                "ScalingConfig": {"MaximumConcurrency": 2},
            },
            "ScalingConfig and ProvisionedPollerConfig cannot be used together",
        ),
    ]
    for members, words in cases:
        status, code, message = refusal(call, **{"FunctionName": name} | members)
        assert (status, code) == (400, "InvalidParameterValueException"), message
        assert words in message
    made = call(EventSourceArn=arn, FunctionName=name, Enabled=False)
    assert refusal(call, EventSourceArn=arn, FunctionName=name) == (
        409,
        "ResourceConflictException",
        f'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") already '
        f"exists. Please update or delete the existing mapping with UUID {made['UUID']}",
    )
    functions.delete_event_source_mapping(UUID=made["UUID"])
    for each in (functions.update_event_source_mapping, functions.delete_event_source_mapping):
        assert refusal(each, UUID=str(uuid.uuid4()))[1] == "ResourceNotFoundException"


def test_a_role_that_loses_its_permission_gets_no_more_messages(server, functions, sqs, messages):
    url, arn = new_queue(sqs)
    role = new_role(server, allow("logs:*"), allow(*TAKES, on=arn))
    name = create(functions, PLAIN, Role=role)
    made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=name)
    sqs.send_message(QueueUrl=url, MessageBody="before")
    eventually(lambda: bodies(messages, name) == ["before"], "the function ran")
    functions.delete_event_source_mapping(UUID=made["UUID"])
    iam = server.client("iam")
    iam.delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="own")
    assert (
        "does not have permissions"
        in refusal(functions.create_event_source_mapping, EventSourceArn=arn, FunctionName=name)[2]
    )
