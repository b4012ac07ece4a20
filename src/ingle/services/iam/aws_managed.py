"""AWS's own managed policies, which every account has, under their real ARNs.

The data file is made by `scripts/aws_managed_policies.py`. It has the version that counts of each
policy, and no others; AWS does not publish their ids, so these follow from their ARNs.
"""

import base64
import dataclasses
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import orjson

from ingle.services.iam.ids import Prefix
from ingle.services.iam.model import ManagedPolicy, PolicyVersion, arn

OWNER = "aws"
"""What their ARNs have in the place of the account."""

_FILE = Path(__file__).with_name("aws_managed.zip")
_DOCUMENTS = 32
"""In one member of the archive."""
_ID_LENGTH = 21


class AwsManaged:
    """All of them, by ARN. Documents are read when they are wanted, and kept from then on.

    Args:
        policies: all policies without their documents, in the order of the archive.
    """

    def __init__(self, policies: list[ManagedPolicy]) -> None:
        self._policies = policies
        self._places = {each.arn: place for place, each in enumerate(policies)}
        self._whole: dict[str, ManagedPolicy] = {}

    @classmethod
    def load(cls) -> Self:
        """Read the archive's index; takes some 10 ms."""
        return cls([_policy(*each) for each in _member("index.json")])

    def get(self, policy_arn: str) -> ManagedPolicy | None:
        """Find one by its ARN, for instance `arn:aws:iam::aws:policy/ReadOnlyAccess`.

        The first time reads the disk, for half a millisecond.
        """
        policy = self._whole.get(policy_arn)
        if policy is None:
            place = self._places.get(policy_arn)
            if place is None:
                return None
            policy = self._whole[policy_arn] = self._with_document(place)
        return policy

    def __iter__(self) -> Iterator[ManagedPolicy]:
        """Go through them by name, to tell what there is: their documents are empty."""
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def _with_document(self, place: int) -> ManagedPolicy:
        policy = self._policies[place]
        document = _member(f"documents/{place // _DOCUMENTS}.json")[place % _DOCUMENTS]
        [version] = policy.versions
        return dataclasses.replace(policy, versions=(version._replace(document=document),))


def _member(name: str) -> list[Any]:
    with zipfile.ZipFile(_FILE) as archive:
        content: list[Any] = orjson.loads(archive.read(name))
    return content


def _policy(name: str, path: str, version: int, created_ms: int, updated_ms: int) -> ManagedPolicy:
    return ManagedPolicy(
        account_id=OWNER,
        name=name,
        unique_id=_id(arn(OWNER, "policy", path, name)),
        path=path,
        description=None,
        default=version,
        last=version,
        versions=(PolicyVersion(version, "", updated_ms),),
        created_ms=created_ms,
        updated_ms=updated_ms,
    )


def _id(policy_arn: str) -> str:
    digest = hashlib.sha256(policy_arn.encode()).digest()
    return (Prefix.POLICY + base64.b32encode(digest).decode("ascii"))[:_ID_LENGTH]
