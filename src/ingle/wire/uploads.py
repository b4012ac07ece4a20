"""Bodies that are not read before their operation begins, because they may be of any size."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol


class Payload(Protocol):
    """Makes the payload out of what was sent, and verifies that it is the one that was signed.

    It may be used in a thread, by one caller at a time.
    """

    @property
    def trailers(self) -> Mapping[str, str]:
        """The headers that came after the body, by lower-case name; whole after `finish`."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes that were sent, and return the payload in them.

        Raises:
            ServiceError: they are not what was signed.
        """
        ...

    def finish(self) -> None:
        """Say that there are no more.

        Raises:
            ServiceError: some are missing, or all of them are not what was signed.
        """
        ...


class Plain:
    """A payload that is sent as it is, and of which nothing was signed."""

    trailers: Mapping[str, str] = {}

    def feed(self, data: bytes) -> bytes:
        """Return what came."""
        return data

    def finish(self) -> None:
        """There is nothing to be verified."""


class Upload:
    """The body of a request that an operation reads itself.

    What is made of its pieces must be discarded when they, or the payload, raise an error.

    Args:
        pieces: what is sent, as it comes; it raises ServiceErrors. Nothing more is read from the
            client than what is taken.
        payload: makes the payload out of it.
        length: how many bytes the payload has by what the client says; None if it does not.

    Attributes:
        pieces: the same.
        payload: the same.
        length: the same.
    """

    __slots__ = ("length", "payload", "pieces")

    def __init__(self, pieces: AsyncIterator[bytes], payload: Payload, length: int | None) -> None:
        self.pieces = pieces
        self.payload = payload
        self.length = length
