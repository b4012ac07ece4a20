"""What is set on buckets: versioning, policy, CORS, encryption, public access, ownership, tags.

Each is kept as the API has it, under a name of its own in `Bucket.settings`.
"""

import json
from typing import Any

from ingle.auth.authorizer import Authorizer
from ingle.iam.policy import MalformedPolicy as NoPolicy
from ingle.iam.policy import Policy, PolicyKind
from ingle.services.s3.buckets import BLOCKED
from ingle.services.s3.checksums import check_document
from ingle.services.s3.cors import check_rules
from ingle.services.s3.errors import (
    AccessDenied,
    IllegalVersioning,
    InvalidArgument,
    MalformedPolicy,
    MalformedXml,
    NoConfiguration,
    NoSuchBucketPolicy,
    NotSupported,
)
from ingle.services.s3.facts import checked_tags, tag_pairs, tag_set
from ingle.services.s3.later import refuse_later
from ingle.services.s3.limits import BUCKET
from ingle.services.s3.model import Bucket
from ingle.services.s3.names import bucket_of
from ingle.services.s3.ownership import ENFORCED, acl, check_list
from ingle.services.s3.public import is_public
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_DEFAULT_ENCRYPTION = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}


class Settings:
    """The operations on settings of buckets.

    Args:
        store: where buckets are kept.
        authorizer: lets a policy be set that blocks nobody, where nobody is refused.
    """

    def __init__(self, store: BucketStore, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer

    async def put_versioning(self, context: CallContext, request: ServiceInput) -> None:
        """Enable or suspend versioning."""
        bucket = self._bucket(context, request)
        wanted = request["VersioningConfiguration"]
        refuse_later(wanted, "versioning")
        status = wanted.get("Status")
        if status is None:
            raise IllegalVersioning
        await self._store.change(bucket, {"versioning": status})

    async def get_versioning(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe the versioning of a bucket; nothing, if it never was enabled."""
        status = self._bucket(context, request).versioning
        return {"Status": status} if status else {}

    async def put_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Set the policy of a bucket."""
        bucket = self._bucket(context, request)
        text = request["Policy"]
        policy = _parsed(text, bucket)
        blocked = bucket.settings.get("public_access", {}).get("BlockPublicPolicy")
        if blocked and is_public(policy):
            fault = (
                f"User: {context.principal_arn} is not authorized to perform: s3:PutBucketPolicy "
                f'on resource: "{bucket.arn}" because public policies are prevented by the '
                "BlockPublicPolicy setting in S3 Block Public Access"
            )
            if not self._authorizer.forgives(fault):
                raise AccessDenied(fault)
        await self._store.change(bucket, {"policy": text})

    async def get_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the policy of a bucket, as it was set."""
        return {"Policy": self._policy(self._bucket(context, request))}

    async def delete_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete the policy of a bucket."""
        await self._store.change(self._bucket(context, request), {"policy": None})

    async def policy_status(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say whether the policy of a bucket lets everybody in."""
        bucket = self._bucket(context, request)
        return {"PolicyStatus": {"IsPublic": is_public(_parsed(self._policy(bucket), bucket))}}

    async def put_cors(self, context: CallContext, request: ServiceInput) -> None:
        """Set which pages of browsers may use a bucket."""
        bucket = self._bucket(context, request)
        check_rules(request["CORSConfiguration"]["CORSRules"])
        await self._store.change(bucket, {"cors": request["CORSConfiguration"]})

    async def get_cors(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give these rules."""
        return self._configuration(
            context,
            request,
            "cors",
            "NoSuchCORSConfiguration",
            "The CORS configuration does not exist",
        )

    async def delete_cors(self, context: CallContext, request: ServiceInput) -> None:
        """Delete these rules."""
        await self._store.change(self._bucket(context, request), {"cors": None})

    async def put_encryption(self, context: CallContext, request: ServiceInput) -> None:
        """Set how objects are encrypted: with keys of the server's, as all are."""
        bucket = self._bucket(context, request)
        configuration = request["ServerSideEncryptionConfiguration"]
        for rule in configuration["Rules"]:
            algorithm = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
            if algorithm not in (None, "AES256"):
                raise NotSupported(
                    f"SSEAlgorithm {algorithm} is not supported by this version of Ingle. "
                    "Use AES256."
                )
        await self._store.change(bucket, {"encryption": configuration})

    async def get_encryption(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say how objects are encrypted."""
        found = self._bucket(context, request).settings.get("encryption", _DEFAULT_ENCRYPTION)
        return {"ServerSideEncryptionConfiguration": found}

    async def delete_encryption(self, context: CallContext, request: ServiceInput) -> None:
        """Set back how objects are encrypted."""
        await self._store.change(self._bucket(context, request), {"encryption": None})

    async def put_public_access(self, context: CallContext, request: ServiceInput) -> None:
        """Set what keeps everybody out."""
        bucket = self._bucket(context, request)
        wanted = request["PublicAccessBlockConfiguration"]
        full = {name: bool(wanted.get(name)) for name in BLOCKED}
        await self._store.change(bucket, {"public_access": full})

    async def get_public_access(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say what keeps everybody out."""
        found = self._configuration(
            context,
            request,
            "public_access",
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )
        return {"PublicAccessBlockConfiguration": found}

    async def delete_public_access(self, context: CallContext, request: ServiceInput) -> None:
        """Keep nobody out but by policy."""
        await self._store.change(self._bucket(context, request), {"public_access": None})

    async def put_ownership(self, context: CallContext, request: ServiceInput) -> None:
        """Set who owns what is put into a bucket."""
        bucket = self._bucket(context, request)
        rules = request["OwnershipControls"].get("Rules", ())
        if len(rules) != 1 or rules[0].get("ObjectOwnership") not in (
            ENFORCED,
            "BucketOwnerPreferred",
            "ObjectWriter",
        ):
            raise MalformedXml
        await self._store.change(bucket, {"ownership": {"Rules": rules}})

    async def get_ownership(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say who owns what is put into a bucket."""
        found = self._configuration(
            context,
            request,
            "ownership",
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
        )
        return {"OwnershipControls": found}

    async def delete_ownership(self, context: CallContext, request: ServiceInput) -> None:
        """Let who puts an object own it."""
        await self._store.change(self._bucket(context, request), {"ownership": None})

    async def put_tags(self, context: CallContext, request: ServiceInput) -> None:
        """Set the tags of a bucket in place of those that it has."""
        bucket = self._bucket(context, request)
        tags = checked_tags(tag_pairs(request["Tagging"]), BUCKET.tags, "Bucket")
        await self._store.change(bucket, {"tags": tags or None})

    async def get_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a bucket."""
        found = self._configuration(
            context, request, "tags", "NoSuchTagSet", "The TagSet does not exist"
        )
        return {"TagSet": tag_set(found)}

    async def delete_tags(self, context: CallContext, request: ServiceInput) -> None:
        """Remove the tags of a bucket."""
        await self._store.change(self._bucket(context, request), {"tags": None})

    async def put_acl(self, context: CallContext, request: ServiceInput) -> None:
        """Accept the access control list that every bucket has anyway."""
        check_list(request, self._bucket(context, request))

    async def get_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the access control list of a bucket."""
        return acl(self._bucket(context, request))

    def _bucket(self, context: CallContext, request: ServiceInput) -> Bucket:
        bucket = bucket_of(self._store, context, request)
        check_document(context.request.body, context.request.headers)
        return bucket

    def _configuration(
        self, context: CallContext, request: ServiceInput, name: str, code: str, message: str
    ) -> dict[str, Any]:
        bucket = self._bucket(context, request)
        found: dict[str, Any] | None = bucket.settings.get(name)
        if found is None:
            raise NoConfiguration(code, message, bucket.name)
        return found

    @staticmethod
    def _policy(bucket: Bucket) -> str:
        text: str | None = bucket.settings.get("policy")
        if text is None:
            raise NoSuchBucketPolicy(BucketName=bucket.name)
        return text


def _parsed(text: str, bucket: Bucket) -> Policy:
    """Check a bucket policy: what it says must be about the bucket, or about what is in it."""
    if len(text.encode()) > BUCKET.policy_bytes:
        raise InvalidArgument(f"Policies must not exceed {BUCKET.policy_bytes} bytes.")
    try:
        policy = Policy.parse(text, PolicyKind.RESOURCE, bucket.arn)
    except NoPolicy as error:
        raise MalformedPolicy(str(error)) from error
    document = json.loads(text)
    statements = document["Statement"]
    for each in [statements] if isinstance(statements, dict) else statements:
        if "Principal" not in each and "NotPrincipal" not in each:
            raise MalformedPolicy("Missing required field Principal")
        resources = each.get("Resource", ())
        for resource in [resources] if isinstance(resources, str) else resources:
            name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
            if not resource.startswith("arn:aws:s3:::") or name != bucket.name:
                raise MalformedPolicy("Policy has invalid resource")
    return policy
