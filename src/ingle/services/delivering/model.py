"""The nouns of deliveries. All times are milliseconds since the epoch."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.delivering.limits import RETRY

Done = Callable[[], None]
"""What is to be done once a transaction is committed."""
Step = Callable[[AsyncConnection], Awaitable[Done | None]]
"""What is to be done in the transaction that ends a delivery."""


@dataclass(slots=True)
class Delivery:
    """An event that is to be brought to one target.

    Attributes:
        service: who brings it, for instance `events.amazonaws.com`.
        source_arn: the ARN of the rule or the schedule that it is brought for.
        account_id: whose that is.
        region: where.
        target: the target as it was set, `Arn` among its members.
        event: for a rule the event itself, for others what the target gets; JSON, but for streams.
        created_ms: when it was accepted, or when it was scheduled for.
        trace: the trace header that came along, or "".
        hops: how many buses passed it on before.
        attempts: how often it was tried.
        due_ms: when it is tried next.
        id: its row; 0 while it has none.
        over: whether it was delivered in the transaction that would have kept it.
        done: what is then to be done after that, or None.
    """

    service: str
    source_arn: str
    account_id: str
    region: str
    target: Mapping[str, Any]
    event: bytes
    created_ms: int
    trace: str = ""
    hops: int = 0
    attempts: int = 0
    due_ms: int = 0
    id: int = field(default=0, compare=False)
    over: bool = field(default=False, compare=False)
    done: Done | None = field(default=None, compare=False)

    @property
    def arn(self) -> str:
        """The target's ARN."""
        arn: str = self.target["Arn"]
        return arn

    @property
    def most_retries(self) -> int:
        """How often it is tried again."""
        policy = self.target.get("RetryPolicy") or {}
        count: int = policy.get("MaximumRetryAttempts", RETRY.attempts)
        return count

    @property
    def expires_ms(self) -> int:
        """When it is given up."""
        policy = self.target.get("RetryPolicy") or {}
        return self.created_ms + 1000 * int(policy.get("MaximumEventAgeInSeconds", RETRY.age_s))

    @property
    def dead_letter(self) -> str | None:
        """The ARN of the queue for what is given up, or None."""
        return (self.target.get("DeadLetterConfig") or {}).get("Arn")


class DeliveryFailed(Exception):
    """An event did not reach its target.

    Args:
        code: what a dead letter tells as ERROR_CODE, for instance `NO_PERMISSIONS`.
        message: why, in English.
        again: whether it can come out otherwise later.
        pause_s: how long not to try again at least, in seconds.
    """

    def __init__(
        self, code: str, message: str, *, again: bool = False, pause_s: float = 0.0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again
        self.pause_s = pause_s


class NotYet(Exception):
    """An event may not be brought to its target yet, which counts for no attempt.

    Args:
        wait_s: when it may, in seconds from now.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"not for {wait_s:.3f} s")
        self.wait_s = wait_s


class Sender(Protocol):
    """Brings events to the targets of one AWS service."""

    def is_prompt(self, delivery: Delivery) -> bool:
        """Say whether `send` waits for nothing, and its step writes all or raises before.

        Then an event can be delivered in the very transaction in which it is accepted.
        """
        ...

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Do what must be done before the transaction that ends a delivery.

        Args:
            delivery: what is to be delivered.
            payload: what the target gets.

        Returns:
            What must be done in that transaction.

        Raises:
            DeliveryFailed: it cannot be delivered now, or not at all; the step may raise it too.
            NotYet: its target has had enough for now.
        """
        ...


Shape = Callable[[Delivery], bytes]
"""Makes what a target gets out of the event of a delivery."""
