"""What decides who may use queues: their policies and their tags.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-access-control.html
"""

from collections.abc import Mapping

from ingle.iam.policy import Policy
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.policies_and_tags import CompiledPolicies, tag_keys
from ingle.services.sqs.names import key_of_arn
from ingle.services.sqs.store import SqsStore


class SqsResources(Resources):
    """Tells of queues.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: SqsStore) -> None:
        self._store = store
        self._policies = CompiledPolicies()

    @property
    def changes(self) -> int:
        """A number that grows with every change of policies and tags."""
        return self._store.changes

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the policy of a queue; None where it has none."""
        key = key_of_arn(arn)
        live = None if key is None else self._store.get(key)
        document = None if live is None else live.queue.attributes.get("Policy")
        return self._policies.of(arn, document) if document else None

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of a queue as condition keys."""
        key = key_of_arn(arn)
        live = None if key is None else self._store.get(key)
        tags = {} if live is None else live.queue.tags
        return tag_keys(tags)
