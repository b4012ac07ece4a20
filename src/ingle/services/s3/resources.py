"""What decides who may use buckets and objects: bucket policies, and tags.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

import json
from collections.abc import Mapping

from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.s3.model import Bucket
from ingle.services.s3.public import is_public
from ingle.services.s3.store import BucketStore

_PREFIX = "arn:aws:s3:::"


class S3Resources(Resources):
    """Tells of buckets and of what is in them.

    Args:
        store: where buckets are kept.
    """

    def __init__(self, store: BucketStore) -> None:
        self._store = store
        # By name: the bucket that it was compiled of, and the result.
        self._compiled: dict[str, tuple[Bucket, Policy]] = {}

    @property
    def changes(self) -> int:
        """A number that grows with every change of a bucket."""
        return self._store.changes

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the policy of the bucket that an ARN is of, or in; None where there is none."""
        bucket = self._bucket(arn)
        text = None if bucket is None else bucket.settings.get("policy")
        if bucket is None or text is None:
            return None
        known = self._compiled.get(bucket.name)
        if known is not None and known[0] is bucket:
            return known[1]
        policy = Policy.parse(text, PolicyKind.RESOURCE, bucket.arn)
        blocked = bucket.settings.get("public_access", {}).get("RestrictPublicBuckets")
        if blocked and is_public(policy):
            policy = _restricted(text, bucket)
        self._compiled[bucket.name] = (bucket, policy)
        return policy

    def owner(self, arn: str) -> str | None:
        """Return the account that a bucket is of."""
        bucket = self._bucket(arn)
        return None if bucket is None else bucket.account_id

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the account of a bucket, and its tags where the ARN is that of the bucket."""
        bucket = self._bucket(arn)
        if bucket is None:
            return {}
        keys: dict[str, Values] = {"s3:resourceaccount": (bucket.account_id,)}
        if "/" not in arn:
            for name, value in bucket.settings.get("tags", {}).items():
                keys[f"aws:resourcetag/{name.lower()}"] = (value,)
        return keys

    def _bucket(self, arn: str) -> Bucket | None:
        if not arn.startswith(_PREFIX):
            return None
        return self._store.get(arn[len(_PREFIX) :].partition("/")[0])


def _restricted(text: str, bucket: Bucket) -> Policy:
    """Let a public policy count only within the account of the bucket."""
    document = json.loads(text)
    statements = document["Statement"]
    document["Statement"] = [
        *([statements] if isinstance(statements, dict) else statements),
        {
            "Sid": "RestrictPublicBuckets",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket.arn, f"{bucket.arn}/*"],
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": bucket.account_id},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    ]
    return Policy.parse(document, PolicyKind.RESOURCE, bucket.arn)
