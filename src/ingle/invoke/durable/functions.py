"""What durable executions ask of those who know the functions."""

from dataclasses import dataclass
from typing import Protocol

from ingle.pool.spec import FunctionSpec


@dataclass(frozen=True, slots=True)
class Run:
    """What an invocation is to run.

    Attributes:
        spec: the version.
        invoked_arn: as the context object names it.
    """

    spec: FunctionSpec
    invoked_arn: str


@dataclass(frozen=True, slots=True)
class ChainedTarget:
    """What a chained invocation is of.

    Attributes:
        function: the function's name.
        version: the version that is run.
        trace: the trace header that it gets.
        timeout_s: how long its execution may take; None where it is not durable.
        retention_days: how long its execution is kept.
    """

    function: str
    version: str
    trace: str
    timeout_s: int | None
    retention_days: int


class Functions(Protocol):
    """All functions of all accounts and regions."""

    async def version(self, key: tuple[str, str, str], version: str) -> Run:
        """Find a version that is to be run.

        Args:
            key: account, region and name of the function.
            version: its number, or `$LATEST`.

        Raises:
            ServiceError: there is none, or it cannot be run now.
        """
        ...

    def chained(
        self,
        key: tuple[str, str, str],
        version: str,
        name: str,
        trace: str,
        request_id: str,
    ) -> ChainedTarget:
        """Find what a chained invocation is of.

        Args:
            key: account, region and name of the function whose execution asks for it.
            version: which version of it; its role must be allowed to invoke what it asks for.
            name: the function's, as the SDK sent it: a name or an ARN, maybe with a qualifier.
            trace: the trace header that it goes on with.
            request_id: a UUID that a new trace is named after.

        Raises:
            InvalidUpdate: the function is in another account or region.
            ServiceError: it cannot be invoked; the operation then fails.
        """
        ...
