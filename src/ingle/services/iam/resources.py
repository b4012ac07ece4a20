"""What decides who may change identities: their full ARNs, tags and permissions boundaries.

Requests name identities without their paths, and in whichever case; policies name them in full.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.iam.store import IamStore

_ARN = re.compile(r"arn:aws:iam::(\d{12}):([a-z-]+)/(.+)")


class _Named(Protocol):
    """An identity."""

    @property
    def arn(self) -> str: ...


class IamResources(Resources):
    """Tells of users, groups, roles, policies, and what else IAM has.

    Its changes are those of the directory, which whoever decides compares anyway.

    Args:
        store: where identities are kept.
    """

    def __init__(self, store: IamStore) -> None:
        self._store = store
        self._find: Mapping[str, Callable[[str, str], _Named | None]] = {
            "user": store.users.get,
            "group": store.groups.get,
            "role": store.roles.get,
            "policy": store.policies.get,
            "instance-profile": store.instance_profiles.get,
            "server-certificate": store.server_certificates.get,
            "oidc-provider": store.oidc_providers.get,
        }

    def full_arn(self, arn: str) -> str:
        """Complete the ARN of an identity that is named without a path."""
        match = _ARN.fullmatch(arn)
        if match is None or "/" in match[3]:
            return arn
        found = self._named(*match.groups())
        return arn if found is None else found.arn

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags and the permissions boundary of an identity as condition keys."""
        match = _ARN.fullmatch(arn)
        if match is None:
            return {}
        account_id, kind, rest = match.groups()
        name = rest if kind == "oidc-provider" else rest.rpartition("/")[2]
        found = self._named(account_id, kind, name)
        keys: dict[str, Values] = {}
        for tag, value in getattr(found, "tags", {}).items():
            keys[f"aws:resourcetag/{tag.lower()}"] = (value,)
            keys[f"iam:resourcetag/{tag.lower()}"] = (value,)
        boundary = getattr(found, "boundary", None)
        if boundary is not None:
            keys["iam:permissionsboundary"] = (boundary,)
        return keys

    def _named(self, account_id: str, kind: str, name: str) -> _Named | None:
        find = self._find.get(kind)
        return None if find is None else find(account_id, name)
