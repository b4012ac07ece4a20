"""Archives of FIFO topics, and what subscriptions get from them again."""

import asyncio
import json
from typing import Any

import pytest

from ingle.services.sns.errors import InvalidParameter
from ingle.wire.errors import ServiceError
from tests.services.clocks import ManualClock
from tests.services.sns.test_service import Sns, open_queue
from tests.services.sns.test_service import relay as relay
from tests.services.sns.test_service import sns as sns

DAY_S = 86400
EVERYTHING = '{"PointType": "Timestamp", "StartingPoint": "2025-12-31T00:00:00Z"}'


async def archived(sns: Sns, days: int = 30) -> str:
    policy = json.dumps({"MessageRetentionPeriod": str(days)})
    return await sns.topic("t.fifo", FifoTopic="true", ArchivePolicy=policy)


async def publish(sns: Sns, topic: str, *numbers: int, **more: Any) -> None:
    for number in numbers:
        message = {"Message": str(number), "MessageGroupId": "g"}
        copied = {"MessageDeduplicationId": str(number)}
        await sns.call("publish", TopicArn=topic, **message, **copied, **more)


async def subscribe(sns: Sns, topic: str, name: str, **attributes: str) -> tuple[str, str]:
    """Make a FIFO queue and subscribe it; return its ARN and the subscription's."""
    queue = await open_queue(sns, name, FifoQueue="true")
    members = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    answer = await sns.call("subscribe", **members, Attributes=attributes)
    return queue, answer["SubscriptionArn"]


async def receive(sns: Sns, queue: str, count: int) -> list[Any]:
    """Receive so many messages; wait for them."""
    bodies: list[str] = []
    while len(bodies) < count:
        found = await sns.queues.for_services.receive(queue, 10, 30, 20)
        bodies += [each.content.body for each in found]
        await sns.queues.for_services.delete(queue, found)
    return [json.loads(each) for each in bodies]


async def status(sns: Sns, subscription: str) -> str | None:
    told = await sns.call("get_subscription_attributes", SubscriptionArn=subscription)
    found: str | None = told["Attributes"].get("ReplayStatus")
    return found


async def completed(sns: Sns, subscription: str) -> None:
    while await status(sns, subscription) != "Completed":
        await asyncio.sleep(0)


async def test_a_new_subscription_gets_what_was_published_before_and_then_what_is_new(
    sns: Sns,
) -> None:
    topic = await archived(sns)
    attributes = {"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    await publish(sns, topic, *range(45), MessageAttributes=attributes)
    queue, subscription = await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    found = await receive(sns, queue, 45)
    assert [each["Message"] for each in found] == [str(number) for number in range(45)]
    assert {each["Replayed"] for each in found} == {"true"}
    assert found[0]["MessageAttributes"]["a"] == {"Type": "Binary", "Value": "AP8="}
    await completed(sns, subscription)
    await publish(sns, topic, 45)
    (new,) = await receive(sns, queue, 1)
    assert new["Message"] == "45"
    assert "Replayed" not in new


async def test_what_is_published_during_a_replay_comes_once_and_in_order(sns: Sns) -> None:
    topic = await archived(sns)
    await publish(sns, topic, *range(50))
    publishing = asyncio.create_task(publish(sns, topic, *range(50, 120)))
    queue, subscription = await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    await publishing
    found = await receive(sns, queue, 120)
    assert [each["Message"] for each in found] == [str(number) for number in range(120)]
    await completed(sns, subscription)
    assert await sns.queues.for_services.receive(queue, 10, 30, 0) == []


async def test_a_replay_goes_on_after_a_restart(sns: Sns) -> None:
    topic = await archived(sns)
    await publish(sns, topic, *range(70))
    queue, subscription = await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    await sns.close()
    await sns.open()
    found = await receive(sns, queue, 70)
    assert [each["Message"] for each in found] == [str(number) for number in range(70)]
    await completed(sns, subscription)
    await sns.close()
    await sns.open()
    assert await status(sns, subscription) == "Completed"
    await publish(sns, topic, 70)
    assert [each["Message"] for each in await receive(sns, queue, 1)] == ["70"]


async def test_a_replay_is_of_a_time_and_of_what_the_filter_lets_through(
    sns: Sns, clock: ManualClock
) -> None:
    topic = await archived(sns)
    colours = ("red", "blue")
    for number in range(8):
        await clock.advance(3600)
        kind = {"DataType": "String", "StringValue": colours[number % 2]}
        await publish(sns, topic, number, MessageAttributes={"colour": kind})
    window = {
        "PointType": "Timestamp",
        "StartingPoint": "2026-01-01T03:00:00.000Z",
        "EndingPoint": "2026-01-01T07:00:00.000Z",
    }
    queue, subscription = await subscribe(
        sns,
        topic,
        "q.fifo",
        ReplayPolicy=json.dumps(window),
        FilterPolicy='{"colour": ["red"]}',
    )
    await completed(sns, subscription)
    found = await receive(sns, queue, 3)
    assert [each["Message"] for each in found] == ["2", "4", "6"]
    # Another window begins another replay, and none ends it.
    change = {"SubscriptionArn": subscription, "AttributeName": "ReplayPolicy"}
    await clock.advance(301)
    window |= {"EndingPoint": "2026-01-01T05:00:00.000Z"}
    await sns.call("set_subscription_attributes", **change, AttributeValue=json.dumps(window))
    assert [each["Message"] for each in await receive(sns, queue, 2)] == ["2", "4"]
    await sns.call("set_subscription_attributes", **change, AttributeValue="{}")
    assert await status(sns, subscription) is None


async def test_messages_are_kept_for_as_many_days_as_the_policy_says(
    sns: Sns, clock: ManualClock
) -> None:
    topic = await archived(sns, days=2)

    async def begins() -> str:
        told = await sns.call("get_topic_attributes", TopicArn=topic)
        return str(told["Attributes"]["BeginningArchiveTime"])

    assert await begins() == "2026-01-01T00:00:00.000Z"
    await publish(sns, topic, 0)
    await clock.advance(1.5 * DAY_S)
    await publish(sns, topic, 1)
    await clock.advance(DAY_S)
    assert await begins() == "2026-01-01T12:00:00.000Z"
    queue, subscription = await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    await completed(sns, subscription)
    assert [each["Message"] for each in await receive(sns, queue, 1)] == ["1"]
    assert await sns.queues.for_services.receive(queue, 10, 30, 0) == []


async def test_a_topic_with_an_archive_is_not_deleted_and_its_archive_is_with_the_policy(
    sns: Sns,
) -> None:
    topic = await archived(sns)
    await publish(sns, topic, 0)
    with pytest.raises(ServiceError) as caught:
        await sns.call("delete_topic", TopicArn=topic)
    assert caught.value.error_code == "InvalidState"
    change = {"TopicArn": topic, "AttributeName": "ArchivePolicy"}
    await sns.call("set_topic_attributes", **change, AttributeValue="{}")
    told = (await sns.call("get_topic_attributes", TopicArn=topic))["Attributes"]
    assert not {"ArchivePolicy", "BeginningArchiveTime"} & told.keys()
    with pytest.raises(InvalidParameter, match="the topic has no ArchivePolicy"):
        await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    again = '{"MessageRetentionPeriod": "30"}'
    await sns.call("set_topic_attributes", **change, AttributeValue=again)
    queue, subscription = await subscribe(sns, topic, "q.fifo", ReplayPolicy=EVERYTHING)
    await completed(sns, subscription)
    assert await sns.queues.for_services.receive(queue, 10, 30, 0) == []


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        '{"MessageRetentionPeriod": "0"}',
        '{"MessageRetentionPeriod": "366"}',
        '{"MessageRetentionPeriod": "1e2"}',
        '{"MessageRetentionPeriod": true}',
        '{"MessageRetentionPeriod": null}',
        '{"Days": 3}',
    ],
)
async def test_what_is_no_archive_policy_is_refused(sns: Sns, policy: str) -> None:
    with pytest.raises(InvalidParameter, match="ArchivePolicy"):
        await sns.topic("t.fifo", FifoTopic="true", ArchivePolicy=policy)


async def test_a_standard_topic_has_no_archive(sns: Sns) -> None:
    with pytest.raises(InvalidParameter, match="only valid for FIFO topics"):
        await sns.topic("t", ArchivePolicy='{"MessageRetentionPeriod": "30"}')


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "5",
        '{"PointType": "Place", "StartingPoint": "2026-01-01T00:00:00Z"}',
        '{"PointType": "Timestamp"}',
        '{"PointType": "Timestamp", "StartingPoint": "yesterday"}',
        '{"PointType": "Timestamp", "StartingPoint": 5}',
        '{"PointType": "Timestamp", "StartingPoint": "2026-01-01", "EndingPoint": "2025-01-01"}',
        '{"PointType": "Timestamp", "StartingPoint": "2026-01-01", "Speed": 2}',
    ],
)
async def test_what_is_no_replay_policy_is_refused(sns: Sns, policy: str) -> None:
    topic = await archived(sns)
    with pytest.raises(InvalidParameter, match="ReplayPolicy"):
        await subscribe(sns, topic, "q.fifo", ReplayPolicy=policy)
