"""GetObjectAttributes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

from typing import Any

from ingle.services.s3.errors import InvalidArgument
from ingle.services.s3.limits import PAGE
from ingle.services.s3.model import Version
from ingle.services.s3.names import bucket_of
from ingle.services.s3.objects import Objects
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, Whole
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ATTRIBUTES = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


class Attributes:
    """Tells attributes of objects, also those of their parts.

    Args:
        buckets: where objects are.
        versions: where they are kept.
        objects: finds them.
    """

    def __init__(self, buckets: BucketStore, versions: VersionStore, objects: Objects) -> None:
        self._buckets = buckets
        self._versions = versions
        self._objects = objects

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell the attributes that the request names."""
        bucket = bucket_of(self._buckets, context, request)
        wanted = frozenset(request["ObjectAttributes"])
        if not wanted or not wanted <= _ATTRIBUTES:
            raise InvalidArgument(
                "Invalid attribute name specified.", ArgumentName="x-amz-object-attributes"
            )

        def check(found: Version | None) -> None:
            self._objects.check(found, context, request, bucket)

        whole = await self._versions.whole(bucket, request["Key"], request.get("VersionId"), check)
        assert whole is not None, "what is not there was refused"
        self._buckets.contents.release(whole.contents)
        version = whole.version
        answer: ServiceOutput = {"LastModified": version.modified_ms // 1000}
        if bucket.versioning:
            answer["VersionId"] = version.version_id
        told: dict[str, Any] = {
            "ETag": version.etag,
            "StorageClass": version.facts.storage_class,
            "ObjectSize": version.size,
        }
        if version.checksum is not None:
            told["Checksum"] = version.checksum.members
        if version.parts:
            told["ObjectParts"] = _parts(whole, request)
        return answer | {name: value for name, value in told.items() if name in wanted}


def _parts(whole: Whole, request: ServiceInput) -> dict[str, Any]:
    marker = request.get("PartNumberMarker", 0)
    most = min(request.get("MaxParts", PAGE.keys), PAGE.keys)
    # The parts themselves are told where each has a checksum.
    checked = whole.version.checksum is not None and whole.version.checksum.type == "COMPOSITE"
    after = [each for each in whole.contents if each.number > marker]
    page = after[:most]
    found: dict[str, Any] = {
        "TotalPartsCount": whole.version.parts,
        "PartNumberMarker": marker,
        "MaxParts": most,
        "IsTruncated": len(after) > most,
        "NextPartNumberMarker": page[-1].number if page else 0,
    }
    if checked:
        found["Parts"] = [
            {
                "PartNumber": each.number,
                "Size": each.size,
                **(
                    {f"Checksum{each.checksum.algorithm}": each.checksum.value}
                    if each.checksum is not None
                    else {}
                ),
            }
            for each in page
        ]
    return found
