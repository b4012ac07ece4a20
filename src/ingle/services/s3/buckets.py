"""CreateBucket, HeadBucket, ListBuckets, DeleteBucket, GetBucketLocation."""

from dataclasses import dataclass

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services import paging
from ingle.services.s3.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    IllegalLocationConstraint,
    InvalidArgument,
    NotSupported,
    S3Error,
    TooManyBuckets,
)
from ingle.services.s3.facts import checked_tags
from ingle.services.s3.later import refuse_later
from ingle.services.s3.limits import BUCKET, PAGE
from ingle.services.s3.model import Bucket
from ingle.services.s3.names import bucket_of, check_bucket_name
from ingle.services.s3.ownership import ENFORCED, check_acl, owner
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

CLASSIC = "us-east-1"
"""The region whose endpoint makes buckets in any region, and whose buckets tell no location."""
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html"""


@dataclass(unsafe_hash=True)
class _Asked:
    """An operation that is authorised here: the bucket may be another account's."""

    name: str
    service: str


_CREATE = _Asked("CreateBucket", "s3")


class Buckets:
    """The operations on buckets themselves.

    Args:
        store: where they are kept.
        authorizer: says who may make one.
        clock: tells when they were made.
    """

    def __init__(self, store: BucketStore, authorizer: Authorizer, clock: Clock) -> None:
        self._store = store
        self._authorizer = authorizer
        self._clock = clock

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a bucket; in us-east-1, making one that the caller has already does nothing."""
        name = request["Bucket"]
        there = self._store.get(name)
        if there is not None and there.account_id != context.account_id:
            raise BucketAlreadyExists(BucketName=name)
        self._authorizer.check(
            context.identity, context.request, _CREATE, request, context.request_id
        )
        check_bucket_name(name)
        configuration = request.get("CreateBucketConfiguration", {})
        region = _location(context, configuration)
        if configuration.get("Location") or configuration.get("Bucket"):
            raise NotSupported("Directory buckets are not supported by this version of Ingle.")
        refuse_later(request, "bucket")
        tags = [(tag["Key"], tag["Value"]) for tag in configuration.get("Tags", ())]
        rules = [{"ObjectOwnership": request.get("ObjectOwnership", ENFORCED)}]
        settings = {
            "ownership": {"Rules": rules},
            "public_access": BLOCKED,
            "tags": checked_tags(tags, BUCKET.tags, "Bucket") or None,
        }
        settings = {key: value for key, value in settings.items() if value is not None}
        check_acl(request, Bucket(0, name, context.account_id, region, 0, settings))
        if len(self._store.list(context.account_id)) >= BUCKET.number:
            raise TooManyBuckets
        now_ms = int(self._clock.time() * 1000)
        made = await self._store.add(name, context.account_id, region, now_ms, settings)
        if made is None:
            self._refuse_again(context, name)
        return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}

    async def head(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say whether there is a bucket, and where."""
        bucket = bucket_of(self._store, context, request)
        return {"BucketRegion": bucket.region, "BucketArn": bucket.arn, "AccessPointAlias": False}

    async def location(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say in which region a bucket is; us-east-1 is told as nothing."""
        bucket = bucket_of(self._store, context, request)
        return {"LocationConstraint": "" if bucket.region == CLASSIC else bucket.region}

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the buckets of the caller's account by name."""
        prefix, region = request.get("Prefix", ""), request.get("BucketRegion")
        most = request.get("MaxBuckets", PAGE.buckets)
        if not 1 <= most <= PAGE.buckets:
            raise InvalidArgument(
                f"Argument max-buckets must be an integer between 1 and {PAGE.buckets}",
                ArgumentName="max-buckets",
                ArgumentValue=str(most),
            )
        found = [
            each
            for each in self._store.list(context.account_id)
            if each.name.startswith(prefix) and region in (None, each.region)
        ]
        token = request.get("ContinuationToken") or None
        try:
            page, following = paging.page(found, lambda each: each.name, token, most)
        except paging.BadToken as error:
            raise InvalidArgument(
                "The continuation token provided is incorrect", ArgumentName="continuation-token"
            ) from error
        answer: ServiceOutput = {
            "Buckets": [
                {
                    "Name": each.name,
                    "CreationDate": each.created_ms / 1000,
                    "BucketRegion": each.region,
                    "BucketArn": each.arn,
                }
                for each in page
            ],
            "Owner": owner(context.account_id),
        }
        if following is not None:
            answer["ContinuationToken"] = following
        if "Prefix" in request:
            answer["Prefix"] = prefix
        return answer

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a bucket that is empty."""
        await self._store.remove(bucket_of(self._store, context, request))

    def _refuse_again(self, context: CallContext, name: str) -> None:
        there = self._store.existing(name)
        if there.account_id != context.account_id:
            raise BucketAlreadyExists(BucketName=name)
        if not (there.region == context.region == CLASSIC):
            raise BucketAlreadyOwnedByYou(BucketName=name)


def _location(context: CallContext, configuration: ServiceInput) -> str:
    asked: str | None = configuration.get("LocationConstraint") or None
    if asked == "EU":
        asked = "eu-west-1"
    if asked is None:
        if context.region != CLASSIC:
            raise IllegalLocationConstraint(
                "The unspecified location constraint is incompatible for the region specific "
                "endpoint this request was sent to."
            )
        return CLASSIC
    if context.region not in (asked, CLASSIC):
        raise IllegalLocationConstraint(
            f"The {asked} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
    if asked == CLASSIC:
        error = S3Error("The specified location-constraint is not valid", LocationConstraint=asked)
        error.error_code = "InvalidLocationConstraint"
        raise error
    return asked
