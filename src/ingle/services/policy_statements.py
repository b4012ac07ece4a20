"""Single statements of policies, which AddPermission adds and RemovePermission takes away.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from ingle.iam.principal import root_arn

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


def is_account(text: str) -> bool:
    """Whether a text is the number of an account."""
    return _ACCOUNT.fullmatch(text) is not None


class Statements:
    """The statements of a policy, which are changed here.

    Args:
        document: the policy, JSON, which was checked.
    """

    def __init__(self, document: str) -> None:
        self._policy: dict[str, Any] = orjson.loads(document)
        found = self._policy["Statement"]
        self._statements: list[dict[str, Any]] = [found] if isinstance(found, dict) else found

    def __contains__(self, label: object) -> bool:
        return any(each.get("Sid") == label for each in self._statements)

    def allow(
        self, label: str, accounts: Sequence[str], actions: Sequence[str], resource: str
    ) -> None:
        """Add a statement that lets accounts do something.

        Args:
            label: its `Sid`.
            accounts: their numbers.
            actions: with the service's prefix.
            resource: an ARN.
        """
        self._statements.append(
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": _one_or_all([root_arn(each) for each in accounts])},
                "Action": _one_or_all(actions),
                "Resource": resource,
            }
        )

    def remove(self, label: str) -> None:
        """Take the statements of a label away."""
        self._statements = [each for each in self._statements if each.get("Sid") != label]

    def written(self) -> str:
        """Write the policy; "" where it has no statement left."""
        if not self._statements:
            return ""
        return orjson.dumps({**self._policy, "Statement": self._statements}).decode()


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
