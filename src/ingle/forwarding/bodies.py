"""Bodies on their way elsewhere: verified as they pass, and never ended where they are wrong."""

from collections.abc import AsyncIterator, Mapping

from ingle.wire.errors import ServiceError
from ingle.wire.uploads import Upload

_AT_ONCE = 1_048_576
_CHUNKED = "aws-chunked"


async def verified(upload: Upload) -> AsyncIterator[bytes]:
    """Yield a payload; its last piece once all of it is known to be what was signed.

    Raises:
        ServiceError: it is not, or breaks off.
    """
    held = b""
    async for piece in upload.pieces:
        for start in range(0, len(piece), _AT_ONCE):
            payload = upload.payload.feed(piece[start : start + _AT_ONCE])
            if payload:
                if held:
                    yield held
                held = payload
    upload.payload.finish()
    if held:
        yield held


async def framed(upload: Upload) -> AsyncIterator[bytes]:
    """Yield a payload in chunks as S3 has them, with the trailers that came behind it."""
    async for piece in verified(upload):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    trailers = "".join(f"{name}:{value}\r\n" for name, value in upload.payload.trailers.items())
    yield b"0\r\n" + trailers.encode("latin-1") + b"\r\n"


def payload_length(headers: Mapping[str, str], upload: Upload) -> int:
    """Say how many bytes a payload has.

    Raises:
        ServiceError: nothing says it.
    """
    told = headers.get("x-amz-decoded-content-length", "")
    if told.isdigit() and len(told) < 16:
        return int(told)
    if upload.length is None or _CHUNKED in headers.get("content-encoding", ""):
        raise ServiceError(
            "You must provide the Content-Length HTTP header.",
            code="MissingContentLength",
            status=411,
        )
    return upload.length


def content_encoding(headers: Mapping[str, str]) -> str:
    """Return the encoding of a payload itself, without that of its way."""
    found = [each.strip() for each in headers.get("content-encoding", "").split(",")]
    return ",".join(each for each in found if each and each != _CHUNKED)
