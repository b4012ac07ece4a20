"""Who else may use a function, a version or an alias: its resource-based policy.

Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html.
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import LATEST
from ingle.services.lambda_.store import LambdaStore


class Policies:
    """The policies of functions, versions and aliases.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: LambdaStore) -> None:
        self._store = store.policies

    def statements(self, key: FunctionKey, qualifier: str = "") -> tuple[Mapping[str, Any], ...]:
        """Give the statements of a policy, in AWS's form; none where there is no policy.

        Args:
            key: the function's.
            qualifier: a version's number or an alias's name; "" or `$LATEST` for the function.
        """
        policy = self._store.get(key, "" if qualifier == LATEST else qualifier)
        return () if policy is None else policy.statements
