"""Bodies that clients compress, as SDKs do with large ones of some operations.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html
"""

import zlib

from ingle.wire.errors import RequestTooLarge, Serialization
from ingle.wire.http import Request

_GZIP = 16 + zlib.MAX_WBITS
_MOST_BYTES = 16 * 1024 * 1024
"""Of a body once it is unpacked; a hundred times what CloudWatch's SDKs send."""


def plain_body(request: Request) -> bytes:
    """Return the body of a request, unpacked where its headers say that it is packed.

    Raises:
        Serialization: it is not what they say.
        RequestTooLarge: it is too large.
    """
    coding = request.headers.get("content-encoding")
    if coding is None or coding.lower() != "gzip":
        return request.body
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(request.body, _MOST_BYTES)
    except zlib.error as error:
        raise Serialization("The request body is not in the gzip format.") from error
    if unpacking.unconsumed_tail:
        raise RequestTooLarge(f"The request body has more than {_MOST_BYTES} bytes.")
    if not unpacking.eof:
        raise Serialization("The request body ends before its gzip format does.")
    return plain
