"""What a restart brings back: everything."""

from tests.services.sqs.conftest import Sqs


async def test_messages_their_times_and_counts_are_still_there(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="10", DelaySeconds="0")
    for body in ("hidden", "ready"):
        await sqs.send(
            "q", body, MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": b"\x01"}}
        )
    await sqs.send("q", "delayed", DelaySeconds=20)
    (hidden,) = await sqs.receive("q", 1)
    await sqs.restart()
    assert await sqs.counts("q") == (1, 1, 1)
    (ready,) = await sqs.receive("q")
    assert ready["Body"] == "ready"
    assert ready["MessageAttributes"] == {"a": {"DataType": "Binary", "BinaryValue": b"\x01"}}
    await sqs.clock.advance(10)
    again = await sqs.receive("q")
    told = {each["Body"]: each["Attributes"] for each in again}
    assert told["hidden"]["ApproximateReceiveCount"] == "2"
    assert (
        told["hidden"]["ApproximateFirstReceiveTimestamp"]
        == hidden["Attributes"]["ApproximateFirstReceiveTimestamp"]
    )
    await sqs.clock.advance(10)
    assert "delayed" in await sqs.bodies("q")


async def test_handles_from_before_are_still_good(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q")
    await sqs.restart()
    await sqs.call("DeleteMessage", "q", ReceiptHandle=message["ReceiptHandle"])
    assert await sqs.counts("q") == (0, 0, 0)
    await sqs.restart()
    assert await sqs.counts("q") == (0, 0, 0)


async def test_a_new_visibility_timeout_is_kept(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.send("q", "b")
    (message,) = await sqs.receive("q")
    change = {"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 3600}
    await sqs.call("ChangeMessageVisibility", "q", **change)
    await sqs.restart()
    await sqs.clock.advance(3599)
    assert await sqs.bodies("q") == []
    await sqs.clock.advance(1)
    assert await sqs.bodies("q") == ["b"]


async def test_a_fifo_queue_keeps_order_locks_and_what_it_takes_no_copies_of(sqs: Sqs) -> None:
    await sqs.make("q.fifo", VisibilityTimeout="10")
    for number in range(3):
        await sqs.send("q.fifo", str(number), group="g", copy=str(number))
    (first,) = await sqs.receive("q.fifo", 1)
    await sqs.restart()
    assert await sqs.bodies("q.fifo") == []
    await sqs.send("q.fifo", "copy", group="g", copy="0")
    await sqs.call("DeleteMessage", "q.fifo", ReceiptHandle=first["ReceiptHandle"])
    await sqs.restart()
    await sqs.send("q.fifo", "copy", group="g", copy="0")
    taken = await sqs.receive("q.fifo")
    assert [each["Body"] for each in taken] == ["1", "2"]
    last = await sqs.send("q.fifo", "last", group="g", copy="last")
    assert int(last["SequenceNumber"]) > int(taken[-1]["Attributes"]["SequenceNumber"])


async def test_queues_are_as_they_were_set(sqs: Sqs) -> None:
    await sqs.make("q", VisibilityTimeout="7")
    await sqs.call("TagQueue", "q", Tags={"a": "b"})
    before = await sqs.call("GetQueueAttributes", "q", AttributeNames=["All"])
    await sqs.restart()
    assert await sqs.call("GetQueueAttributes", "q", AttributeNames=["All"]) == before
    assert await sqs.call("ListQueueTags", "q") == {"Tags": {"a": "b"}}


async def test_nothing_of_a_deleted_queue_comes_back_in_a_new_one(sqs: Sqs) -> None:
    await sqs.make("q")
    await sqs.send("q", "b")
    await sqs.call("DeleteQueue", "q")
    await sqs.restart()
    await sqs.make("q")
    assert await sqs.counts("q") == (0, 0, 0)
    assert await sqs.bodies("q") == []
