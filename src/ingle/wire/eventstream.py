"""The binary framing of event streams, `application/vnd.amazon.eventstream`.

A message is: total length, headers' length, CRC-32 of those two; headers; payload; CRC-32 of all
that. https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import struct
from collections.abc import Sequence
from zlib import crc32

HeaderValue = str | bytes | bool | int | float
EventHeader = tuple[str, HeaderValue]

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_TRUE, _FALSE, _INTEGER, _LONG, _BYTES, _STRING, _TIMESTAMP = 0, 1, 4, 5, 6, 7, 8
_PRELUDE_BYTES = 12
_CRC_BYTES = 4


class Moment(float):
    """Seconds since the epoch, as a header of an event."""


def encode_message(headers: Sequence[EventHeader], payload: bytes) -> bytes:
    """One message."""
    head = b"".join(_encode_header(name, value) for name, value in headers)
    total = _PRELUDE_BYTES + len(head) + len(payload) + _CRC_BYTES
    lengths = struct.pack("!II", total, len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _encode_header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded + _encode_value(value)


def _encode_value(value: HeaderValue) -> bytes:
    if value is True:
        return bytes((_TRUE,))
    if value is False:
        return bytes((_FALSE,))
    if isinstance(value, Moment):
        return struct.pack("!Bq", _TIMESTAMP, round(value * 1000))
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return struct.pack("!Bi", _INTEGER, value)
        return struct.pack("!Bq", _LONG, value)
    if isinstance(value, float):
        raise TypeError("an event's header cannot be a fraction")
    kind, data = (_BYTES, value) if isinstance(value, bytes) else (_STRING, value.encode())
    return struct.pack("!BH", kind, len(data)) + data
