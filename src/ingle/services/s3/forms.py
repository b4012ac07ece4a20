"""Objects that browsers post as forms.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.clock import Clock
from ingle.services.s3.errors import AccessDenied, InvalidArgument, MalformedXml
from ingle.services.s3.form_policy import check_policy
from ingle.services.s3.form_reader import FormReader
from ingle.services.s3.limits import OBJECT
from ingle.services.s3.names import bucket_of
from ingle.services.s3.objects import Objects
from ingle.services.s3.store import BucketStore
from ingle.wire.errors import Serialization
from ingle.wire.http import Request, Response
from ingle.wire.service import CallContext, ServiceInput
from ingle.wire.uploads import Plain, Upload
from ingle.wire.xml_values import DECLARATION, escape_text, load_xml, local_name

Identify = Callable[[Request, Mapping[str, str]], Identity]
"""Finds out who signed the policy of a form."""

_MEMBERS = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-type": "ContentType",
    "acl": "ACL",
    "x-amz-storage-class": "StorageClass",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
}
_METADATA = "x-amz-meta-"
_FILE_NAME = "${filename}"


class Forms:
    """Takes forms.

    Args:
        store: where buckets are kept.
        objects: stores what is posted.
        authorizer: says who may.
        clock: tells whether a policy has expired.
    """

    def __init__(
        self, store: BucketStore, objects: Objects, authorizer: Authorizer, clock: Clock
    ) -> None:
        self._store = store
        self._objects = objects
        self._authorizer = authorizer
        self._clock = clock

    async def post(
        self,
        request: Request,
        name: str,
        pieces: AsyncIterator[bytes],
        identify: Identify,
        request_id: str,
    ) -> Response:
        """Store what a form posts to a bucket.

        Raises:
            ServiceError: S3's.
        """
        reader = FormReader(pieces, request.headers.get("content-type", ""))
        fields = await reader.fields()
        if not fields.get("key"):
            raise InvalidArgument(
                "Bucket POST must contain a field named 'key'.  If it is specified, please check "
                "the order of the fields.",
                ArgumentName="key",
            )
        fields["key"] = fields["key"].replace(_FILE_NAME, fields["file"])
        identity = identify(request, fields)
        context = CallContext(
            request_id,
            identity.account_id,
            identity.region,
            identity.principal_arn,
            request,
            f"{request.scheme}://{request.host}",
            identity=identity,
        )
        wanted = _wanted(fields, name)
        bucket = bucket_of(self._store, context, wanted)
        bounds = (0, OBJECT.put_bytes)
        if "policy" in fields:
            now = self._clock.time()
            bounds = check_policy(fields["policy"], fields, name, now, OBJECT.put_bytes)
        elif identity.access_key_id:
            raise AccessDenied("Bucket POST must contain a field named 'policy'.")
        arn = f"{bucket.arn}/{wanted['Key']}"
        self._authorizer.require(context, "s3:PutObject", arn)
        if "Tagging" in wanted:
            self._authorizer.require(context, "s3:PutObjectTagging", arn)
        wanted["Body"] = Upload(reader.file(), Plain(), None)
        made = await self._objects.store(context, wanted, bucket, "ObjectCreated:Post", bounds)
        return _answer(fields, context, name, wanted["Key"], made["ETag"])


def _wanted(fields: Mapping[str, str], bucket: str) -> ServiceInput:
    """Read what PutObject takes out of a form."""
    wanted: dict[str, Any] = {"Bucket": bucket, "Key": fields["key"]}
    wanted |= {member: fields[name] for name, member in _MEMBERS.items() if name in fields}
    metadata = {
        name.removeprefix(_METADATA): value
        for name, value in fields.items()
        if name.startswith(_METADATA)
    }
    if metadata:
        wanted["Metadata"] = metadata
    if fields.get("tagging"):
        wanted["Tagging"] = urlencode(_tags(fields["tagging"]))
    return wanted


def _tags(document: str) -> list[tuple[str, str]]:
    """Read tags, which forms have as XML and PutObject as a query string."""
    try:
        root = load_xml(document.encode())
    except Serialization as error:
        raise MalformedXml from error
    tags = []
    for tag in root.iter():
        if local_name(tag.tag) == "Tag":
            told = {local_name(each.tag): each.text or "" for each in tag}
            if told.keys() != {"Key", "Value"}:
                raise MalformedXml
            tags.append((told["Key"], told["Value"]))
    return tags


def _answer(
    fields: Mapping[str, str], context: CallContext, bucket: str, key: str, etag: str
) -> Response:
    location = f"{context.endpoint}/{bucket}/{quote(key)}"
    headers = [("ETag", etag), ("Location", location), ("x-amz-request-id", context.request_id)]
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if redirect and redirect.isprintable() and urlsplit(redirect).scheme in ("http", "https"):
        query = urlencode({"bucket": bucket, "key": key, "etag": etag})
        target = f"{redirect}{'&' if '?' in redirect else '?'}{query}"
        return Response(303, [("ETag", etag), ("Location", target)])
    status = fields.get("success_action_status")
    if status == "201":
        told = {"Location": location, "Bucket": bucket, "Key": key, "ETag": etag}
        body = "".join(f"<{name}>{escape_text(value)}</{name}>" for name, value in told.items())
        text = f"{DECLARATION}<PostResponse>{body}</PostResponse>"
        return Response(201, [*headers, ("Content-Type", "application/xml")], text.encode())
    return Response(200 if status == "200" else 204, headers)
