"""The ARNs of managed policies."""

import re

from ingle.services.iam.model import ManagedPolicy

_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy/.+")
_SERVICE_PATH = "/aws-service-role/"


def is_policy_arn(arn: str) -> bool:
    """Say whether this is the ARN of a managed policy, there or not."""
    return _ARN.fullmatch(arn) is not None


def is_service_policy(policy: ManagedPolicy) -> bool:
    """Say whether a policy is for service-linked roles only."""
    return policy.account_id == "aws" and policy.path.startswith(_SERVICE_PATH)
