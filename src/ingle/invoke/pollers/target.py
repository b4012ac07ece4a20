"""What pollers ask of those who know functions."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """How a function took a batch.

    Attributes:
        failed: whether it failed on all of it.
        payload: what it answered.
    """

    failed: bool
    payload: bytes


class Target(Protocol):
    """The function of one event source mapping."""

    function: tuple[str, str, str]
    """Account, region and name."""

    def fault(self) -> str:
        """Say why its messages may not be received; "" where they may."""
        ...

    def loops(self, trace: str) -> bool:
        """Say whether what a message came with is part of an endless loop, which must end."""
        ...

    async def run(self, payload: bytes, trace: str) -> Answer:
        """Run it.

        Args:
            payload: the event, JSON.
            trace: the trace header that a message came with, or "".

        Raises:
            ServiceError: it is not there, or cannot be run now; its HTTP status says which.
        """
        ...
