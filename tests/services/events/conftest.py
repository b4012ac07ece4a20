"""EventBridge on a real database, with queues as targets; it can be left and opened again."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.delivering.api import Deliveries
from ingle.services.events.api import EventsService
from ingle.services.events.store import EventsStore
from ingle.services.iam.directory import Directory
from ingle.services.iam.store import IamStore
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.store import SqsStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.model import method_name
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, REGION, context

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
LETS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
            "Condition": {"ArnLike": {"aws:SourceArn": f"{ARN}rule/*"}},
        },
    }
)


class Events:
    """The service, and what is around it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.service: EventsService
        self.sqs: SqsService
        self.deliveries: Deliveries
        self.sink: Sink
        self.metrics: Metrics
        self.identities: IamStore
        self.authorizer: Authorizer

    async def open(self) -> None:
        """Open it; again, as a restart does, after `close`."""
        self.identities = await IamStore.open(self.database, KEYS)
        directory = Directory(self.identities, {}.get)
        authorizer = self.authorizer = Authorizer(directory, self.clock)
        self.sink = await Sink.open(LogsStore(self.database), self.clock)
        store = await SqsStore.open(self.database, self.clock, KEYS)
        self.sqs = SqsService(store, self.database, authorizer, self.clock)
        authorizer.tell("sqs", self.sqs.resources)
        self.metrics = await Metrics.open(MetricsStore(self.database), self.clock)
        self.deliveries = Deliveries(
            self.database,
            directory,
            authorizer,
            self.sqs.for_services,
            self.sink,
            self.metrics,
            self.clock,
        )
        events = await EventsStore.open(self.database, KEYS)
        self.service = EventsService(events, self.deliveries, self.metrics, self.clock)
        authorizer.tell("events", self.service.resources)
        await self.deliveries.start()
        self.service.start()

    async def close(self) -> None:
        """Leave everything in memory behind."""
        await self.service.close()
        await self.deliveries.close()
        await self.service.hang_up()
        await self.sqs.close()
        await self.sink.close()
        await self.metrics.close()

    async def call(self, operation: str, **members: Any) -> Any:
        """Call an operation."""
        return await getattr(self.service, method_name(operation))(context(), members)

    async def refused(self, operation: str, **members: Any) -> ServiceError:
        """Call what must be refused; return the error."""
        with pytest.raises(ServiceError) as caught:
            await self.call(operation, **members)
        return caught.value

    async def queue(self, name: str = "q", policy: str = LETS) -> str:
        """Make a queue that rules may send to; return its ARN."""
        attributes = {"Policy": policy} if policy else {}
        request = {"QueueName": name, "Attributes": attributes}
        await self.sqs.create_queue(context(), request)
        return QUEUE + name

    async def rule(self, pattern: Any, name: str = "r", **target: Any) -> None:
        """Make a rule with a queue as its target."""
        await self.call("PutRule", Name=name, EventPattern=json.dumps(pattern))
        target = {"Id": "t", "Arn": f"{QUEUE}q"} | target
        await self.call("PutTargets", Rule=name, Targets=[target])

    async def put(self, **members: Any) -> Any:
        """Put an event."""
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"} | members
        return await self.call("PutEvents", Entries=[entry])

    async def message(self, queue: str = "q") -> Any:
        """Wait for a message, and delete it."""
        request = {
            "QueueUrl": queue,
            "WaitTimeSeconds": 20,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        }
        [found] = (await self.sqs.receive_message(context(), request))["Messages"]
        await self.sqs.delete_message(
            context(), {"QueueUrl": queue, "ReceiptHandle": found["ReceiptHandle"]}
        )
        return found

    async def body(self, queue: str = "q") -> str:
        """Wait for a message; return its body."""
        return str((await self.message(queue))["Body"])


@pytest.fixture
async def events(database: Database, clock: ManualClock) -> AsyncIterator[Events]:
    made = Events(database, clock)
    await made.open()
    yield made
    await made.close()
