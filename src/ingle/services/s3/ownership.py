"""Who owns objects, and the access control lists that follow from it.

Unless a bucket says otherwise, its owner owns everything in it, and there are no lists but the one
that gives the owner full control. Buckets may say otherwise, but lists that let others in are not
supported: a bucket policy does that.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.iam.principal import canonical_user_id
from ingle.services.s3.errors import AclNotSupported, MissingSecurityHeader, NotSupported
from ingle.services.s3.model import Bucket
from ingle.wire.service import ServiceInput, ServiceOutput

ENFORCED = "BucketOwnerEnforced"
_HARMLESS = frozenset({"private", "bucket-owner-full-control", "bucket-owner-read"})
_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def ownership(bucket: Bucket) -> str:
    """Say who owns what is put into a bucket."""
    rules = bucket.settings.get("ownership")
    found: str = rules["Rules"][0]["ObjectOwnership"] if rules else "ObjectWriter"
    return found


def check_acl(request: ServiceInput, bucket: Bucket) -> None:
    """Check the access control list that a request wants for what it makes.

    Raises:
        AclNotSupported: the bucket has none.
        NotSupported: it would let somebody in.
    """
    acl = request.get("ACL")
    grants = [name for name in _GRANTS if request.get(name)]
    if ownership(bucket) == ENFORCED:
        # AWS refuses `private`, which is how everything is anyway. rclone asks every store for it.
        if grants or acl not in (None, "bucket-owner-full-control", "private"):
            raise AclNotSupported
    elif grants or acl not in (None, *_HARMLESS):
        raise NotSupported(
            f"{grants[0] if grants else f'ACL {acl}'} is not supported by this version of Ingle. "
            "Let others in with a bucket policy."
        )


def check_list(request: ServiceInput, bucket: Bucket) -> None:
    """Check the access control list that PutBucketAcl or PutObjectAcl sets.

    Raises:
        AclNotSupported: the bucket has none.
        MissingSecurityHeader: there is no list.
        NotSupported: it would let somebody in.
    """
    policy: Mapping[str, Any] | None = request.get("AccessControlPolicy")
    owner_id = canonical_user_id(bucket.account_id)
    if policy is not None:
        for grant in policy.get("Grants", ()):
            grantee = grant.get("Grantee", {})
            if grantee.get("ID") != owner_id or grant.get("Permission") != "FULL_CONTROL":
                if ownership(bucket) == ENFORCED:
                    raise AclNotSupported
                raise NotSupported(
                    "Access control lists that let others in are not supported by this version of "
                    "Ingle. Let others in with a bucket policy."
                )
    elif not any(request.get(name) for name in ("ACL", *_GRANTS)):
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    else:
        check_acl(request, bucket)


def owner(account_id: str) -> dict[str, str]:
    """Describe an account as S3 knows owners."""
    return {"ID": canonical_user_id(account_id)}


def acl(bucket: Bucket) -> ServiceOutput:
    """Describe the access control list of a bucket or of an object in it."""
    user = owner(bucket.account_id)
    grant = {"Grantee": {**user, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    return {"Owner": user, "Grants": [grant]}
