"""A Logs service on a real database."""

import base64
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.services.cloudwatch.api import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.iam.directory import Directory
from ingle.services.iam.store import IamStore
from ingle.services.logs.api import LogsService
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.services.logs.watching import Watching
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, REGION, context

GROUP = "/aws/lambda/hello"
STREAM = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
NOW_MS = int(ManualClock.START * 1000)


@dataclass
class Logs:
    """The service, and what is around it."""

    service: LogsService
    sink: Sink
    store: LogsStore
    clock: ManualClock
    watching: Watching
    metrics: Metrics
    functions: "Functions"
    buckets: "Buckets"

    def write(self, *events: tuple[int, str], stream: str = STREAM, group: str = GROUP) -> None:
        """Log events as a sandbox does: a time after `NOW_MS`, and a message."""
        appender = self.sink.appender(ACCOUNT, REGION, group, stream)
        for after_ms, message in events:
            appender.append(NOW_MS + after_ms, message)

    async def get(self, **members: Any) -> Any:
        """Call GetLogEvents on the usual stream."""
        request = {"logGroupName": GROUP, "logStreamName": STREAM} | members
        return await self.service.get_log_events(context(), request)

    async def filter(self, **members: Any) -> Any:
        """Call FilterLogEvents on the usual group."""
        return await self.service.filter_log_events(context(), {"logGroupName": GROUP} | members)


class Functions:
    """Takes events for functions, as Lambda does; refuses those that it is told to."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any, str, str]] = []
        self.refusing: ServiceError | None = None

    async def enqueue(self, function: str, event: bytes, source: str, owner: str) -> str:
        if self.refusing is not None:
            raise self.refusing
        data = base64.b64decode(json.loads(event)["awslogs"]["data"])
        self.events.append((function, json.loads(gzip.decompress(data)), source, owner))
        return "id"

    @property
    def delivered(self) -> list[str]:
        """The messages that were delivered."""
        return [
            event["message"]
            for _, data, _, _ in self.events
            if data["messageType"] == "DATA_MESSAGE"
            for event in data["logEvents"]
        ]


class Buckets:
    """Takes objects, as S3 does; there is one bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def has_bucket(self, name: str) -> bool:
        return name == "bucket"

    async def write_within(
        self, connection: AsyncConnection, name: str, key: str, data: bytes, content_type: str
    ) -> Callable[[], None]:
        return lambda: self.objects.update({key: data})


@contextlib.asynccontextmanager
async def open_logs(database: Database, clock: ManualClock) -> AsyncIterator[Logs]:
    """Have the service on a database."""
    store = LogsStore(database)
    metrics = await Metrics.open(MetricsStore(database), clock)
    functions = Functions()
    watching = await Watching.open(database, store, metrics, clock, functions.enqueue)
    sink = await Sink.open(store, clock, watching=watching)
    authorizer = Authorizer(
        Directory(await IamStore.open(database, KEYS), {}.get), clock, enforced=False
    )
    buckets = Buckets()
    service = LogsService(store, database, sink, watching, buckets, authorizer, clock)
    try:
        yield Logs(service, sink, store, clock, watching, metrics, functions, buckets)
    finally:
        await service.close()
        await sink.close()
        await metrics.close()


@pytest.fixture
async def logs(database: Database, clock: ManualClock) -> AsyncIterator[Logs]:
    async with open_logs(database, clock) as opened:
        yield opened


def messages(answer: Any) -> list[str]:
    """Take the messages out of an answer."""
    return [event["message"] for event in answer["events"]]
