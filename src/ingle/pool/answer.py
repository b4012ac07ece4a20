"""An answer that a runtime streams, put together for a caller who waits for the whole."""

import orjson

from ingle.pool.runtime_api.limits import MAX_ANSWER


def too_large(limit: int) -> bytes:
    """Make the error's JSON of an answer that has more bytes than the limit."""
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return orjson.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})


class Answer:
    """The pieces of one answer, no more than the largest that a buffered one may have."""

    __slots__ = ("_pieces", "_too_large")

    def __init__(self) -> None:
        self._pieces = bytearray()
        self._too_large = False

    def begin(self, content_type: str) -> None:
        """The runtime starts to stream; what type the answer has is not for this caller."""

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        if len(self._pieces) + len(piece) > MAX_ANSWER:
            self._too_large = True
            self._pieces.clear()
        if not self._too_large:
            self._pieces += piece

    @property
    def error(self) -> bytes:
        """The error's JSON where it is too large, else nothing."""
        return too_large(MAX_ANSWER) if self._too_large else b""

    def whole(self) -> bytes:
        """Return the answer."""
        return bytes(self._pieces)
