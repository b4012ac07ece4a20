"""Reads forms as browsers post them, with a file at the end that may be of any size.

Source: https://www.rfc-editor.org/rfc/rfc7578
"""

from collections.abc import AsyncGenerator, AsyncIterator
from email.message import Message

from ingle.services.s3.errors import InvalidArgument, MalformedPost, PostFieldsTooLong

_MOST_BYTES = 20_480
"""Of all fields before the file:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html"""


class FormReader:
    """Reads one form: `fields` first, then `file`.

    Args:
        pieces: the body as it comes.
        content_type: the request's header.

    Raises:
        MalformedPost: the header has no boundary.
    """

    def __init__(self, pieces: AsyncIterator[bytes], content_type: str) -> None:
        header = Message()
        header["content-type"] = content_type
        boundary = header.get_param("boundary")
        if not isinstance(boundary, str) or not boundary:
            raise MalformedPost
        self._pieces = pieces
        self._delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._buffer = bytearray(b"\r\n")

    async def fields(self) -> dict[str, str]:
        """Read the fields before the file, by lower-case name; `file` is the file's name.

        Raises:
            MalformedPost: it is no form.
            InvalidArgument: it has no file.
            PostFieldsTooLong: there is too much before it.
        """
        found: dict[str, str] = {}
        size = len(await self._until(self._delimiter))
        while True:
            if bytes(await self._take(2)) != b"\r\n":
                raise InvalidArgument("POST requires exactly one file upload per request.")
            head = await self._until(b"\r\n\r\n")
            name, file_name = _disposition(bytes(head))
            if name == "file":
                found["file"] = file_name
                return found
            value = await self._until(self._delimiter)
            size += len(head) + len(value)
            if size > _MOST_BYTES:
                raise PostFieldsTooLong
            found[name] = value.decode("utf-8", "replace")

    async def file(self) -> AsyncGenerator[bytes, None]:
        """Read the file; what comes behind it is passed over.

        Raises:
            MalformedPost: it has no end.
        """
        kept = len(self._delimiter) - 1
        while True:
            end = self._buffer.find(self._delimiter)
            if end >= 0:
                if end:
                    yield bytes(self._buffer[:end])
                break
            if len(self._buffer) > kept:
                piece = bytes(self._buffer[:-kept])
                del self._buffer[:-kept]
                yield piece
            await self._more()
        async for _ in self._pieces:
            pass

    async def _until(self, mark: bytes) -> bytearray:
        """Take what comes before a mark, and the mark."""
        while (position := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _MOST_BYTES:
                raise PostFieldsTooLong
            await self._more()
        taken = self._buffer[:position]
        del self._buffer[: position + len(mark)]
        return taken

    async def _take(self, size: int) -> bytearray:
        while len(self._buffer) < size:
            await self._more()
        taken = self._buffer[:size]
        del self._buffer[:size]
        return taken

    async def _more(self) -> None:
        try:
            self._buffer += await anext(self._pieces)
        except StopAsyncIteration:
            raise MalformedPost from None


def _disposition(head: bytes) -> tuple[str, str]:
    """Read the name of a field, in lower case, and that of a file."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            message = Message()
            message["content-disposition"] = value.strip()
            field = message.get_param("name", header="content-disposition")
            file_name = message.get_param("filename", "", header="content-disposition")
            if isinstance(field, str):
                return field.lower(), file_name if isinstance(file_name, str) else ""
    raise MalformedPost
