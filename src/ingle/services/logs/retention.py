"""How long log groups keep their events.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

import logging

from ingle.clock import Clock
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.groups import group_key
from ingle.services.logs.limits import GROUP
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.store import LogsStore
from ingle.wire.service import CallContext, ServiceInput

logger = logging.getLogger(__name__)

# AWS deletes within 72 hours what has expired; nobody sees it any more meanwhile.
_EVERY_S = 3600.0
# In one transaction, so that the writes of others are not held up.
_ROWS_AT_ONCE = 500


class Retention:
    """The operations on retention.

    Args:
        lookup: finds groups.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Say how many days the events of a group are kept."""
        days = request["retentionInDays"]
        if days not in GROUP.retention_days:
            allowed = ", ".join(map(str, GROUP.retention_days))
            raise InvalidParameter(
                f"retentionInDays must be one of the following values: {allowed}; got {days}."
            )
        group = await self._lookup.group(group_key(context, request))
        await self._lookup.store.set_retention(group.id, days)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Keep the events of a group for good."""
        group = await self._lookup.group(group_key(context, request))
        await self._lookup.store.set_retention(group.id, None)


async def keep_deleting(store: LogsStore, clock: Clock) -> None:
    """Delete every hour what has expired, for as long as this runs."""
    while True:
        try:
            await delete_expired(store, int(clock.time() * 1000))
        except Exception:
            logger.exception("Expired log events could not be deleted; the next attempt is in 1 h")
        await clock.sleep(_EVERY_S)


async def delete_expired(store: LogsStore, now_ms: int) -> None:
    """Delete the rows all of whose events have expired."""
    for group in await store.expiring():
        while await store.expire(group.id, group.expired_ms(now_ms), _ROWS_AT_ONCE):
            pass
