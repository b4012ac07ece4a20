"""PutBucketNotificationConfiguration and GetBucketNotificationConfiguration."""

from ingle.clock import Clock
from ingle.services.s3.checksums import check_document
from ingle.services.s3.names import bucket_of
from ingle.services.s3.notifications.checking import checked
from ingle.services.s3.notifications.destinations import Destinations
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.s3.notifications.notifier import SETTING
from ingle.services.s3.notifications.rules import rules_of
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Notifications:
    """The operations on what buckets tell.

    Args:
        store: where buckets are kept.
        clock: tells when test events are sent.
    """

    def __init__(self, store: BucketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._destinations: Destinations | None = None

    def tell(self, neighbours: Neighbours) -> None:
        """Say whom buckets may tell."""
        self._destinations = Destinations(neighbours)

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Set what a bucket tells, in place of what it told; nothing to tell nothing any more."""
        bucket = bucket_of(self._store, context, request)
        check_document(context.request.body, context.request.headers)
        configuration = checked(request["NotificationConfiguration"], bucket)
        rules = rules_of(configuration).rules
        if rules and not request.get("SkipDestinationValidation"):
            assert self._destinations is not None, "it was not said whom buckets tell"
            self._destinations.check(bucket, rules)
            await self._destinations.test(bucket, rules, context.request_id, self._clock.time())
        await self._store.change(bucket, {SETTING: configuration or None})

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell what a bucket tells."""
        bucket = bucket_of(self._store, context, request)
        return dict(bucket.settings.get(SETTING, {}))
