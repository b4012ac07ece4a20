"""Objects for other services of the server where S3 is elsewhere."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.forwarding.forwarder import Forwarder
from ingle.forwarding.signing import target_of
from ingle.services.s3.errors import AccessDenied, EntityTooLarge, NotSupported
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

_CODE, _MESSAGE = (re.compile(rf"<{name}>([^<]*)</{name}>") for name in ("Code", "Message"))
_ERROR_BYTES = 65_536
_REGION = "us-east-1"


class ObjectsElsewhere:
    """Reads objects of buckets that are elsewhere, as `ForServices` does of Ingle's own.

    Args:
        forwarder: calls S3 there.
        authorizer: says who may read what.
    """

    def __init__(self, forwarder: Forwarder, authorizer: Authorizer) -> None:
        self._forwarder = forwarder
        self._authorizer = authorizer

    def has_bucket(self, name: str) -> bool:
        """Say that there is none that records could be written to within a transaction."""
        return False

    async def read(
        self, context: CallContext, name: str, key: str, version_id: str | None, most: int
    ) -> bytes:
        """Read an object for somebody who calls another service, as far as they may.

        Raises:
            ServiceError: S3's, with its code and text; EntityTooLarge where it has more.
        """
        async with self._pieces(context, name, key, version_id, most) as pieces:
            return b"".join([piece async for piece in pieces])

    async def copy(
        self, context: CallContext | None, name: str, key: str, target: Path, most: int
    ) -> None:
        """Write an object to a new file.

        Raises:
            ServiceError: S3's, with its code and text; EntityTooLarge where it has more.
            OSError: the file cannot be written.
        """
        async with self._pieces(context, name, key, None, most) as pieces:
            with await asyncio.to_thread(target.open, "xb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)

    async def write_within(
        self,
        connection: AsyncConnection,
        name: str,
        key: str,
        data: bytes,
        content_type: str,
    ) -> Callable[[], None]:
        """Refuse to: what is elsewhere has no part in a transaction.

        Raises:
            NotSupported: always.
        """
        raise NotSupported(f"The bucket {name} is elsewhere, where no record can be written.")

    @asynccontextmanager
    async def _pieces(
        self, context: CallContext | None, name: str, key: str, version_id: str | None, most: int
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        if context is not None:
            action = "s3:GetObject" if version_id is None else "s3:GetObjectVersion"
            try:
                self._authorizer.require(context, action, f"arn:aws:s3:::{name}/{key}")
            except ServiceError as error:
                raise AccessDenied(error.message) from error
        query = "" if version_id is None else f"versionId={quote(version_id, safe='')}"
        target = target_of(quote(f"/{name}/{key}"), query)
        region = _REGION if context is None else context.region
        answer = await self._forwarder.send("GET", target, {}, b"", region)
        try:
            if answer.status_code != httpx.codes.OK:
                raise await _error(answer)
            yield _bounded(answer, most)
        finally:
            await answer.aclose()


async def _bounded(answer: httpx.Response, most: int) -> AsyncIterator[bytes]:
    size = 0
    try:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > most:
                raise EntityTooLarge(MaxSizeAllowed=most)
            yield piece
    except httpx.HTTPError as error:
        raise ServiceError(
            f"The object broke off: {error}", code="ServiceUnavailable", status=503
        ) from error


async def _error(answer: httpx.Response) -> ServiceError:
    """Read the error that S3 answered with."""
    text = b""
    async for piece in answer.aiter_raw():
        text += piece
        if len(text) > _ERROR_BYTES:
            break
    told = text.decode(errors="replace")
    code, message = (
        found[1] if found else "" for found in (_CODE.search(told), _MESSAGE.search(told))
    )
    return ServiceError(
        unescape(message) or f"S3 answered {answer.status_code}",
        code=unescape(code) or "InternalError",
        status=answer.status_code,
    )
