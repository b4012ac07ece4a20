import asyncio

from tests.services.sqs.conftest import Sqs


async def test_groups_keep_their_order_and_wait_for_what_is_in_flight(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    for body in ("a1", "b1", "a2", "a3", "b2"):
        await sqs.send("q.fifo", body, group=body[0])
    first = await sqs.receive("q.fifo", 2)
    assert [each["Body"] for each in first] == ["a1", "a2"]
    assert await sqs.bodies("q.fifo", 1) == ["b1"]
    assert await sqs.bodies("q.fifo") == []
    for each in first:
        await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=each["ReceiptHandle"])
    assert await sqs.bodies("q.fifo") == ["a3"]


async def test_what_was_not_deleted_comes_again_before_what_is_behind_it(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout="10")
    for number in range(4):
        await sqs.send("q.fifo", str(number), group="g")
    taken = await sqs.receive("q.fifo", 3)
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=taken[1]["ReceiptHandle"])
    later = {"ReceiptHandle": taken[0]["ReceiptHandle"], "VisibilityTimeout": 20}
    await sqs.call("ChangeMessageVisibility", "q.fifo", **later)
    await sqs.clock.advance(10)
    assert await sqs.bodies("q.fifo") == []
    await sqs.clock.advance(10)
    assert await sqs.bodies("q.fifo") == ["0", "2", "3"]


async def test_a_message_that_is_visible_again_waits_for_those_behind_it_in_flight(
    sqs: Sqs,
) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    for number in range(3):
        await sqs.send("q.fifo", str(number), group="g")
    first, second = await sqs.receive("q.fifo", 2)
    shown = {"ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 0}
    await sqs.call("ChangeMessageVisibility", "q.fifo", **shown)
    assert await sqs.bodies("q.fifo") == []
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=second["ReceiptHandle"])
    assert await sqs.bodies("q.fifo") == ["0", "2"]


async def test_a_message_that_is_shown_again_at_once_keeps_its_place(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    for number in range(3):
        await sqs.send("q.fifo", str(number), group="g")
    taken = await sqs.receive("q.fifo", 2)
    poll = asyncio.create_task(sqs.bodies("q.fifo", WaitTimeSeconds=20))
    await sqs.polled("q.fifo")
    await sqs.call(
        "ChangeMessageVisibilityBatch",
        "q.fifo",
        Entries=[
            {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, each in enumerate(taken)
        ],
    )
    assert await poll == ["0", "1", "2"]


async def test_a_poll_goes_on_when_the_message_before_is_deleted(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    await sqs.send("q.fifo", "one", group="g")
    await sqs.send("q.fifo", "two", group="g")
    (first,) = await sqs.receive("q.fifo", 1)
    poll = asyncio.create_task(sqs.bodies("q.fifo", WaitTimeSeconds=20))
    await sqs.polled("q.fifo")
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=first["ReceiptHandle"])
    assert await poll == ["two"]


async def test_copies_are_not_taken_for_five_minutes(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    first = await sqs.send("q.fifo", "b", group="g", copy="c")
    (message,) = await sqs.receive("q.fifo")
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=message["ReceiptHandle"])
    await sqs.clock.advance(299)
    again = await sqs.send("q.fifo", "other", group="h", copy="c")
    for member in ("MessageId", "SequenceNumber"):
        assert again[member] == first[member]
    assert await sqs.counts("q.fifo") == (0, 0, 0)
    await sqs.clock.advance(2)
    later = await sqs.send("q.fifo", "b", group="g", copy="c")
    assert int(later["SequenceNumber"]) > int(first["SequenceNumber"])
    assert await sqs.bodies("q.fifo") == ["b"]


async def test_copies_that_come_at_the_same_time_are_one_message(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    sent = await asyncio.gather(*(sqs.send("q.fifo", "b", group="g", copy="c") for _ in range(5)))
    assert len({each["MessageId"] for each in sent}) == 1
    assert await sqs.bodies("q.fifo") == ["b"]


async def test_copies_are_looked_for_within_a_group_where_the_queue_says_so(sqs: Sqs) -> None:
    await sqs.make("q.fifo", DeduplicationScope="messageGroup")
    for group in ("g", "h", "g"):
        await sqs.send("q.fifo", group, group=group, copy="c")
    assert await sqs.bodies("q.fifo") == ["g", "h"]


async def test_group_and_deduplication_id_must_be_there(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    error = await sqs.refused("SendMessage", "q.fifo", MessageBody="b")
    assert (error.error_code, error.message) == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    error = await sqs.refused("SendMessage", "q.fifo", MessageBody="b", MessageGroupId="g")
    assert error.message.startswith("The queue should either have ContentBasedDeduplication")
    members = {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 1}
    error = await sqs.refused("SendMessage", "q.fifo", MessageBody="b", **members)
    assert "not valid for this queue type" in error.message


async def test_a_handle_that_is_out_of_time_deletes_nothing(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout="1")
    await sqs.send("q.fifo", "b", group="g")
    (message,) = await sqs.receive("q.fifo")
    await sqs.clock.advance(2)
    error = await sqs.refused("DeleteMessage", "q.fifo", ReceiptHandle=message["ReceiptHandle"])
    assert error.error_code == "InvalidParameterValue"
    assert error.message.endswith("Reason: The receipt handle has expired.")
    assert await sqs.bodies("q.fifo") == ["b"]


async def test_the_same_attempt_gets_the_same_messages_again(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    await sqs.send("q.fifo", "a", group="g")
    await sqs.send("q.fifo", "b", group="h")
    first = await sqs.receive("q.fifo", 1, ReceiveRequestAttemptId="x")
    again = await sqs.receive("q.fifo", 1, ReceiveRequestAttemptId="x")
    assert first == again
    other = await sqs.bodies("q.fifo", 1, ReceiveRequestAttemptId="y")
    assert other == ["b"]
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=first[0]["ReceiptHandle"])
    assert await sqs.bodies("q.fifo", 1, ReceiveRequestAttemptId="x") == []


async def test_a_delayed_message_keeps_those_behind_it_waiting(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true", DelaySeconds="5")
    await sqs.send("q.fifo", "a", group="g")
    await sqs.call("SetQueueAttributes", "q.fifo", Attributes={"DelaySeconds": "0"})
    await sqs.send("q.fifo", "b", group="g")
    assert await sqs.bodies("q.fifo") == []
    await sqs.clock.advance(5)
    assert await sqs.bodies("q.fifo") == ["a", "b"]


async def test_groups_take_turns(sqs: Sqs) -> None:
    await sqs.make("q.fifo", ContentBasedDeduplication="true")
    for number in range(2):
        for group in "gh":
            await sqs.send("q.fifo", f"{group}{number}", group=group)
    found = []
    for _ in range(4):
        (message,) = await sqs.receive("q.fifo", 1)
        found.append(message["Body"])
        await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=message["ReceiptHandle"])
    assert found == ["g0", "h0", "g1", "h1"]
