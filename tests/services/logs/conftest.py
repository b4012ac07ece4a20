"""A Logs service on a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from ingle.services.logs.api import LogsService
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION, context

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


@pytest.fixture
async def logs(database: Database, clock: ManualClock) -> AsyncIterator[Logs]:
    store = LogsStore(database)
    sink = await Sink.open(store, clock)
    yield Logs(LogsService(store, sink, clock), sink, store, clock)
    await sink.close()


def messages(answer: Any) -> list[str]:
    """Take the messages out of an answer."""
    return [event["message"] for event in answer["events"]]
