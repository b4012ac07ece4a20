"""Subscription filters to streams of Kinesis, whose part an HTTP endpoint of the test plays."""

import asyncio
import base64
import gzip
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.elsewhere import Elsewhere
from ingle.forwarding.forwarder import Forwarder
from ingle.forwarding.json_calls import JsonCalls
from ingle.services.delivering.api import Deliveries
from ingle.services.iam.api import IamService
from ingle.services.iam.directory import Directory
from ingle.services.iam.store import IamStore
from ingle.services.logs.kinesis import KinesisDeliveries
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.store import SqsStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, REGION, context
from tests.services.events.endpoint import Endpoint
from tests.services.logs.conftest import GROUP, Logs

ROLE = f"arn:aws:iam::{ACCOUNT}:role/to-streams"
TAKEN = (200, {}, b'{"ShardId": "shardId-000000000000", "SequenceNumber": "1"}')


def refused(code: str, status: int = 400) -> tuple[int, dict[str, str], bytes]:
    return status, {}, json.dumps({"__type": code, "message": f"{code} it is."}).encode()


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


class Streams:
    """A log group with a filter to a stream, and the Kinesis that has it."""

    def __init__(self, logs: Logs, endpoint: Endpoint) -> None:
        self.logs = logs
        self.endpoint = endpoint

    async def subscribe(self) -> None:
        self.endpoint.answers.append(TAKEN)
        members = {"logGroupName": GROUP, "filterName": "f", "filterPattern": ""}
        destination = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
        await self.logs.service.put_subscription_filter(
            context(), {**members, "destinationArn": destination, "roleArn": ROLE}
        )
        assert (await self.next())["messageType"] == "CONTROL_MESSAGE"

    async def write(self, *texts: str) -> None:
        self.logs.write(*((number, text) for number, text in enumerate(texts)))
        await self.logs.sink.flush()

    async def next(self) -> dict[str, Any]:
        """Wait for a record, the clock moving on meanwhile; return its document."""
        async with asyncio.timeout(30):
            while self.endpoint.came.empty():
                await self.logs.clock.advance(0.25)
                await asyncio.sleep(0)
        came = self.endpoint.came.get_nowait()
        assert came.headers["x-amz-target"] == "Kinesis_20131202.PutRecord"
        read: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(came.json()["Data"])))
        return read

    async def messages(self) -> list[str]:
        """Wait for a record; return the messages in it."""
        return [each["message"] for each in (await self.next())["logEvents"]]


@pytest.fixture
async def streams(database: Database, clock: ManualClock, logs: Logs) -> AsyncIterator[Streams]:
    identities = await IamStore.open(database, KEYS)
    iam, role = IamService(identities, clock), {"RoleName": "to-streams"}
    trust = document(Principal={"Service": "logs.amazonaws.com"}, Action="sts:AssumeRole")
    await iam.create_role(context(), {**role, "AssumeRolePolicyDocument": trust, "Path": "/"})
    policy = document(Action="kinesis:PutRecord", Resource="*")
    await iam.put_role_policy(context(), {**role, "PolicyName": "p", "PolicyDocument": policy})
    directory = Directory(identities, {}.get)
    authorizer = Authorizer(directory, clock)
    queues = SqsService(await SqsStore.open(database, clock, KEYS), database, authorizer, clock)
    deliveries = Deliveries(
        database, directory, authorizer, queues.for_services, logs.sink, logs.metrics, clock
    )
    endpoint = Endpoint()
    await endpoint.open()
    forwarder = Forwarder(Elsewhere("kinesis", endpoint.url, "AKIAX", "secret"), "kinesis")
    calls = JsonCalls(forwarder, "Kinesis", "Kinesis_20131202", "1.1")
    logs.watching.deliveries.streams = KinesisDeliveries(calls, database, deliveries, clock)
    await deliveries.start()
    await logs.service.create_log_group(context(), {"logGroupName": GROUP})
    made = Streams(logs, endpoint)
    await made.subscribe()
    yield made
    await deliveries.close()
    await forwarder.close()
    await endpoint.close()
    await queues.close()


@pytest.mark.parametrize(
    "answer",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("com.amazonaws#ThrottlingException"),
        refused("ExpiredTokenException"),
        refused("InternalFailure", 500),
        (502, {}, b"<html>Bad Gateway</html>"),
    ],
    ids=["throughput", "throttled", "key pair", "fault", "no JSON"],
)
async def test_what_may_pass_is_tried_again_with_the_same_record(
    streams: Streams, answer: tuple[int, dict[str, str], bytes]
) -> None:
    streams.endpoint.answers = [answer, answer, TAKEN]
    await streams.write("a", "b")
    first = await streams.next()
    assert [each["message"] for each in first["logEvents"]] == ["a", "b"]
    assert [await streams.next(), await streams.next()] == [first, first]
    streams.endpoint.answers = [TAKEN]
    await streams.write("c")
    assert await streams.messages() == ["c"]


async def test_what_fails_for_good_disables_a_filter_for_ten_minutes(
    streams: Streams, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    streams.endpoint.answers = [refused("ResourceNotFoundException"), TAKEN]
    await streams.write("lost")
    assert await streams.messages() == ["lost"]
    async with asyncio.timeout(30):
        while "is disabled for 600 s" not in caplog.text:
            await asyncio.sleep(0)
    assert "ResourceNotFoundException it is." in caplog.text
    await clock.advance(590)
    await streams.write("skipped")
    await clock.advance(60)
    await streams.write("back")
    assert await streams.messages() == ["back"]


async def test_an_event_too_large_for_a_record_is_lost_alone_and_that_is_said(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    streams.endpoint.answers = [TAKEN, TAKEN]
    draw = random.Random(1)
    wild = "".join(chr(draw.randrange(128)) for _ in range(1_040_000))
    await streams.write("before", wild, "after")
    assert {*await streams.messages(), *await streams.messages()} == {"before", "after"}
    assert "a record may have 1048544" in caplog.text


async def test_a_filter_whose_kinesis_is_not_configured_any_more_says_so_once(
    streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    streams.logs.watching.deliveries.streams = None
    for text in ("a", "b"):
        await streams.write(text)
    assert caplog.text.count("[services.kinesis] is not configured any more") == 1
    assert len((await streams.logs.filter())["events"]) == 2
