"""Filter policies: which messages of a topic a subscription is for.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html,
https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
"""

from collections.abc import Mapping
from typing import Any

import orjson

from ingle.services.event_patterns import EventPattern, InvalidPattern
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.limits import FILTER

ATTRIBUTES, BODY = SCOPES = ("MessageAttributes", "MessageBody")


class FilterPolicy:
    """A filter policy, compiled.

    Args:
        text: JSON.
        scope: what of a message it is about: `MessageAttributes` or `MessageBody`.

    Raises:
        InvalidParameter: it is none.
    """

    __slots__ = ("_pattern", "_scope")

    def __init__(self, text: str, scope: str) -> None:
        if len(text.encode()) > FILTER.bytes:
            raise _bad(f"Filter policy can not be larger than {FILTER.bytes} bytes")
        try:
            policy = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _bad("failed to parse JSON.") from None
        if not isinstance(policy, dict):
            raise _bad("failed to parse JSON. It must be an object.")
        try:
            # Without a key, a policy is for all. This also bounds how deep the others go.
            self._pattern = EventPattern(policy) if policy else None
        except InvalidPattern as error:
            raise _bad(str(error)) from error
        if scope == ATTRIBUTES:
            _check_flat(policy)
        keys, combinations = _complexity(policy)
        if keys > FILTER.keys:
            raise _bad(f"Filter policy can not have more than {FILTER.keys} keys")
        if combinations > FILTER.combinations:
            raise _bad("Filter policy is too complex")
        self._scope = scope

    def matches(self, attributes: Mapping[str, Mapping[str, Any]], body: str) -> bool:
        """Say whether a message is for the subscription.

        Args:
            attributes: its message attributes.
            body: what it says.
        """
        if self._pattern is None:
            return True
        if self._scope == ATTRIBUTES:
            return self._pattern.matches(_values(attributes))
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        return isinstance(said, dict) and self._pattern.matches(said)


def _values(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in attributes.items():
        kind: str = value["DataType"]
        text = value.get("StringValue")
        if text is None:  # binary ones are not looked at
            continue
        if kind == "String.Array" or kind.startswith("Number"):
            try:
                values[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                # What JSON cannot write of numbers, Python's own reading does.
                values[name] = float(text) if kind.startswith("Number") else text
        else:
            values[name] = text
    return values


def _check_flat(policy: Mapping[str, Any]) -> None:
    for name, rule in policy.items():
        if name == "$or":
            if isinstance(rule, list):
                for each in rule:
                    if isinstance(each, dict):
                        _check_flat(each)
        elif isinstance(rule, dict):
            raise InvalidParameter(
                "Filter policy scope MessageAttributes does not support nested filter policy"
            )


def _complexity(policy: Any, depth: int = 1) -> tuple[int, int]:
    """Count the keys that have values, and the combinations of values as AWS counts them."""
    keys, combinations = 0, 1
    for name, rule in policy.items():
        if name == "$or" and isinstance(rule, list):
            inner = [_complexity(each, depth) for each in rule if isinstance(each, dict)]
            keys += max((each[0] for each in inner), default=0)
            combinations *= max(1, sum(each[1] for each in inner))
        elif isinstance(rule, dict):
            more, product = _complexity(rule, depth + 1)
            keys += more
            combinations *= product
        elif isinstance(rule, list):
            keys += 1
            combinations *= max(1, len(rule)) * depth
    return keys, combinations


def _bad(why: str) -> InvalidParameter:
    return InvalidParameter(f"FilterPolicy: {why}")
