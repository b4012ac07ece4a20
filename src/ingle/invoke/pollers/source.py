"""What pollers ask of where records come from."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Received(Protocol):
    """A message that was received: `ingle.services.sqs.for_services.Received` is one."""

    @property
    def message(self) -> Any:
        """What the queue knows of it: `message_id`, `group`, `receives`, `sent_ms`, `trace`."""

    @property
    def described(self) -> Mapping[str, Any]:
        """As ReceiveMessage describes it, with all its attributes."""


class Source(Protocol):
    """All queues."""

    async def receive(
        self, arn: str, count: int, hidden_s: float | None, wait_s: float
    ) -> Sequence[Received]:
        """Receive messages; at least one if one comes within a time.

        They are hidden for so long, or for as long as the queue says.

        Raises:
            ServiceError: there is no such queue.
        """
        ...

    async def delete(self, arn: str, received: Sequence[Any]) -> None:
        """Delete messages, as far as nobody has received them again."""
        ...

    async def hide(self, arn: str, received: Sequence[Any]) -> bool:
        """Hide messages anew, from now on for as long as the queue says.

        Returns:
            Whether nobody has received any of them again meanwhile.
        """
        ...

    async def discard(self, arn: str, received: Sequence[Any]) -> None:
        """Send messages to the dead-letter queue at once; without one they are deleted."""
        ...

    def waiting(self, arn: str) -> int:
        """How many messages of a queue could be received now."""
        ...
