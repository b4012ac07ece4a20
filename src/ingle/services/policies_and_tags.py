"""What services tell the authorizer of a resource that has a policy and tags."""

from collections.abc import Mapping

from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.request import Values

_KEPT = 4096


class CompiledPolicies:
    """Compiles the policies of resources, and keeps what came of that."""

    def __init__(self) -> None:
        # By ARN: what it was compiled of, and the result.
        self._compiled: dict[str, tuple[str, Policy]] = {}

    def of(self, arn: str, document: str, name: str | None = None) -> Policy:
        """Compile the policy of a resource; the same object comes back until it changes.

        Args:
            arn: what is asked for.
            document: the policy, JSON.
            name: what the policy is called when it is told what decided; the ARN where it is None.
        """
        known = self._compiled.get(arn)
        if known is not None and known[0] == document:
            return known[1]
        policy = Policy.parse(document, PolicyKind.RESOURCE, name or arn)
        if len(self._compiled) >= _KEPT:
            self._compiled.clear()
        self._compiled[arn] = (document, policy)
        return policy


def tag_keys(tags: Mapping[str, str]) -> dict[str, Values]:
    """Make condition keys of the tags of a resource."""
    return {f"aws:resourcetag/{name.lower()}": (value,) for name, value in tags.items()}
