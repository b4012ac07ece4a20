"""What decides who may use buses and rules: policies and tags.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions-manage.html
"""

from collections.abc import Mapping

from ingle.iam.policy import Policy
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.events.names import bus_of_arn, rule_of_arn
from ingle.services.events.store import EventsStore
from ingle.services.policies_and_tags import CompiledPolicies, tag_keys


class EventsResources(Resources):
    """Tells of buses and rules.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: EventsStore) -> None:
        self._store = store
        self._policies = CompiledPolicies()

    @property
    def changes(self) -> int:
        """A number that grows with every change of policies and tags."""
        return self._store.changes

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the policy of a bus, which counts for its rules too; None where it has none."""
        key = bus_of_arn(arn)
        if key is None:
            rule = rule_of_arn(arn)
            key = None if rule is None else rule.bus
        bus = None if key is None else self._store.bus(key)
        if bus is None or not bus.policy:
            return None
        return self._policies.of(arn, bus.policy, bus.key.arn)

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of a bus or a rule as condition keys."""
        tags: Mapping[str, str] = {}
        key = bus_of_arn(arn)
        rule_key = rule_of_arn(arn)
        if key is not None:
            bus = self._store.bus(key)
            tags = {} if bus is None else bus.tags
        elif rule_key is not None:
            rule = self._store.rule(rule_key)
            tags = {} if rule is None else rule.tags
        return tag_keys(tags)
