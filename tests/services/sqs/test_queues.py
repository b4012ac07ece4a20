import json

import pytest

from tests.services.conftest import OTHER_ACCOUNT, context
from tests.services.sqs.conftest import ARN, Sqs

POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": ARN + "q",
    },
}


async def test_a_queue_is_found_by_its_name_and_listed(sqs: Sqs) -> None:
    urls = [await sqs.make(name) for name in ("a1", "a2", "b")]
    assert urls[0] == "http://127.0.0.1:4566/000000000000/a1"
    assert await sqs.call("GetQueueUrl", QueueName="a1") == {"QueueUrl": urls[0]}
    assert await sqs.call("ListQueues") == {"QueueUrls": urls}
    assert await sqs.call("ListQueues", QueueNamePrefix="a") == {"QueueUrls": urls[:2]}
    page = await sqs.call("ListQueues", MaxResults=2)
    assert page["QueueUrls"] == urls[:2]
    rest = await sqs.call("ListQueues", MaxResults=2, NextToken=page["NextToken"])
    assert rest == {"QueueUrls": urls[2:]}
    assert await sqs.service.list_queues(context(OTHER_ACCOUNT), {}) == {}
    assert await sqs.service.list_queues(context(region="eu-west-1"), {}) == {}


async def test_making_a_queue_again_is_answered_where_it_is_the_same(sqs: Sqs) -> None:
    url = await sqs.make("q", VisibilityTimeout="5")
    assert await sqs.make("q", VisibilityTimeout="5") == url
    assert await sqs.make("q") == url
    error = await sqs.refused("CreateQueue", QueueName="q", Attributes={"VisibilityTimeout": "6"})
    assert error.error_code == "QueueNameExists"
    assert error.message == (
        "A queue already exists with the same name and a different value for attribute "
        "VisibilityTimeout"
    )


async def test_a_deleted_queue_is_gone_and_its_name_free_after_a_minute(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.call("DeleteQueue", "q")
    assert (await sqs.refused("SendMessage", "q", MessageBody="b")).error_code == (
        "QueueDoesNotExist"
    )
    assert (await sqs.refused("CreateQueue", QueueName="q")).error_code == "QueueDeletedRecently"
    await sqs.clock.advance(60)
    await sqs.make("q")


@pytest.mark.parametrize("name", ["", "a" * 81, "a b", "a.b", "ä", "q.fifo"])
async def test_names_that_are_none_are_refused(sqs: Sqs, name: str) -> None:
    error = await sqs.refused("CreateQueue", QueueName=name)
    assert error.message == (
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    )


@pytest.mark.parametrize("name", ["q", ".fifo", "a" * 76 + ".fifo"])
async def test_names_that_no_fifo_queue_may_have_are_refused(sqs: Sqs, name: str) -> None:
    error = await sqs.refused("CreateQueue", QueueName=name, Attributes={"FifoQueue": "true"})
    assert error.message.startswith("The name of a FIFO queue can only include")


async def test_all_attributes_are_told(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    answer = await sqs.call("GetQueueAttributes", "q.fifo", AttributeNames=["All"])
    assert answer["Attributes"] == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ContentBasedDeduplication": "false",
        "CreatedTimestamp": "1767225600",
        "DeduplicationScope": "queue",
        "DelaySeconds": "0",
        "FifoQueue": "true",
        "FifoThroughputLimit": "perQueue",
        "LastModifiedTimestamp": "1767225600",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": f"{ARN}q.fifo",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }
    assert await sqs.call("GetQueueAttributes", "q.fifo") == {}
    some = await sqs.call("GetQueueAttributes", "q.fifo", AttributeNames=["DelaySeconds", "Policy"])
    assert some == {"Attributes": {"DelaySeconds": "0"}}
    error = await sqs.refused("GetQueueAttributes", "q.fifo", AttributeNames=["Colour"])
    assert (error.error_code, error.message) == (
        "InvalidAttributeName",
        "Unknown Attribute Colour.",
    )


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Colour", "red", "InvalidAttributeName"),
        ("QueueArn", "x", "InvalidAttributeName"),
        ("FifoQueue", "false", "InvalidAttributeName"),
        ("ContentBasedDeduplication", "true", "InvalidAttributeName"),
        ("DeduplicationScope", "queue", "InvalidAttributeName"),
        ("DelaySeconds", "901", "InvalidAttributeValue"),
        ("DelaySeconds", "-1", "InvalidAttributeValue"),
        ("DelaySeconds", "one", "InvalidAttributeValue"),
        ("MaximumMessageSize", "1023", "InvalidAttributeValue"),
        ("MaximumMessageSize", "1048577", "InvalidAttributeValue"),
        ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
        ("ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"),
        ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
        ("SqsManagedSseEnabled", "perhaps", "InvalidAttributeValue"),
        ("KmsMasterKeyId", "alias/aws/sqs", "InvalidAttributeValue"),
        ("Policy", "{}", "InvalidAttributeValue"),
    ],
)
async def test_attributes_that_are_none_are_refused(
    sqs: Sqs, name: str, value: str, code: str
) -> None:
    await sqs.make("q")
    for operation, members in (
        ("SetQueueAttributes", {"queue": "q"}),
        ("CreateQueue", {"QueueName": "r"}),
    ):
        error = await sqs.refused(operation, **members, Attributes={name: value})
        assert error.error_code == code
        assert name in error.message


async def test_high_throughput_needs_a_deduplication_scope_of_groups(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    limit = {"FifoThroughputLimit": "perMessageGroupId"}
    error = await sqs.refused("SetQueueAttributes", "q.fifo", Attributes=limit)
    assert error.message == (
        "The perMessageGroupId value is allowed only when the value for DeduplicationScope is "
        "messageGroup."
    )
    await sqs.call(
        "SetQueueAttributes", "q.fifo", Attributes=limit | {"DeduplicationScope": "messageGroup"}
    )


async def test_an_empty_policy_takes_the_present_one_away(sqs: Sqs) -> None:
    await sqs.make("q", Policy=json.dumps(POLICY))
    assert sqs.service.resources.policy("sqs:SendMessage", ARN + "q") is not None
    await sqs.call("SetQueueAttributes", "q", Attributes={"Policy": ""})
    assert sqs.service.resources.policy("sqs:SendMessage", ARN + "q") is None
    assert await sqs.call("GetQueueAttributes", "q", AttributeNames=["Policy"]) == {}


async def test_permissions_are_statements_of_the_policy(sqs: Sqs) -> None:
    await sqs.make("q")
    add = {"Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
    await sqs.call("AddPermission", "q", **add)
    answer = await sqs.call("GetQueueAttributes", "q", AttributeNames=["Policy"])
    assert json.loads(answer["Attributes"]["Policy"]) == {
        "Version": "2008-10-17",
        "Id": f"{ARN}q/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "l",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                "Action": "SQS:SendMessage",
                "Resource": f"{ARN}q",
            }
        ],
    }
    error = await sqs.refused("AddPermission", "q", **add)
    assert error.message == "Value l for parameter Label is invalid. Reason: Already exists."
    await sqs.call("RemovePermission", "q", Label="l")
    assert await sqs.call("GetQueueAttributes", "q", AttributeNames=["Policy"]) == {}
    error = await sqs.refused("RemovePermission", "q", Label="l")
    assert error.message == "Value l for parameter Label is invalid. Reason: can't find label."


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Label": "a b"}, "InvalidParameterValue"),
        ({"AWSAccountIds": ["12"]}, "InvalidParameterValue"),
        ({"AWSAccountIds": []}, "InvalidParameterValue"),
        ({"Actions": ["Explode"]}, "InvalidParameterValue"),
        ({"Actions": ["SendMessage"] * 8}, "OverLimit"),
    ],
)
async def test_permissions_that_are_none_are_refused(
    sqs: Sqs, members: dict[str, object], code: str
) -> None:
    await sqs.make("q")
    good = {"Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
    assert (await sqs.refused("AddPermission", "q", **good | members)).error_code == code


async def test_tags_are_added_changed_and_removed(sqs: Sqs) -> None:
    await sqs.call("CreateQueue", QueueName="q", tags={"a": "1"})
    await sqs.call("TagQueue", "q", Tags={"a": "2", "b": "3"})
    assert await sqs.call("ListQueueTags", "q") == {"Tags": {"a": "2", "b": "3"}}
    keys = sqs.service.resources.keys(ARN + "q")
    assert keys == {"aws:resourcetag/a": ("2",), "aws:resourcetag/b": ("3",)}
    await sqs.call("UntagQueue", "q", TagKeys=["a", "b"])
    assert await sqs.call("ListQueueTags", "q") == {}
    for tags in (
        {"aws:x": "1"},
        {"k" * 129: "1"},
        {"k": "v" * 257},
        {str(n): "" for n in range(51)},
    ):
        await sqs.refused("TagQueue", "q", Tags=tags)


async def test_a_url_names_a_queue_whatever_its_host(sqs: Sqs) -> None:
    await sqs.make("q")
    for url in ("https://sqs.us-east-1.amazonaws.com/000000000000/q", "/000000000000/q", "q"):
        await sqs.call("SendMessage", url, MessageBody="b")
    assert await sqs.counts("q") == (3, 0, 0)
    error = await sqs.refused("SendMessage", "http://127.0.0.1/111111111111/q", MessageBody="b")
    assert error.error_code == "QueueDoesNotExist"
