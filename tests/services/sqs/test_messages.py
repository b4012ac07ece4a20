import asyncio
import hashlib

import pytest

from ingle.services.sqs.model import QueueKey
from tests.services.conftest import ACCOUNT, REGION
from tests.services.sqs.conftest import Sqs

LARGE = "x" * 1_048_576


async def test_a_message_comes_back_as_it_was_sent(sqs: Sqs) -> None:
    await sqs.make("q")
    attributes = {
        "text": {"DataType": "String", "StringValue": "Grüße"},
        "number": {"DataType": "Number.int", "StringValue": "-1.5e3"},
        "bytes": {"DataType": "Binary.gif", "BinaryValue": b"\x00\xff"},
    }
    sent = await sqs.send("q", "Grüße", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("Grüße".encode()).hexdigest()
    (message,) = await sqs.receive("q")
    assert message["Body"] == "Grüße"
    assert message["MessageAttributes"] == attributes
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    told = message["Attributes"]
    assert told["SenderId"] == "000000000000"
    assert told["ApproximateReceiveCount"] == "1"
    assert told["SentTimestamp"] == told["ApproximateFirstReceiveTimestamp"]


async def test_a_standard_queue_tells_the_group_of_a_message_and_holds_none_of_it_back(
    sqs: Sqs,
) -> None:
    await sqs.make("q")
    for body in ("one", "two"):
        await sqs.send("q", body, group="tenant")
    await sqs.send("q", "three")
    found = [each for _ in range(3) for each in await sqs.receive("q", 1)]
    groups = {each["Body"]: each["Attributes"].get("MessageGroupId") for each in found}
    assert groups == {"one": "tenant", "two": "tenant", "three": None}


async def test_only_the_attributes_that_were_asked_for_are_told_and_digested(sqs: Sqs) -> None:
    await sqs.make("q")
    value = {"DataType": "String", "StringValue": "v"}
    await sqs.send("q", "b", MessageAttributes={"a.b": value, "a.c": value, "d": value})
    names = {"MessageSystemAttributeNames": ["SenderId"], "MessageAttributeNames": ["a.*"]}
    (message,) = await sqs.receive("q", **names)
    assert list(message["MessageAttributes"]) == ["a.b", "a.c"]
    assert list(message["Attributes"]) == ["SenderId"]
    await sqs.call(
        "ChangeMessageVisibility", "q", ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    (bare,) = await sqs.receive("q", MessageSystemAttributeNames=[], MessageAttributeNames=[])
    assert bare.keys() == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}


async def test_the_trace_header_goes_along_and_is_digested(sqs: Sqs) -> None:
    await sqs.make("q")
    header = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
    sent = await sqs.send("q", "b", MessageSystemAttributes=header)
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    (message,) = await sqs.receive("q")
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"


async def test_a_received_message_is_hidden_until_its_time_is_over(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="5")
    await sqs.send("q", "b")
    assert await sqs.bodies("q") == ["b"]
    await sqs.clock.advance(4.9)
    assert await sqs.bodies("q") == []
    assert await sqs.counts("q") == (0, 1, 0)
    await sqs.clock.advance(0.2)
    (message,) = await sqs.receive("q", VisibilityTimeout=60)
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
    await sqs.clock.advance(59)
    assert await sqs.bodies("q") == []


async def test_visibility_can_be_changed_while_a_message_is_in_flight(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="5")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q")
    change = {"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 100}
    await sqs.call("ChangeMessageVisibility", "q", **change)
    await sqs.clock.advance(99)
    assert await sqs.bodies("q") == []
    await sqs.call("ChangeMessageVisibility", "q", **change | {"VisibilityTimeout": 0})
    assert (await sqs.refused("ChangeMessageVisibility", "q", **change)).error_code == (
        "MessageNotInflight"
    )
    assert await sqs.bodies("q") == ["b"]
    error = await sqs.refused("ChangeMessageVisibility", "q", **change)
    assert error.error_code == "InvalidParameterValue"
    assert "not available for visibility timeout change" in error.message


async def test_a_deleted_message_is_gone_and_deleting_it_again_does_nothing(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="1")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q")
    for _ in range(2):
        await sqs.call("DeleteMessage", "q", ReceiptHandle=message["ReceiptHandle"])
    await sqs.clock.advance(2)
    assert await sqs.bodies("q") == []
    assert await sqs.counts("q") == (0, 0, 0)


async def test_a_handle_is_no_good_once_somebody_else_has_the_message(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="1")
    await sqs.send("q", "b")
    (first,) = await sqs.receive("q")
    await sqs.clock.advance(2)
    await sqs.receive("q")
    await sqs.call("DeleteMessage", "q", ReceiptHandle=first["ReceiptHandle"])
    assert await sqs.counts("q") == (0, 1, 0)


async def test_handles_of_other_queues_and_forged_ones_are_refused(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.make("other")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q")
    for queue, handle in (("other", message["ReceiptHandle"]), ("q", "AAAA"), ("q", "no base64")):
        error = await sqs.refused("DeleteMessage", queue, ReceiptHandle=handle)
        assert error.error_code == "ReceiptHandleIsInvalid"


async def test_delays_of_messages_and_of_queues(sqs: Sqs) -> None:
    await sqs.make("q", DelaySeconds="10")
    await sqs.send("q", "later")
    await sqs.send("q", "now", DelaySeconds=0)
    await sqs.send("q", "latest", DelaySeconds=20)
    assert await sqs.counts("q") == (1, 0, 2)
    assert await sqs.bodies("q") == ["now"]
    await sqs.clock.advance(10)
    assert await sqs.bodies("q") == ["later"]
    await sqs.clock.advance(10)
    assert await sqs.bodies("q") == ["latest"]


async def test_who_polls_gets_a_message_as_soon_as_it_is_sent(sqs: Sqs) -> None:
    await sqs.make("q", ReceiveMessageWaitTimeSeconds="20")
    polls = [asyncio.create_task(sqs.bodies("q", 1)) for _ in range(2)]
    await sqs.polled("q", 2)
    await sqs.send("q", "one")
    await sqs.send("q", "two")
    assert sorted(await asyncio.gather(*polls)) == [["one"], ["two"]]


async def test_a_message_is_hidden_for_twelve_hours_at_most_from_when_it_was_received(
    sqs: Sqs,
) -> None:
    await sqs.make("q")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q", VisibilityTimeout=3600)
    await sqs.clock.advance(10)
    # Also where the server was started anew meanwhile.
    await sqs.restart()
    handle = message["ReceiptHandle"]
    error = await sqs.refused(
        "ChangeMessageVisibility", "q", ReceiptHandle=handle, VisibilityTimeout=43_191
    )
    assert error.error_code == "InvalidParameterValue"
    assert error.message == (
        "Value 43191 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "
        "for the message is beyond the limit [43200 seconds]"
    )
    await sqs.call("ChangeMessageVisibility", "q", ReceiptHandle=handle, VisibilityTimeout=43_190)
    # To be received again begins anew.
    await sqs.clock.advance(43_190)
    (message,) = await sqs.receive("q")
    handle = message["ReceiptHandle"]
    await sqs.call("ChangeMessageVisibility", "q", ReceiptHandle=handle, VisibilityTimeout=43_200)


async def test_who_polls_gets_what_becomes_visible_meanwhile(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="5")
    await sqs.send("q", "hidden")
    await sqs.receive("q")
    poll = asyncio.create_task(sqs.bodies("q", WaitTimeSeconds=20))
    await sqs.polled("q")
    await sqs.clock.advance(5)
    assert await poll == ["hidden"]


async def test_who_polls_in_vain_gets_nothing_when_the_time_is_over_or_the_server_stops(
    sqs: Sqs,
) -> None:
    await sqs.make("q")
    poll = asyncio.create_task(sqs.call("ReceiveMessage", "q", WaitTimeSeconds=3))
    await sqs.polled("q")
    await sqs.clock.advance(3)
    assert await poll == {}
    poll = asyncio.create_task(sqs.call("ReceiveMessage", "q", WaitTimeSeconds=3))
    await sqs.polled("q")
    sqs.service.stop()
    assert await poll == {}


async def test_a_poll_that_was_given_up_takes_no_message_along(sqs: Sqs) -> None:
    await sqs.make("q")
    polls = [asyncio.create_task(sqs.bodies("q", WaitTimeSeconds=20)) for _ in range(2)]
    await sqs.polled("q", 2)
    polls[0].cancel()
    await sqs.send("q", "b")
    assert await polls[1] == ["b"]
    with pytest.raises(asyncio.CancelledError):
        await polls[0]


async def test_messages_that_are_too_old_are_not_received(sqs: Sqs) -> None:
    await sqs.make("q", MessageRetentionPeriod="60")
    await sqs.send("q", "old")
    await sqs.clock.advance(61)
    await sqs.send("q", "new")
    assert await sqs.bodies("q") == ["new"]
    assert await sqs.counts("q") == (0, 1, 0)


async def test_purged_messages_are_gone_and_a_queue_is_purged_once_a_minute(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.send("q", "b")
    await sqs.receive("q")
    await sqs.send("q", "c")
    await sqs.call("PurgeQueue", "q")
    assert await sqs.counts("q") == (0, 0, 0)
    error = await sqs.refused("PurgeQueue", "q")
    assert error.error_code == "PurgeQueueInProgress"
    assert error.message == "Only one PurgeQueue operation on q is allowed every 60 seconds."
    await sqs.clock.advance(60)
    await sqs.call("PurgeQueue", "q")


async def test_batches_tell_of_each_entry(sqs: Sqs) -> None:
    await sqs.make("q")
    entries = [
        {"Id": "good", "MessageBody": "b"},
        {"Id": "late", "MessageBody": "b", "DelaySeconds": 901},
        {"Id": "bad", "MessageBody": "\x00"},
    ]
    answer = await sqs.call("SendMessageBatch", "q", Entries=entries)
    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]] == [
        ("late", "InvalidParameterValue", True),
        ("bad", "InvalidMessageContents", True),
    ]
    (message,) = await sqs.receive("q")
    handle = message["ReceiptHandle"]
    changes = [{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 9}]
    assert await sqs.call("ChangeMessageVisibilityBatch", "q", Entries=changes) == {
        "Successful": [{"Id": "a"}]
    }
    entries = [{"Id": "a", "ReceiptHandle": handle}, {"Id": "b", "ReceiptHandle": "x"}]
    answer = await sqs.call("DeleteMessageBatch", "q", Entries=entries)
    assert answer["Successful"] == [{"Id": "a"}]
    assert answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert await sqs.counts("q") == (0, 0, 0)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([str(each) for each in range(11)], "TooManyEntriesInBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
        (["a" * 81], "InvalidBatchEntryId"),
    ],
)
async def test_batches_that_are_none_are_refused_as_a_whole(
    sqs: Sqs, ids: list[str], code: str
) -> None:
    await sqs.make("q")
    entries = [{"Id": each, "MessageBody": "b"} for each in ids]
    assert (await sqs.refused("SendMessageBatch", "q", Entries=entries)).error_code == code
    assert await sqs.counts("q") == (0, 0, 0)


async def test_a_batch_may_be_as_large_as_one_message_may(sqs: Sqs) -> None:
    await sqs.make("q")
    entries = [{"Id": "a", "MessageBody": LARGE[:-1]}, {"Id": "b", "MessageBody": "x"}]
    assert len((await sqs.call("SendMessageBatch", "q", Entries=entries))["Successful"]) == 2
    entries[1]["MessageBody"] = "xx"
    error = await sqs.refused("SendMessageBatch", "q", Entries=entries)
    assert error.error_code == "BatchRequestTooLong"
    assert error.message == (
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
    )


async def test_the_size_of_a_message_counts_its_attributes(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.make("small", MaximumMessageSize="1024")
    await sqs.send("q", LARGE)
    attributes = {"a": {"DataType": "String", "StringValue": "v"}}
    await sqs.send("small", "x" * 1016, MessageAttributes=attributes)
    for members in ({"body": "x" * 1025}, {"body": "x" * 1017, "MessageAttributes": attributes}):
        error = await sqs.refused(
            "SendMessage", "small", MessageBody=members.pop("body"), **members
        )
        assert error.message == (
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
        )


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"MessageBody": ""}, "MissingParameter", "parameter MessageBody."),
        ({"MessageBody": "\x0b"}, "InvalidMessageContents", "Invalid characters found"),
        ({"DelaySeconds": 901}, "InvalidParameterValue", "Value 901 for parameter DelaySeconds"),
        ({"MessageDeduplicationId": "d"}, "InvalidParameterValue", "not valid for this queue type"),
        ({"MessageGroupId": "ä"}, "InvalidParameterValue", "parameter MessageGroupId"),
    ],
)
async def test_messages_that_are_none_are_refused(
    sqs: Sqs, members: dict[str, object], code: str, words: str
) -> None:
    await sqs.make("q")
    error = await sqs.refused("SendMessage", "q", **{"MessageBody": "b"} | members)
    assert error.error_code == code
    assert words in error.message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("a", {"DataType": "Text", "StringValue": "v"}, "invalid message attribute type"),
        ("a", {"DataType": "String", "StringValue": ""}, "non-empty message attribute value"),
        ("a", {"DataType": "Number", "StringValue": "one"}, "Can't cast the value"),
        ("a", {"DataType": "String", "BinaryValue": b"v"}, "must use field 'String'"),
        ("aws.a", {"DataType": "String", "StringValue": "v"}, "reserved for internal use"),
        ("a..b", {"DataType": "String", "StringValue": "v"}, "dots in succession"),
        ("a b", {"DataType": "String", "StringValue": "v"}, "Invalid non-alphanumeric character"),
    ],
)
async def test_attributes_that_are_none_are_refused(
    sqs: Sqs, name: str, value: dict[str, object], words: str
) -> None:
    await sqs.make("q")
    error = await sqs.refused("SendMessage", "q", MessageBody="b", MessageAttributes={name: value})
    assert error.error_code == "InvalidParameterValue"
    assert words in error.message


async def test_more_than_ten_attributes_are_refused(sqs: Sqs) -> None:
    await sqs.make("q")
    value = {"DataType": "String", "StringValue": "v"}
    attributes = {f"a{each}": value for each in range(11)}
    error = await sqs.refused("SendMessage", "q", MessageBody="b", MessageAttributes=attributes)
    assert error.message.startswith("Number of message attributes [11] exceeds")


@pytest.mark.parametrize(
    ("member", "value"),
    [("MaxNumberOfMessages", 11), ("WaitTimeSeconds", 21), ("VisibilityTimeout", 43201)],
)
async def test_requests_to_receive_that_are_none_are_refused(
    sqs: Sqs, member: str, value: int
) -> None:
    await sqs.make("q")
    error = await sqs.refused("ReceiveMessage", "q", **{member: value})
    assert error.message.startswith(
        f"Value {value} for parameter {member} is invalid. Reason: Must"
    )


async def test_bodies_are_read_from_the_disk_once_memory_is_full(sqs: Sqs) -> None:
    await sqs.make("q")
    sqs.service._contents._most_bytes = 100
    bodies = [str(number) * 60 for number in range(5)]
    for body in bodies:
        await sqs.send("q", body)
    live = sqs.service._store.get(QueueKey(ACCOUNT, REGION, "q"))
    assert live is not None
    kept = [each.content is not None for each in live.line.messages.values()]
    assert kept == [False, False, False, False, True]
    assert await sqs.bodies("q") == bodies
