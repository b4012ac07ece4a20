"""Topics on a real database under a clock that tests move: what time decides, mails, restarts."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.services.iam.directory import Directory
from ingle.services.iam.store import IamStore
from ingle.services.sns.api import SnsService
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.store import SnsStore
from ingle.services.sns.tables import signing_keys
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.store import SqsStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, OTHER_ACCOUNT, REGION, context

TWO_DAYS_S = 2 * 86400


class Relay:
    """A mail relay on this machine that takes everything."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[str] = asyncio.Queue()
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                text = (await reader.readuntil(b"\r\n.\r\n")).decode()
                self.mails.put_nowait(text)
            if verb == "QUIT":
                break
            writer.write(b"250 fine\r\n")
        writer.close()
        await writer.wait_closed()


class Site:
    """An HTTP endpoint that takes everything."""

    def __init__(self) -> None:
        self.bodies: asyncio.Queue[str] = asyncio.Queue()
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        assert length is not None
        self.bodies.put_nowait((await reader.readexactly(int(length[1]))).decode())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()


class Sns:
    """The service, and what is around it."""

    def __init__(self, database: Database, clock: ManualClock, relay: str) -> None:
        self.database, self.clock, self.relay = database, clock, relay

    async def open(self) -> None:
        identities = await IamStore.open(self.database, KEYS)
        authorizer = Authorizer(Directory(identities, {}.get), self.clock)
        store = await SqsStore.open(self.database, self.clock, KEYS)
        self.queues = SqsService(store, self.database, authorizer, self.clock)
        authorizer.tell("sqs", self.queues.resources)
        self.service = SnsService(
            store=await SnsStore.open(self.database, self.clock),
            database=self.database,
            keys=KEYS,
            authorizer=authorizer,
            clock=self.clock,
            functions=no_functions,
            queues=self.queues.for_services,
            endpoint="http://127.0.0.1:4566",
            mail_relay=self.relay,
            mail_sender="topics@example.org",
        )
        await self.service.start()

    async def close(self) -> None:
        await self.service.close()
        await self.queues.close()

    async def call(self, name: str, account_id: str = ACCOUNT, **members: Any) -> Any:
        return await getattr(self.service, name)(context(account_id), members)

    async def topic(self, name: str, **attributes: str) -> str:
        answer = await self.call("create_topic", Name=name, Attributes=attributes)
        return str(answer["TopicArn"])


async def open_queue(sns: Sns, name: str, **attributes: str) -> str:
    """Make a queue that takes messages of every topic; return its ARN."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    attributes = {"Policy": policy, **attributes}
    members = {"QueueName": name, "Attributes": attributes}
    await sns.queues.create_queue(context(ACCOUNT), members)
    return arn


def no_functions() -> Any:
    raise AssertionError("no function subscribed")


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    made = Relay()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def sns(database: Database, clock: ManualClock, relay: Relay) -> AsyncIterator[Sns]:
    made = Sns(database, clock, relay.url)
    await made.open()
    yield made
    await made.close()


def link_in(mail: str) -> Request:
    unfolded = mail.replace("=\r\n", "").replace("=3D", "=")
    found = re.search(r"http://127.0.0.1:4566/\?(\S+)", unfolded)
    assert found is not None, mail
    return Request("GET", "/", found[1])


async def mail_about(relay: Relay, subject: str) -> str:
    """Wait for a mail; what was on its way at a restart may come twice."""
    while f"Subject: {subject}\r\n" not in (mail := await relay.mails.get()):
        pass
    return mail


async def test_an_address_confirms_by_a_link_gets_mails_and_leaves_by_a_link(
    sns: Sns, relay: Relay
) -> None:
    topic = await sns.topic("news")
    members = {"TopicArn": topic, "Protocol": "email", "Endpoint": "you@example.org"}
    answer = await sns.call("subscribe", **members)
    assert answer == {"SubscriptionArn": "pending confirmation"}
    invitation = await relay.mails.get()
    assert "To: you@example.org" in invitation
    confirmed = await sns.service.pages.answer(link_in(invitation))
    assert confirmed is not None
    assert confirmed.status == 200
    await sns.call("publish", TopicArn=topic, Message="hello\n.you", Subject="Greetings")
    mail = await relay.mails.get()
    assert "Subject: Greetings" in mail
    assert "hello" in mail
    left = await sns.service.pages.answer(link_in(mail))
    assert left is not None
    assert left.status == 200
    assert await sns.call("list_subscriptions_by_topic", TopicArn=topic) == {"Subscriptions": []}


async def test_a_token_is_good_for_two_days(sns: Sns, relay: Relay) -> None:
    topic = await sns.topic("news")
    members = {"TopicArn": topic, "Protocol": "email", "Endpoint": "you@example.org"}
    await sns.call("subscribe", **members)
    request = link_in(await relay.mails.get())
    await sns.clock.advance(TWO_DAYS_S + 1)
    answer = await sns.service.pages.answer(request)
    assert answer is not None
    assert answer.status == 400


async def test_copies_are_known_for_five_minutes_also_after_a_restart(sns: Sns) -> None:
    topic = await sns.topic("t.fifo", FifoTopic="true")
    message = {"Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = await sns.call("publish", TopicArn=topic, **message)
    await sns.close()
    await sns.open()
    assert await sns.call("publish", TopicArn=topic, **message) == first
    await sns.clock.advance(301)
    later = await sns.call("publish", TopicArn=topic, **message)
    assert later["MessageId"] != first["MessageId"]
    assert later["SequenceNumber"] > first["SequenceNumber"]


async def test_by_group_a_copy_is_one_within_its_group(sns: Sns) -> None:
    topic = await sns.topic("t.fifo", FifoTopic="true", FifoThroughputScope="MessageGroup")
    message = {"TopicArn": topic, "Message": "m", "MessageDeduplicationId": "d"}
    one, two = [await sns.call("publish", MessageGroupId=each, **message) for each in "ab"]
    assert one["MessageId"] != two["MessageId"]


async def test_what_could_not_be_written_is_no_copy_of_what_comes_again(sns: Sns) -> None:
    topic = await sns.topic("t.fifo", FifoTopic="true")
    queue = await open_queue(sns, "q.fifo", FifoQueue="true")
    raw = {"RawMessageDelivery": "true"}
    await sns.call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=raw)
    message = {"Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"}

    async def sql(text: str) -> None:
        async def run(connection: AsyncConnection) -> None:
            await connection.exec_driver_sql(text)

        await sns.database.write(run)

    await sql(
        "CREATE TRIGGER broken BEFORE INSERT ON sqs_messages "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    )
    with pytest.raises(DBAPIError, match="the disk is full"):
        await sns.call("publish", TopicArn=topic, **message)
    await sql("DROP TRIGGER broken")
    await sns.call("publish", TopicArn=topic, **message)
    found = await sns.queues.for_services.receive(queue, 10, 30, 0)
    assert [each.content.body for each in found] == ["m"]


@pytest.mark.parametrize("restart", ["no restart", "a restart", "a restart without a key"])
async def test_the_first_message_of_all_can_come_within_a_transaction(
    sns: Sns, restart: str
) -> None:
    topic, queue = await sns.topic("t"), await open_queue(sns, "q")
    await sns.call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    if restart != "no restart":
        await sns.close()
        if restart == "a restart without a key":
            # Older versions of Ingle made no key before a message was signed.
            await sns.database.write(lambda connection: connection.execute(delete(signing_keys)))
        await sns.open()

    async def run(connection: AsyncConnection) -> Any:
        return await sns.service.for_services.add(connection, topic, {"Message": "m"})

    async with asyncio.timeout(60):
        applied = await sns.database.write(run)
    applied()
    assert len(await sns.queues.for_services.receive(queue, 10, 30, 0)) == 1


async def test_one_queue_that_takes_no_message_keeps_it_from_no_other(sns: Sns) -> None:
    topic = await sns.topic("t")
    small = await open_queue(sns, "small", MaximumMessageSize="1024")
    queues = [await open_queue(sns, f"q{number}") for number in range(3)]
    for each in (*queues[:2], small, queues[2]):
        await sns.call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=each)
    await sns.call("publish", TopicArn=topic, Message="x" * 2000)
    for each in queues:
        assert len(await sns.queues.for_services.receive(each, 10, 30, 0)) == 1
    assert await sns.queues.for_services.receive(small, 10, 30, 0) == []


async def test_a_topic_has_two_hundred_filter_policies(sns: Sns) -> None:
    topic = await sns.topic("t")
    policy = {"Attributes": {"FilterPolicy": '{"a": ["b"]}'}}

    async def subscribe(number: int, **more: Any) -> Any:
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{number}"
        return await sns.call("subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue, **more)

    await asyncio.gather(*(subscribe(number, **policy) for number in range(200)))
    with pytest.raises(ServiceError) as caught:
        await subscribe(200, **policy)
    assert caught.value.error_code == "FilterPolicyLimitExceeded"
    answer = await subscribe(200)
    with pytest.raises(ServiceError) as caught:
        await sns.call(
            "set_subscription_attributes",
            **answer,
            AttributeName="FilterPolicy",
            AttributeValue='{"a": ["b"]}',
        )
    assert caught.value.error_code == "FilterPolicyLimitExceeded"


async def test_what_was_made_is_there_after_a_restart(sns: Sns) -> None:
    topic = await sns.topic("t", DisplayName="T")
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    attributes = {"FilterPolicy": '{"a": ["b"]}', "RawMessageDelivery": "true"}
    members = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    made = await sns.call("subscribe", **members, Attributes=attributes)
    before = await sns.call("get_subscription_attributes", **made)
    await sns.close()
    await sns.open()
    assert await sns.call("get_subscription_attributes", **made) == before
    assert (await sns.call("subscribe", **members)) == made
    told = await sns.call("get_topic_attributes", TopicArn=topic)
    assert told["Attributes"]["DisplayName"] == "T"
    with pytest.raises(InvalidParameter, match="already exists with different attributes"):
        await sns.call("subscribe", **members, Attributes={"FilterPolicy": '{"a": ["c"]}'})


async def test_what_nobody_confirms_is_forgotten_after_two_days(sns: Sns) -> None:
    topic = await sns.topic("t")
    queue = f"arn:aws:sqs:{REGION}:{OTHER_ACCOUNT}:q"
    members = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    answer = await sns.call("subscribe", **members, ReturnSubscriptionArn=True)
    listed = (await sns.call("list_subscriptions_by_topic", TopicArn=topic))["Subscriptions"]
    assert [each["SubscriptionArn"] for each in listed] == ["PendingConfirmation"]
    await sns.clock.advance(TWO_DAYS_S)
    # Who asks again has two days again.
    assert await sns.call("subscribe", **members, ReturnSubscriptionArn=True) == answer
    await sns.clock.advance(TWO_DAYS_S + 1)
    assert await sns.call("list_subscriptions_by_topic", TopicArn=topic) == {"Subscriptions": []}
    await sns.close()
    await sns.open()
    with pytest.raises(ServiceError, match="Subscription does not exist"):
        await sns.call("get_subscription_attributes", **answer)


async def test_an_account_that_subscribes_its_own_queue_confirms_it(sns: Sns) -> None:
    topic = await sns.topic("t")
    queue = f"arn:aws:sqs:{REGION}:{OTHER_ACCOUNT}:q"
    members = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    pending = await sns.call("subscribe", **members)
    assert pending == {"SubscriptionArn": "pending confirmation"}
    answer = await sns.call("subscribe", OTHER_ACCOUNT, **members)
    assert answer["SubscriptionArn"].startswith(topic)


async def test_who_was_unsubscribed_by_somebody_can_take_it_back_for_two_days(
    sns: Sns, relay: Relay
) -> None:
    topic = await sns.topic("news")
    members = {"TopicArn": topic, "Protocol": "email", "Endpoint": "you@example.org"}
    await sns.call("subscribe", **members)
    await sns.service.pages.answer(link_in(await relay.mails.get()))
    for wait_s, status, count in ((TWO_DAYS_S, 200, 1), (TWO_DAYS_S + 1, 400, 0)):
        await sns.call("publish", TopicArn=topic, Message="m")
        mail = await mail_about(relay, "AWS Notification Message")
        await sns.service.pages.answer(link_in(mail))
        farewell = await mail_about(relay, "AWS Notification - Unsubscribe Confirmation")
        await sns.close()
        await sns.open()
        await sns.clock.advance(wait_s)
        answer = await sns.service.pages.answer(link_in(farewell))
        assert answer is not None
        assert answer.status == status
        listed = await sns.call("list_subscriptions_by_topic", TopicArn=topic)
        assert len(listed["Subscriptions"]) == count


async def test_an_owner_who_ends_a_subscription_by_mail_sends_no_farewell(
    sns: Sns, relay: Relay
) -> None:
    topic = await sns.topic("news")
    members = {"TopicArn": topic, "Protocol": "email", "Endpoint": "you@example.org"}
    answer = await sns.call("subscribe", **members, ReturnSubscriptionArn=True)
    await sns.service.pages.answer(link_in(await relay.mails.get()))
    await sns.call("unsubscribe", **answer)
    await sns.call("subscribe", **members)
    assert "Subscription Confirmation" in await relay.mails.get()


async def test_an_endpoint_gets_no_more_a_second_than_it_wants(sns: Sns, site: Site) -> None:
    topic = await sns.topic("t")
    policy = '{"throttlePolicy": {"maxReceivesPerSecond": 2}}'
    members = {"TopicArn": topic, "Protocol": "http", "Endpoint": site.url}
    await sns.call("subscribe", **members, Attributes={"DeliveryPolicy": policy})
    link = json.loads(await site.bodies.get())["SubscribeURL"]
    await sns.service.pages.answer(Request("GET", "/", link.partition("?")[2]))
    await sns.clock.advance(10)
    began = sns.clock.now
    for number in range(4):
        await sns.call("publish", TopicArn=topic, Message=str(number))
    came: list[float] = []
    while len(came) < 4:
        while not site.bodies.empty():
            site.bodies.get_nowait()
            came.append(sns.clock.now - began)
        await sns.clock.advance(0.01)
        await asyncio.sleep(0)
    assert came[0] < 0.5
    assert all(at >= number * 0.5 - 0.01 for number, at in enumerate(came))


async def test_the_certificate_is_the_same_after_a_restart(sns: Sns) -> None:
    signer = sns.service.pages._signer
    assert signer.certificate() is None
    topic = await sns.topic("t")
    before = signer.certificate()
    assert before is not None
    # What a topic has sent can be verified after its end, too.
    await sns.call("delete_topic", TopicArn=topic)
    await sns.close()
    await sns.open()
    assert sns.service.pages._signer.certificate() == before
    answer = await sns.service.pages.answer(Request("GET", f"/{before[0]}"))
    assert answer is not None
    assert answer.body == before[1].encode()
