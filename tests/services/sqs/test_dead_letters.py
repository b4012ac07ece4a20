import json

import pytest

from ingle.services.sqs.model import MoveStatus
from tests.services.sqs.conftest import ARN, Sqs


def redrive(target: str, count: int | str = 2) -> str:
    return json.dumps({"deadLetterTargetArn": ARN + target, "maxReceiveCount": count})


async def poison(sqs: Sqs, queue: str, times: int) -> None:
    """Receive what there is again and again, and delete nothing."""
    for _ in range(times):
        assert await sqs.bodies(queue)
        await sqs.clock.advance(31)


@pytest.mark.parametrize("suffix", ["", ".fifo"])
async def test_a_message_goes_to_the_dead_letter_queue_after_exactly_its_receive_count(
    sqs: Sqs, suffix: str
) -> None:
    dead, queue = f"dead{suffix}", f"q{suffix}"
    await sqs.make(dead)
    await sqs.make(queue, RedrivePolicy=redrive(dead, 3))
    members = {"group": "g", "copy": "c"} if suffix else {}
    sent = await sqs.send(queue, "poison", **members)
    await poison(sqs, queue, 3)
    assert await sqs.counts(dead) == (0, 0, 0)
    assert await sqs.bodies(queue) == []
    assert await sqs.counts(queue) == (0, 0, 0)
    await sqs.restart()
    (letter,) = await sqs.receive(dead)
    assert (letter["Body"], letter["MessageId"]) == ("poison", sent["MessageId"])
    told = letter["Attributes"]
    assert told["DeadLetterQueueSourceArn"] == ARN + queue
    assert told["ApproximateReceiveCount"] == "4"


async def test_what_is_behind_a_dead_letter_is_received_in_its_place(sqs: Sqs) -> None:
    await sqs.make("dead.fifo")
    await sqs.make("q.fifo", RedrivePolicy=redrive("dead.fifo", 1))
    await sqs.send("q.fifo", "poison", group="g", copy="1")
    await sqs.send("q.fifo", "good", group="g", copy="2")
    assert await sqs.bodies("q.fifo", 1) == ["poison"]
    await sqs.clock.advance(31)
    assert await sqs.bodies("q.fifo") == ["good"]
    assert await sqs.bodies("dead.fifo") == ["poison"]


async def test_without_its_dead_letter_queue_a_message_stays(sqs: Sqs) -> None:
    await sqs.make("dead")
    await sqs.make("q", RedrivePolicy=redrive("dead", 1))
    await sqs.call("DeleteQueue", "dead")
    await sqs.send("q", "poison")
    await poison(sqs, "q", 3)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("no json", "not a valid JSON map"),
        ("[]", "not a valid JSON map"),
        (json.dumps({"maxReceiveCount": 1}), "mandatory attribute: deadLetterTargetArn"),
        (json.dumps({"deadLetterTargetArn": ARN + "dead"}), "mandatory attribute: maxReceiveCount"),
        (redrive("dead", 0), "valid values are from 1 to 1000"),
        (redrive("dead", 1001), "valid values are from 1 to 1000"),
        (redrive("none"), "Dead letter target does not exist."),
        (redrive("dead.fifo"), "must be same type of queue"),
        (redrive("shy"), "does not allow this queue"),
        (
            json.dumps(
                {
                    "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:dead",
                    "maxReceiveCount": 1,
                }
            ),
            "same account and region",
        ),
    ],
)
async def test_redrive_policies_that_are_none_are_refused(
    sqs: Sqs, policy: str, words: str
) -> None:
    for name in ("dead", "dead.fifo", "q"):
        await sqs.make(name)
    await sqs.make("shy", RedriveAllowPolicy='{"redrivePermission": "denyAll"}')
    error = await sqs.refused("SetQueueAttributes", "q", Attributes={"RedrivePolicy": policy})
    assert error.error_code == "InvalidParameterValue"
    assert words in error.message
    assert policy in error.message


async def test_a_dead_letter_queue_chooses_its_sources(sqs: Sqs) -> None:
    allow = {"redrivePermission": "byQueue", "sourceQueueArns": [ARN + "q"]}
    await sqs.make("dead", RedriveAllowPolicy=json.dumps(allow))
    await sqs.make("q", RedrivePolicy=redrive("dead"))
    await sqs.refused("CreateQueue", QueueName="r", Attributes={"RedrivePolicy": redrive("dead")})


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        '{"redrivePermission": "all"}',
        '{"redrivePermission": "byQueue"}',
        '{"redrivePermission": "byQueue", "sourceQueueArns": []}',
        json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [ARN + "q"] * 11}),
        json.dumps({"redrivePermission": "allowAll", "sourceQueueArns": [ARN + "q"]}),
    ],
)
async def test_redrive_allow_policies_that_are_none_are_refused(sqs: Sqs, policy: str) -> None:
    await sqs.make("q")
    error = await sqs.refused("SetQueueAttributes", "q", Attributes={"RedriveAllowPolicy": policy})
    assert error.error_code == "InvalidParameterValue"


async def test_the_sources_of_a_dead_letter_queue_are_listed(sqs: Sqs) -> None:
    url = (await sqs.make("dead")).removesuffix("dead")
    assert await sqs.call("ListDeadLetterSourceQueues", "dead") == {"queueUrls": []}
    for name in ("b", "a", "c"):
        await sqs.make(name, RedrivePolicy=redrive("dead"))
    page = await sqs.call("ListDeadLetterSourceQueues", "dead", MaxResults=2)
    assert page["queueUrls"] == [f"{url}a", f"{url}b"]
    rest = await sqs.call(
        "ListDeadLetterSourceQueues", "dead", MaxResults=2, NextToken=page["NextToken"]
    )
    assert rest == {"queueUrls": [f"{url}c"]}


async def finished(sqs: Sqs) -> dict[str, object]:
    """Wait until the latest task of the queue `dead` is over, and describe it."""
    for task in list(sqs.service._move_tasks._running.values()):
        await task
    answer = await sqs.call("ListMessageMoveTasks", SourceArn=ARN + "dead")
    described: dict[str, object] = answer["Results"][0]
    return described


async def bury(sqs: Sqs, queue: str, count: int) -> None:
    for number in range(count):
        await sqs.send(queue, f"{queue}{number}")
    await sqs.bodies(queue)
    await sqs.clock.advance(31)
    assert await sqs.bodies(queue) == []


async def test_dead_letters_go_back_to_where_they_came_from(sqs: Sqs) -> None:
    await sqs.make("dead")
    for queue in ("p", "q"):
        await sqs.make(queue, RedrivePolicy=redrive("dead", 1))
        await bury(sqs, queue, 2)
    answer = await sqs.call("StartMessageMoveTask", SourceArn=ARN + "dead")
    told = await finished(sqs)
    assert answer["TaskHandle"]
    assert told["Status"] == MoveStatus.COMPLETED
    assert told["ApproximateNumberOfMessagesMoved"] == 4
    assert "DestinationArn" not in told
    for queue in ("p", "q"):
        assert sorted(await sqs.bodies(queue)) == [f"{queue}0", f"{queue}1"]


async def test_dead_letters_can_go_elsewhere_and_what_was_there_before_a_kill_goes_on(
    sqs: Sqs,
) -> None:
    await sqs.make("dead")
    await sqs.make("other")
    await sqs.make("q", RedrivePolicy=redrive("dead", 1))
    await bury(sqs, "q", 3)
    start = {"SourceArn": ARN + "dead", "DestinationArn": ARN + "other"}
    handle = (await sqs.call("StartMessageMoveTask", **start, MaxNumberOfMessagesPerSecond=1))[
        "TaskHandle"
    ]
    error = await sqs.refused("StartMessageMoveTask", **start)
    assert error.message.startswith("There is already a task running.")
    await sqs.restart()
    running = (await sqs.call("ListMessageMoveTasks", SourceArn=ARN + "dead"))["Results"][0]
    assert (running["Status"], running["TaskHandle"]) == ("RUNNING", handle)
    await sqs.call("CancelMessageMoveTask", TaskHandle=handle)
    await sqs.clock.advance(1)
    assert (await finished(sqs))["Status"] == "CANCELLED"
    error = await sqs.refused("CancelMessageMoveTask", TaskHandle=handle)
    assert error.error_code == "UnsupportedOperation"


async def test_tasks_that_cannot_be_are_refused(sqs: Sqs) -> None:
    await sqs.make("dead")
    await sqs.make("lonely")
    await sqs.make("q", RedrivePolicy=redrive("dead", 1))
    cases = [
        ({"SourceArn": ARN + "none"}, "ResourceNotFoundException", "SourceArn parameter doesn't"),
        ({"SourceArn": ARN + "lonely"}, "InvalidParameterValue", "configured as a Dead Letter"),
        ({"SourceArn": "dead"}, "InvalidParameterValue", "You must use this format"),
        (
            {"SourceArn": ARN + "dead", "DestinationArn": ARN + "none"},
            "ResourceNotFoundException",
            "DestinationArn parameter doesn't exist",
        ),
        (
            {"SourceArn": ARN + "dead", "MaxNumberOfMessagesPerSecond": 501},
            "InvalidParameterValue",
            "between 1 and 500",
        ),
    ]
    for members, code, words in cases:
        error = await sqs.refused("StartMessageMoveTask", **members)
        assert (error.error_code, words in error.message) == (code, True), error
    error = await sqs.refused("CancelMessageMoveTask", TaskHandle="x")
    assert error.message == "Value for parameter TaskHandle is invalid."
