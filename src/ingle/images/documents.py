"""The JSON documents of images: read within bounds, verified, and never taken at their word."""

import hashlib
import json
import re
from typing import Any

from ingle.images.errors import ImageInvalid, ImageUnsupported
from ingle.images.limits import IMAGE
from ingle.images.sources import Source

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ALGORITHM = re.compile(r"[a-z0-9+._-]+:[A-Za-z0-9=_-]+")


def read(
    source: Source, name: str, digest: str | None = None, size: int | None = None
) -> tuple["Document", str]:
    """Read a document.

    Args:
        source: where it is.
        name: its name there.
        digest: what it must have, if that is known.
        size: the same for its length in bytes.

    Returns:
        The document and its digest.

    Raises:
        ImageMissing: it is not there.
        ImageInvalid: it is not what it should be.
    """
    with source.open(name) as file:
        content = file.read(IMAGE.document_bytes + 1)
    if len(content) > IMAGE.document_bytes:
        raise ImageInvalid(f"{name} is larger than {IMAGE.document_bytes} bytes")
    actual = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest is not None and actual != digest:
        raise ImageInvalid(f"{name} has the digest {actual}, and should have {digest}")
    if size is not None and len(content) != size:
        raise ImageInvalid(f"{name} has {len(content)} bytes, and should have {size}")
    try:
        return Document(json.loads(content), name), actual
    except (ValueError, RecursionError) as error:
        raise ImageInvalid(f"{name} is not JSON") from error


class Document:
    """A value in a document; what is not as it should be is an ImageInvalid.

    Args:
        value: it.
        where: what to call it in an error.
    """

    def __init__(self, value: Any, where: str) -> None:
        self._value = value
        self.where = where

    def get(self, name: str) -> "Document":
        """Return a member of an object; one that is not there is null."""
        if not isinstance(self._value, dict):
            raise ImageInvalid(f"{self.where} is not an object")
        return Document(self._value.get(name), f"{name} in {self.where}")

    @property
    def missing(self) -> bool:
        """Whether it is null or not there."""
        return self._value is None

    def text(self, default: str | None = None) -> str:
        """Return a string, or the default where it is missing and there is one."""
        if self._value is None and default is not None:
            return default
        if not isinstance(self._value, str):
            raise ImageInvalid(f"{self.where} is not a string")
        if "\0" in self._value or any("\ud800" <= each <= "\udfff" for each in self._value):
            raise ImageInvalid(f"{self.where} holds a character that no text may hold")
        return self._value

    def size(self) -> int:
        """Return a size in bytes."""
        value = self._value
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ImageInvalid(f"{self.where} is not a size")
        return value

    def digest(self) -> str:
        """Return a sha256 digest."""
        text = self.text()
        if _DIGEST.fullmatch(text):
            return text
        if _ALGORITHM.fullmatch(text) and not text.startswith("sha256:"):
            raise ImageUnsupported(f"{self.where} is not a sha256")
        raise ImageInvalid(f"{self.where} is not a digest")

    def items(self) -> list["Document"]:
        """Return what is in an array; nothing where it is missing."""
        if self._value is None:
            return []
        if not isinstance(self._value, list):
            raise ImageInvalid(f"{self.where} is not an array")
        return [Document(each, f"an item of {self.where}") for each in self._value]

    def texts(self) -> tuple[str, ...]:
        """Return the strings in an array; nothing where it is missing."""
        return tuple(each.text() for each in self.items())
