"""Bodies whose sha256 was signed with the request's head."""

import hashlib
from collections.abc import Mapping

from ingle.auth.errors import s3_error


class HashedPayload:
    """Verifies a payload that is sent as it is.

    Args:
        stated: its sha256 in hex, as the client says.
    """

    trailers: Mapping[str, str] = {}

    def __init__(self, stated: str) -> None:
        self._stated = stated
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> bytes:
        """Return what came."""
        self._hash.update(data)
        return data

    def finish(self) -> None:
        """Compare.

        Raises:
            ServiceError: XAmzContentSHA256Mismatch.
        """
        computed = self._hash.hexdigest()
        if computed != self._stated:
            raise s3_error(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ClientComputedContentSHA256=self._stated,
                S3ComputedContentSHA256=computed,
            )
