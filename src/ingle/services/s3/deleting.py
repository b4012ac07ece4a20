"""DeleteObject and DeleteObjects."""

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.s3 import conditions
from ingle.services.s3.checksums import check_document
from ingle.services.s3.errors import InvalidRequest, MalformedXml, NoSuchVersion
from ingle.services.s3.later import refuse_later
from ingle.services.s3.limits import PAGE
from ingle.services.s3.model import Bucket, Version
from ingle.services.s3.names import bucket_of, check_key, may_be_version
from ingle.services.s3.objects import origin_of
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Deleting:
    """The operations that delete objects.

    Args:
        buckets: where they are.
        versions: where they are kept.
        authorizer: says who may delete which.
        clock: tells when delete markers were made.
    """

    def __init__(
        self, buckets: BucketStore, versions: VersionStore, authorizer: Authorizer, clock: Clock
    ) -> None:
        self._buckets = buckets
        self._versions = versions
        self._authorizer = authorizer
        self._clock = clock

    async def one(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete an object, or one version of it; what is not there needs no deletion."""
        bucket = bucket_of(self._buckets, context, request)
        refuse_later(request, "deletion")
        return await self._delete(context, bucket, request)

    async def many(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete up to a thousand objects; each by itself succeeds or fails."""
        bucket = bucket_of(self._buckets, context, request)
        refuse_later(request, "deletion")
        headers = context.request.headers
        if "content-md5" not in headers and not any(
            name.startswith("x-amz-checksum-") for name in headers
        ):
            raise InvalidRequest("Missing required header for this request: Content-MD5")
        check_document(context.request.body, headers)
        wanted = request["Delete"].get("Objects", ())
        if not 1 <= len(wanted) <= PAGE.deleted:
            raise MalformedXml
        quiet = bool(request["Delete"].get("Quiet"))
        deleted, errors = [], []
        for each in wanted:
            told = {name: each[name] for name in ("Key", "VersionId") if each.get(name)}
            try:
                answer = await self._allowed(context, bucket, each)
            except ServiceError as error:
                errors.append({**told, "Code": error.error_code, "Message": error.message})
                continue
            if answer.get("DeleteMarker"):
                told |= {"DeleteMarker": True, "DeleteMarkerVersionId": answer["VersionId"]}
            if not quiet:
                deleted.append(told)
        return {"Deleted": deleted, "Errors": errors}

    async def _allowed(
        self, context: CallContext, bucket: Bucket, each: ServiceInput
    ) -> ServiceOutput:
        check_key(each["Key"])
        if each.get("VersionId") and not may_be_version(each["VersionId"]):
            raise NoSuchVersion
        action = "s3:DeleteObjectVersion" if each.get("VersionId") else "s3:DeleteObject"
        self._authorizer.require(context, action, f"{bucket.arn}/{each['Key']}")
        request: ServiceInput = {"Key": each["Key"]}
        if each.get("VersionId"):
            request["VersionId"] = each["VersionId"]
        if each.get("ETag"):
            request["IfMatch"] = each["ETag"]
        return await self._delete(context, bucket, request)

    async def _delete(
        self, context: CallContext, bucket: Bucket, request: ServiceInput
    ) -> ServiceOutput:
        key, version_id = request["Key"], request.get("VersionId")

        def check(found: Version | None) -> None:
            conditions.check_write(found, request, key)

        now_ms = int(self._clock.time() * 1000)
        gone = await self._versions.delete(
            bucket, key, version_id, now_ms, origin_of(context), check
        )
        answer: ServiceOutput = {}
        if gone is not None and gone.is_marker:
            answer["DeleteMarker"] = True
        if version_id is not None:
            answer["VersionId"] = version_id
        elif gone is not None and gone.is_marker:
            answer["VersionId"] = gone.version_id
        return answer
