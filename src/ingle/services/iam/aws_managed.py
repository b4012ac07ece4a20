"""AWS's own managed policies, which every account has, under their real ARNs.

The data file is made by `scripts/aws_managed_policies.py`. It has the version that counts of each
policy, and no others; AWS does not publish their ids, so these follow from their ARNs.
"""

import base64
import hashlib
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import orjson

from ingle.services.iam.ids import Prefix
from ingle.services.iam.model import ManagedPolicy, PolicyVersion, arn

OWNER = "aws"
"""What their ARNs have in the place of the account."""

_FILE = Path(__file__).with_name("aws_managed.json.xz")
_ID_LENGTH = 21


class AwsManaged:
    """All of them, by ARN."""

    def __init__(self, policies: dict[str, ManagedPolicy]) -> None:
        self._policies = policies

    @classmethod
    def load(cls) -> Self:
        """Read the data file; takes a twentieth of a second."""
        policies = {}
        for name, path, version, created_ms, updated_ms, document in orjson.loads(
            lzma.decompress(_FILE.read_bytes())
        ):
            own_arn = arn(OWNER, "policy", path, name)
            policies[own_arn] = ManagedPolicy(
                account_id=OWNER,
                name=name,
                unique_id=_id(own_arn),
                path=path,
                description=None,
                default=version,
                last=version,
                versions=(PolicyVersion(version, document, updated_ms),),
                created_ms=created_ms,
                updated_ms=updated_ms,
            )
        return cls(policies)

    def get(self, policy_arn: str) -> ManagedPolicy | None:
        """Find one by its ARN, for instance `arn:aws:iam::aws:policy/ReadOnlyAccess`."""
        return self._policies.get(policy_arn)

    def __iter__(self) -> Iterator[ManagedPolicy]:
        """Go through them by name."""
        return iter(self._policies.values())

    def __len__(self) -> int:
        return len(self._policies)


def _id(policy_arn: str) -> str:
    digest = hashlib.sha256(policy_arn.encode()).digest()
    return (Prefix.POLICY + base64.b32encode(digest).decode("ascii"))[:_ID_LENGTH]
