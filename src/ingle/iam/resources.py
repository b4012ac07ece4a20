"""What a service tells of its resources to those that decide who may use them."""

from collections.abc import Mapping
from typing import Any

from ingle.iam.policy import Policy
from ingle.iam.request import Values


class Resources:
    """The resources of a service, of which nothing is to be told; services override what they have.

    Everything is answered from memory and at once, for it is asked on the way of requests.
    """

    @property
    def changes(self) -> int:
        """A number that grows with every change of what is told; what is cached compares it."""
        return 0

    def full_arn(self, arn: str) -> str:
        """Complete an ARN of which a request tells only a part, such as a role's without its path.

        What needs no completing, or is not there, is returned as it is.
        """
        return arn

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the resource-based policy that an action is subject to; None if there is none.

        Args:
            action: for instance `lambda:InvokeFunction`.
            arn: the resource's, completed.
        """
        return None

    def owner(self, arn: str) -> str | None:
        """Return the account of a resource whose ARN does not tell it; None if it is not there."""
        return None

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the condition keys that a resource has by itself.

        Returns:
            By their names in lower case: `aws:resourcetag/<name>`, `iam:permissionsboundary`, ….
        """
        return {}

    def keys_of_call(
        self, action: str, arn: str, params: Mapping[str, Any]
    ) -> Mapping[str, Values]:
        """Return the condition keys that follow from a resource and from what is asked of it.

        Args:
            action: for instance `lambda:RemovePermission`.
            arn: the resource's, completed.
            params: the call's input.

        Returns:
            As `keys`.
        """
        return {}


NO_RESOURCES = Resources()
"""Of a service that has none."""
