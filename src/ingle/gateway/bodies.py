"""Reading the bodies of requests, with what can go wrong in AWS's words."""

from collections.abc import AsyncIterator

from ingle.gateway.neighbours import Body, ReadBody
from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.wire.errors import RequestTooLarge, ServiceError


async def read_whole(read_body: ReadBody, limit: int, operation: str) -> bytes:
    """Read all of a body.

    Raises:
        RequestTooLarge: it is longer than that.
        BodyIncomplete: it ended too early, or took too long.
    """
    try:
        return await read_body(limit)
    except BodyTooLarge as error:
        raise RequestTooLarge(
            f"Request must be smaller than {limit} bytes for the {operation} operation"
        ) from error


def reading(read_body: ReadBody) -> ReadBody:
    """Read the body of what runs a function; what is wrong with it is a ServiceError."""

    async def read(limit: int) -> bytes:
        try:
            return await read_whole(read_body, limit, "InvokeFunction")
        except BodyIncomplete as error:
            raise incomplete(error) from error

    return read


async def pieces_of(body: Body, limit: int) -> AsyncIterator[bytes]:
    """Read a body as it comes, with what can go wrong in S3's words."""
    try:
        async for piece in body.pieces(limit):
            yield piece
    except BodyTooLarge as error:
        raise ServiceError(
            "Your proposed upload exceeds the maximum allowed size", code="EntityTooLarge"
        ) from error
    except BodyIncomplete as error:
        raise ServiceError(
            "Your socket connection to the server was not read from or written to within the "
            "timeout period. Idle connections will be closed.",
            code="RequestTimeout",
            status=400,
        ) from error


def incomplete(error: BodyIncomplete) -> ServiceError:
    """Say that a body did not come as it should."""
    return ServiceError(str(error), code="RequestTimeoutException", status=408)
