"""The tags of objects, and their access control lists.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from ingle.services.s3.checksums import check_document
from ingle.services.s3.facts import checked_tags, tag_pairs, tag_set
from ingle.services.s3.limits import OBJECT
from ingle.services.s3.model import Version
from ingle.services.s3.names import bucket_of
from ingle.services.s3.objects import Objects, origin_of
from ingle.services.s3.ownership import acl, check_list
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Tagging:
    """The operations on tags and access control lists of objects.

    Args:
        buckets: where objects are.
        versions: where they are kept.
        objects: finds them.
    """

    def __init__(self, buckets: BucketStore, versions: VersionStore, objects: Objects) -> None:
        self._buckets = buckets
        self._versions = versions
        self._objects = objects

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set the tags of an object in place of those that it has."""
        check_document(context.request.body, context.request.headers)
        tags = checked_tags(tag_pairs(request["Tagging"]), OBJECT.tags, "Object")
        return await self._set(context, request, tags, "ObjectTagging:Put")

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Remove the tags of an object."""
        return await self._set(context, request, {}, "ObjectTagging:Delete")

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of an object."""
        bucket = bucket_of(self._buckets, context, request)
        version = await self._objects.existing(context, request, bucket)
        answer: ServiceOutput = {"TagSet": tag_set(version.facts.tags)}
        if bucket.versioning:
            answer["VersionId"] = version.version_id
        return answer

    async def get_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the access control list of an object, which is that of its bucket."""
        bucket = bucket_of(self._buckets, context, request)
        await self._objects.existing(context, request, bucket)
        return acl(bucket)

    async def put_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Accept the access control list that every object has anyway."""
        bucket = bucket_of(self._buckets, context, request)
        check_document(context.request.body, context.request.headers)
        await self._objects.existing(context, request, bucket)
        check_list(request, bucket)
        return {}

    async def _set(
        self, context: CallContext, request: ServiceInput, tags: dict[str, str], name: str
    ) -> ServiceOutput:
        bucket = bucket_of(self._buckets, context, request)

        def check(found: Version | None) -> None:
            self._objects.check(found, context, request, bucket)

        version = await self._versions.set_tags(
            bucket,
            request["Key"],
            request.get("VersionId"),
            tags,
            name,
            origin_of(context),
            check,
        )
        return {"VersionId": version.version_id} if bucket.versioning else {}
