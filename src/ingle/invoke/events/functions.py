"""What the queue asks of those who know the functions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from ingle.invoke.events.event import BacklogKey, Settings
from ingle.pool.spec import FunctionSpec


@dataclass(frozen=True, slots=True)
class Target:
    """What an event is to run.

    Attributes:
        spec: the version.
        arn: the function's, without a qualifier.
        invoked_arn: as the caller named it, for the context object.
        may_loop: whether it may be part of an endless loop.
        is_off: whether its reserved concurrency is zero.
        isolated: whether each of its sandboxes serves one tenant.
        start: where the function is durable: starts an execution with a payload, a request id and a
            trace header, which then goes on without the event.
    """

    spec: FunctionSpec
    arn: str
    invoked_arn: str
    may_loop: bool
    is_off: bool
    isolated: bool = False
    start: Callable[[bytes, str, str], Awaitable[None]] | None = None


class Functions(Protocol):
    """All functions of all accounts and regions."""

    def settings(self, key: BacklogKey) -> Settings:
        """Say how events are treated; the defaults also where there is no such function."""
        ...

    def qualified_arn(self, key: BacklogKey) -> str:
        """Name whose events these are, with `$LATEST` where they have no qualifier."""
        ...

    async def target(self, key: BacklogKey) -> Target:
        """Find what the next event is to run.

        Raises:
            ServiceError: there is no such function, or it cannot be run now; its HTTP status says
                which.
        """
        ...
