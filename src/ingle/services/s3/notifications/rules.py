"""The rules of a notification configuration: which events of which keys go where.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from urllib.parse import unquote_plus

from ingle.services.s3.notifications.event_names import meant_by

LISTS: Mapping[str, str] = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
"""The lists of a configuration, and the member of their elements that names the destination."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One configuration: what is told to whom.

    Attributes:
        id: its name.
        list: of which list of the configuration it is.
        arn: the function, queue or topic.
        events: single events, without `s3:`.
        prefix: how keys begin.
        suffix: how they end.
    """

    id: str
    list: str
    arn: str
    events: frozenset[str]
    prefix: str
    suffix: str

    def matches(self, event: str, key: str) -> bool:
        """Say whether this event of this key is told."""
        return event in self.events and key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a bucket.

    Attributes:
        rules: those with a destination.
        bridged: whether everything is told to EventBridge.
    """

    rules: tuple[Rule, ...] = ()
    bridged: bool = False


def rules_of(configuration: Mapping[str, Any]) -> Rules:
    """Read a configuration, whose rules all have ids."""
    found = [
        _rule(name, arn, each)
        for name, arn in LISTS.items()
        for each in configuration.get(name, ())
    ]
    return Rules(tuple(found), "EventBridgeConfiguration" in configuration)


def overlap(rules: Sequence[Rule]) -> tuple[Rule, Rule] | None:
    """Find two rules that would tell of the same event of the same key; None where none do."""
    for one, other in combinations(rules, 2):
        if (
            not one.events.isdisjoint(other.events)
            and (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix))
            and (one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix))
        ):
            return one, other
    return None


def _rule(name: str, arn: str, each: Mapping[str, Any]) -> Rule:
    events = frozenset[str]().union(*map(meant_by, each["Events"]))
    filters = {"prefix": "", "suffix": ""}
    for rule in each.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        # Filters are URL-encoded, as keys are in records.
        filters[rule["Name"].lower()] = unquote_plus(rule.get("Value", ""))
    return Rule(each["Id"], name, each[arn], events, filters["prefix"], filters["suffix"])
