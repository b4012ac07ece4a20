"""An SQS service on a real database, which can be left and opened again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.services.iam.directory import Directory
from ingle.services.iam.store import IamStore
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.model import QueueKey
from ingle.services.sqs.store import SqsStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.model import method_name
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, REGION, context

ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


class Sqs:
    """The service, and what is around it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.keys = KEYS
        self.service: SqsService

    async def open(self) -> None:
        """Open it; again, as a restart does, after `close`."""
        identities = await IamStore.open(self.database, KEYS)
        authorizer = Authorizer(Directory(identities, {}.get), self.clock)
        store = await SqsStore.open(self.database, self.clock, self.keys)
        self.service = SqsService(store, self.database, authorizer, self.clock)
        authorizer.tell("sqs", self.service.resources)
        await self.service.start()

    async def restart(self) -> None:
        """Leave everything in memory behind."""
        await self.service.close()
        await self.open()

    async def call(self, operation: str, queue: str | None = None, **members: Any) -> Any:
        """Call an operation, on a queue by its name or its URL."""
        if queue is not None:
            members["QueueUrl"] = queue
        return await getattr(self.service, method_name(operation))(context(), members)

    async def refused(
        self, operation: str, queue: str | None = None, **members: Any
    ) -> ServiceError:
        """Call what must be refused; return the error."""
        with pytest.raises(ServiceError) as caught:
            await self.call(operation, queue, **members)
        return caught.value

    async def make(self, name: str, **attributes: str) -> str:
        """Make a queue; one whose name says so is a FIFO queue."""
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true"} | attributes
        return str(
            (await self.call("CreateQueue", QueueName=name, Attributes=attributes))["QueueUrl"]
        )

    async def send(self, queue: str, body: str, **members: Any) -> Any:
        """Send a message; to a FIFO queue with `group=…` and `copy=…`."""
        names = {"group": "MessageGroupId", "copy": "MessageDeduplicationId"}
        members = {names.get(name, name): value for name, value in members.items()}
        return await self.call("SendMessage", queue, MessageBody=body, **members)

    async def receive(self, queue: str, count: int = 10, **members: Any) -> list[Any]:
        """Receive messages with all that is known of them."""
        members = {
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        } | members
        answer = await self.call("ReceiveMessage", queue, MaxNumberOfMessages=count, **members)
        found: list[Any] = answer.get("Messages", [])
        return found

    async def bodies(self, queue: str, count: int = 10, **members: Any) -> list[str]:
        """Receive messages and take their bodies."""
        return [each["Body"] for each in await self.receive(queue, count, **members)]

    async def polled(self, queue: str, count: int = 1) -> None:
        """Return once so many callers wait for messages of a queue."""
        live = self.service._store.get(QueueKey(ACCOUNT, REGION, queue))
        assert live is not None
        while len(live._waiting) < count:
            await asyncio.sleep(0)
        # What tells them that their time is over begins to count after that.
        await asyncio.sleep(0)

    async def counts(self, queue: str) -> tuple[int, int, int]:
        """How many messages are ready, in flight, delayed."""
        answer = await self.call("GetQueueAttributes", queue, AttributeNames=["All"])
        told = answer["Attributes"]
        names = ("", "NotVisible", "Delayed")
        ready, hidden, delayed = (int(told[f"ApproximateNumberOfMessages{n}"]) for n in names)
        return ready, hidden, delayed


@pytest.fixture
async def sqs(database: Database, clock: ManualClock) -> AsyncIterator[Sqs]:
    made = Sqs(database, clock)
    await made.open()
    yield made
    await made.service.close()
