"""Deliveries of events to targets, for the services that have targets.

What `add` has written is brought to its target at least once, or to its dead-letter queue.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.clock import Clock
from ingle.services.cloudwatch.api import Metrics
from ingle.services.delivering.dead_letters import DeadLetters
from ingle.services.delivering.dispatcher import Dispatcher
from ingle.services.delivering.limits import MEMORY, RETRY
from ingle.services.delivering.measuring import Measuring
from ingle.services.delivering.model import (
    Delivery,
    DeliveryFailed,
    Done,
    NotYet,
    Sender,
    Shape,
    Step,
)
from ingle.services.delivering.permission import Bringers, condition_keys
from ingle.services.delivering.senders import (
    FlushedSink,
    FunctionSender,
    LogSender,
    QueueSender,
    TopicSender,
    failed,
)
from ingle.services.delivering.store import DeliveryStore
from ingle.services.neighbours import Functions, Queues, Topics
from ingle.storage.database import Database

__all__ = [
    "RETRY",
    "Bringers",
    "Deliveries",
    "Delivery",
    "DeliveryFailed",
    "Done",
    "NotYet",
    "Sender",
    "Shape",
    "Step",
    "condition_keys",
    "failed",
]


class Deliveries:
    """Brings events to targets.

    Args:
        database: where they are until they are delivered.
        directory: knows the roles of targets.
        authorizer: decides what may be delivered.
        queues: targets, and dead-letter queues.
        sink: takes what is for logs.
        metrics: keep what is counted.
        clock: the time of day.

    Attributes:
        bringers: know who brings an event.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        authorizer: Authorizer,
        queues: Queues,
        sink: FlushedSink,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._store = DeliveryStore(database)
        self.bringers = Bringers(directory, authorizer)
        self._senders: dict[str, Sender] = {
            "sqs": QueueSender(queues, self.bringers),
            "logs": LogSender(sink, clock),
        }
        self._carried: set[str] = set()
        self._shapes: dict[str, Shape] = {}
        self._dispatcher = Dispatcher(
            self._store,
            self._senders,
            self._shapes,
            DeadLetters(queues, self.bringers),
            Measuring(metrics),
            clock,
        )

    def invoke_with(self, functions: Functions) -> None:
        """Let functions be targets."""
        self._senders["lambda"] = FunctionSender(functions, self.bringers)

    def publish_with(self, topics: Topics) -> None:
        """Let topics be targets."""
        self._senders["sns"] = TopicSender(topics, self.bringers)

    def has(self, service: str) -> bool:
        """Say whether a service's resources can be targets, by how ARNs call it."""
        return service in self._senders and service not in self._carried

    def send_with(self, service: str, sender: Sender) -> None:
        """Let the resources of a service be targets."""
        self._senders[service] = sender

    def carry_with(self, service: str, sender: Sender) -> None:
        """Bring to a service's resources what `add` is given, without letting them be targets."""
        self._carried.add(service)
        self._senders[service] = sender

    def shape_with(self, principal: str, shape: Shape) -> None:
        """Say what targets get, by the principal of the service that brings it."""
        self._shapes[principal] = shape

    @property
    def crowded(self) -> bool:
        """Whether so many wait that who can wait should."""
        return self._dispatcher.crowded

    async def add(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
        """Deliver within a transaction what can be, and write the rest.

        `added` is to be told of all of them after it.
        """
        rest = [
            each
            for number, each in enumerate(deliveries)
            if number >= MEMORY.promptly
            or not await self._dispatcher.deliver_promptly(connection, each)
        ]
        await self._store.insert(connection, rest)

    def added(self, deliveries: Sequence[Delivery]) -> None:
        """Go on with what `add` has delivered or written."""
        if deliveries:
            self._dispatcher.added(deliveries)

    async def start(self) -> None:
        """Take up what was not delivered before."""
        await self._dispatcher.start()

    def stop(self) -> None:
        """Begin no more deliveries; what waits is on disk."""
        self._dispatcher.stop()

    async def close(self) -> None:
        """Wait for the deliveries that are under way."""
        await self._dispatcher.close()
