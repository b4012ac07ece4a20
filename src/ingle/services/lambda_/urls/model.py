"""The noun of this package."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Row

from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import function_arn

NONE, AWS_IAM = "NONE", "AWS_IAM"
"""Auth types."""
BUFFERED, RESPONSE_STREAM = "BUFFERED", "RESPONSE_STREAM"
"""Invoke modes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrl:
    """A function, or an alias of it, as an HTTP endpoint.

    Attributes:
        key: the function's.
        qualifier: the alias's name, or "" for the function itself, which is its `$LATEST`.
        url_id: what its host name begins with; 32 lower-case letters and digits, no other has it.
        auth_type: `NONE` or `AWS_IAM`.
        cors: AWS's structure Cors, as it was given; None without.
        invoke_mode: `BUFFERED` or `RESPONSE_STREAM`; None where it was never set, and is BUFFERED.
        created_us: in microseconds since the epoch.
        modified_us: likewise.
    """

    key: FunctionKey
    qualifier: str
    url_id: str
    auth_type: str
    cors: Mapping[str, Any] | None
    invoke_mode: str | None
    created_us: int
    modified_us: int

    @property
    def region(self) -> str:
        """Where it is."""
        return self.key[1]

    @property
    def arn(self) -> str:
        """The ARN of what it invokes."""
        return function_arn(*self.key, self.qualifier or None)

    @property
    def created(self) -> str:
        """When it was created, in AWS's form."""
        return _time(self.created_us)

    @property
    def modified(self) -> str:
        """When it was last changed, in AWS's form."""
        return _time(self.modified_us)

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.function_urls` besides key and qualifier."""
        return {
            "url_id": self.url_id,
            "auth_type": self.auth_type,
            "cors": None if self.cors is None else dict(self.cors),
            "invoke_mode": self.invoke_mode,
            "created_us": self.created_us,
            "modified_us": self.modified_us,
        }

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(
            key=key,
            qualifier=qualifier,
            url_id=row.url_id,
            auth_type=row.auth_type,
            cors=row.cors,
            invoke_mode=row.invoke_mode,
            created_us=row.created_us,
            modified_us=row.modified_us,
        )


def _time(microseconds: int) -> str:
    """Write a time as the answers about function URLs do: `2026-01-01T00:00:00.000000Z`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"
