"""The noun of event source mappings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import function_arn

CREATING, ENABLING, ENABLED = "Creating", "Enabling", "Enabled"
DISABLING, DISABLED = "Disabling", "Disabled"
UPDATING, DELETING = "Updating", "Deleting"
"""States; https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html"""
REASON = "USER_INITIATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """What is set.

    Attributes:
        uuid: its id.
        key: the function's.
        qualifier: a version or an alias of it, or "".
        source_arn: the queue's.
        enabled: whether messages are received.
        batch_size: how many an event has at most.
        window_s: how long is waited for so many, in seconds.
        filters: patterns, of which a message must match one; none for all messages.
        reports: whether the function says which messages it failed on.
        most: how many batches run at once at most, or None.
        pollers: the least and the most pollers that are provisioned, or None.
        metrics: the groups of metrics that were asked for, or None.
        tags: its tags.
        modified_ms: when it was changed last, in milliseconds since the epoch.
    """

    uuid: str
    key: FunctionKey
    qualifier: str
    source_arn: str
    enabled: bool = True
    batch_size: int = 10
    window_s: int = 0
    filters: tuple[str, ...] = ()
    reports: bool = False
    most: int | None = None
    pollers: tuple[int, int] | None = None
    metrics: tuple[str, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    modified_ms: int

    @property
    def function_arn(self) -> str:
        """The ARN of the function, the version or the alias."""
        return function_arn(*self.key, self.qualifier or None)

    @property
    def arn(self) -> str:
        """Its own ARN."""
        account_id, region, _ = self.key
        return f"arn:aws:lambda:{region}:{account_id}:event-source-mapping:{self.uuid}"
