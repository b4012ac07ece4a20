"""What buckets do not have in this version of Ingle, told to those that ask, as AWS tells it.

Setting any of it is refused by name.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html and the like.
"""

from ingle.services.s3.errors import NoConfiguration
from ingle.services.s3.names import bucket_of
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Absent:
    """The operations that ask for it.

    Args:
        store: where buckets are kept.
    """

    def __init__(self, store: BucketStore) -> None:
        self._store = store

    async def nothing(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say that a bucket has no such setting."""
        bucket_of(self._store, context, request)
        return {}

    async def payer(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say who pays for requests: the bucket's owner."""
        bucket_of(self._store, context, request)
        return {"Payer": "BucketOwner"}

    async def replication(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say that nothing is replicated."""
        raise NoConfiguration(
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
            bucket_of(self._store, context, request).name,
        )

    async def object_lock(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say that nothing is locked."""
        raise NoConfiguration(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            bucket_of(self._store, context, request).name,
        )
