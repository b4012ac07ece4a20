"""What the gateway hands requests to, besides the operations of services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

from ingle.auth.keys import Identity
from ingle.wire.http import Request, Response
from ingle.wire.uploads import Upload

ReadBody = Callable[[int], Awaitable[bytes]]
"""Reads a request's body of at most so many bytes; raises BodyTooLarge, BodyIncomplete."""


class Body(Protocol):
    """A request's body, which is read when it is known how long it may be."""

    def __call__(self, limit: int) -> Awaitable[bytes]:
        """Read all of it; raises BodyTooLarge, BodyIncomplete."""
        ...

    def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Read it as it comes; raises BodyTooLarge, BodyIncomplete."""
        ...


class Buckets(Protocol):
    """What S3 does besides its operations."""

    def serves(self, request: Request) -> bool:
        """Say whether a request, of which nothing else tells a service, is to a bucket."""
        ...

    def check_exists(self, params: Mapping[str, Any]) -> None:
        """Refuse a request of nobody in particular to a bucket that is not there."""
        ...

    def find_website(self, request: Request) -> Any:
        """Say which website a request is to; None where it is to none."""
        ...

    async def answer_website(self, request: Request, address: Any) -> Response:
        """Answer a request to what `find_website` found."""
        ...

    def preflight(self, request: Request) -> Response:
        """Answer what a browser asks before it sends a request to a bucket."""
        ...

    async def post_form(
        self,
        request: Request,
        pieces: AsyncIterator[bytes],
        identify: Callable[[Request, Mapping[str, str]], Identity],
        request_id: str,
    ) -> Response:
        """Store what a form posts to a bucket; raises ServiceErrors."""
        ...

    def add_cors_headers(self, request: Request, response: Response) -> None:
        """Let the page that sent a request to a bucket read the answer, if the bucket allows it."""
        ...


class Forwarder(Protocol):
    """Calls a service that is elsewhere."""

    async def forward(self, request: Request, region: str, upload: Upload | None) -> Response:
        """Send a request there, and return the answer; raises ServiceErrors."""
        ...


class FunctionUrls(Protocol):
    """What serves function URLs, which speak no protocol of AWS's."""

    def find(self, request: Request) -> Any:
        """Say which function URL a request is to; None where it is to none."""
        ...

    async def answer(
        self,
        request: Request,
        address: Any,
        read_body: ReadBody,
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> Response:
        """Answer a request to what `find` found."""
        ...


class Accounts(Protocol):
    """What keeps the accounts of this server."""

    def list(self) -> list[Mapping[str, Any]]:
        """Describe them."""
        ...

    async def create(self, account_id: str | None, name: str) -> Mapping[str, Any]:
        """Make one, with any number where none is given; describe it."""
        ...

    def check_may_manage(self, identity: Identity) -> None:
        """Refuse all but the server's own root user."""
        ...


class Skills(Protocol):
    """What answers the requests of Alexa skills."""

    async def answer(
        self,
        request: Request,
        function: str,
        read_body: ReadBody,
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> Response:
        """Answer a request that is to be run by this function."""
        ...


class Requests(Protocol):
    """What takes note of requests."""

    def note(
        self, service: str, operation: str, status: int, seconds: float, request_id: str, who: str
    ) -> None:
        """Take note of an answer; it returns at once."""
        ...
