"""What decides who may use topics: their policies and their tags.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from collections.abc import Mapping

from ingle.iam.policy import Policy
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.policies_and_tags import CompiledPolicies, tag_keys
from ingle.services.sns.model import LiveTopic
from ingle.services.sns.names import key_of_arn
from ingle.services.sns.store import SnsStore


class SnsResources(Resources):
    """Tells of topics.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: SnsStore) -> None:
        self._store = store
        self._policies = CompiledPolicies()

    @property
    def changes(self) -> int:
        """A number that grows with every change of policies and tags."""
        return self._store.changes

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the policy of a topic; None where it has none of its own."""
        live = self._live(arn)
        document = None if live is None else live.topic.attributes.get("Policy")
        return self._policies.of(arn, document) if document else None

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of a topic as condition keys."""
        live = self._live(arn)
        tags = {} if live is None else live.topic.tags
        return tag_keys(tags)

    def _live(self, arn: str) -> LiveTopic | None:
        key = key_of_arn(arn)
        return None if key is None else self._store.get(key)
