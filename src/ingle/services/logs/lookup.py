"""Finds the log groups and streams that requests mean."""

import logging

from ingle.clock import Clock
from ingle.services.logs.errors import ServiceUnavailable, no_such_group, no_such_stream
from ingle.services.logs.model import Group, GroupKey, Stream
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore

logger = logging.getLogger(__name__)


class Lookup:
    """What every operation begins with.

    Args:
        store: where logs are kept.
        sink: holds what is not written yet.
        clock: the time of day.

    Attributes:
        store: as given.
    """

    def __init__(self, store: LogsStore, sink: Sink, clock: Clock) -> None:
        self.store = store
        self._sink = sink
        self._clock = clock

    @property
    def now_ms(self) -> int:
        """The time, in milliseconds since the epoch."""
        return int(self._clock.time() * 1000)

    async def group(self, key: GroupKey) -> Group:
        """Find a group, once all that was logged so far is in the database.

        Raises:
            ResourceNotFound: there is none.
            ServiceUnavailable: what was logged could not be written.
        """
        await self.written()
        group = await self.store.group(key)
        if group is None:
            raise no_such_group()
        return group

    async def stream(self, group: Group, name: str) -> Stream:
        """Find a stream of a group.

        Raises:
            ResourceNotFound: there is none.
        """
        stream = await self.store.stream(group.id, name)
        if stream is None:
            raise no_such_stream()
        return stream

    async def written(self) -> None:
        """Wait until all that was logged so far is in the database.

        Raises:
            ServiceUnavailable: it could not be written.
        """
        try:
            await self._sink.flush()
        except Exception as error:
            logger.exception("Log events that wait could not be written before reading")
            raise ServiceUnavailable(
                "The latest log events could not be stored; the server's own log says why."
            ) from error
