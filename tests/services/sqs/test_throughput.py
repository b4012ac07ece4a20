"""How many calls a second FIFO queues take."""

from tests.services.sqs.conftest import Sqs

CALLS = 300


async def send(sqs: Sqs, queue: str, count: int, group: str = "g") -> None:
    for number in range(count):
        await sqs.send(queue, "b", group=group, copy=f"{group}{number}")


async def test_a_fifo_queue_takes_300_calls_of_each_operation_a_second(sqs: Sqs) -> None:
    await sqs.make("q.fifo")
    await send(sqs, "q.fifo", CALLS)
    error = await sqs.refused(
        "SendMessage",
        "q.fifo",
        MessageBody="b",
        MessageGroupId="other",
        MessageDeduplicationId="one more",
    )
    assert (error.error_code, error.message) == ("RequestThrottled", "Request is throttled.")
    assert len(await sqs.bodies("q.fifo")) == 10
    await sqs.clock.advance(0.5)
    await send(sqs, "q.fifo", CALLS // 2, "later")
    assert (
        await sqs.refused("SendMessage", "q.fifo", MessageBody="b", MessageGroupId="g")
    ).error_code == ("RequestThrottled")
    await sqs.clock.advance(2)
    await send(sqs, "q.fifo", CALLS, "rested")


async def test_each_group_has_a_throughput_of_its_own_where_the_queue_says_so(sqs: Sqs) -> None:
    await sqs.make(
        "q.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId"
    )
    await send(sqs, "q.fifo", CALLS, "a")
    await send(sqs, "q.fifo", CALLS, "b")
    message = {"MessageBody": "x", "MessageGroupId": "a", "MessageDeduplicationId": "x"}
    error = await sqs.refused("SendMessage", "q.fifo", **message)
    assert error.error_code == "RequestThrottled"
    # A batch is another operation, and counts once for each of its groups.
    entries = [message | {"Id": each, "MessageGroupId": each} for each in ("a", "c")]
    for _ in range(CALLS):
        await sqs.call("SendMessageBatch", "q.fifo", Entries=entries)
    error = await sqs.refused("SendMessageBatch", "q.fifo", Entries=entries[1:])
    assert error.error_code == "RequestThrottled"
    for _ in range(CALLS + 1):
        await sqs.call("ReceiveMessage", "q.fifo")


async def test_a_standard_queue_takes_as_many_calls_as_come(sqs: Sqs) -> None:
    await sqs.make("q")
    for _ in range(CALLS + 1):
        await sqs.call("ReceiveMessage", "q")
