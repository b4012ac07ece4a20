"""Functions, queues, topics and buses, as the services see them that have something for these."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import Principal
from ingle.iam.request import Values
from ingle.invoke.events.event import Event


class Functions(Protocol):
    """`for_services` of the Lambda service is this."""

    def prepared(
        self,
        function_arn: str,
        payload: bytes,
        *,
        service: str,
        source_arn: str,
        source_account: str,
        trace: str = "",
    ) -> Event:
        """Make an event, if the function's policy allows it."""
        ...

    async def add_all(
        self, connection: AsyncConnection, events: Sequence[Event], *, reversible: bool
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        """Take events within a transaction; what is returned is to be called after it, if it came
        off and, where it is reversible, if it did not."""
        ...

    async def add(
        self,
        connection: AsyncConnection,
        caller: Principal,
        keys: Mapping[str, Values],
        function_arn: str,
        payload: bytes,
        *,
        trace: str = "",
    ) -> Callable[[], None]:
        """Accept an event within a transaction; what is returned is to be called after its
        commit."""
        ...


class Queues(Protocol):
    """`for_services` of the SQS service is this."""

    def find(self, arn: str) -> Any:
        """Find a queue; None where there is none."""
        ...

    def check_may_send(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = ...
    ) -> None:
        """Check that somebody may send to a queue."""
        ...

    async def send(
        self,
        principal: Principal,
        arn: str,
        message: Mapping[str, Any],
        *,
        keys: Mapping[str, Values] = ...,
        trace: str = "",
    ) -> str:
        """Send a message, as far as somebody may."""
        ...

    async def add(
        self,
        connection: AsyncConnection,
        sender: str,
        arn: str,
        message: Mapping[str, Any],
        trace: str = "",
    ) -> Callable[[], None]:
        """Send within a transaction; what is returned is to be called after its commit."""
        ...


class Topics(Protocol):
    """`for_services` of the SNS service is this."""

    def find(self, arn: str) -> Any:
        """Find a topic; None where there is none."""
        ...

    def check_may_publish(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = ...
    ) -> None:
        """Check that somebody may publish to a topic."""
        ...

    async def publish(
        self,
        principal: Principal,
        arn: str,
        message: Mapping[str, Any],
        *,
        keys: Mapping[str, Values] = ...,
        trace: str = "",
    ) -> str:
        """Publish a message, as far as somebody may."""
        ...

    async def add(
        self, connection: AsyncConnection, arn: str, message: Mapping[str, Any], trace: str = ""
    ) -> Callable[[], None]:
        """Publish within a transaction; what is returned is to be called after its commit."""
        ...


class Buses(Protocol):
    """`for_services` of EventBridge is this."""

    def exists(self, arn: str) -> bool:
        """Say whether there is such a bus."""
        ...

    async def add(
        self, connection: AsyncConnection, arn: str, entry: dict[str, Any], trace: str = ""
    ) -> Callable[[], None]:
        """Put an event within a transaction; what is returned is to be called after its commit."""
        ...
