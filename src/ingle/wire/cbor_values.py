"""Values of a model as CBOR, for the smithy-rpc-v2-cbor protocol.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#shape-serialization
"""

from datetime import datetime
from typing import Any

import cbor2

from ingle.wire.errors import Serialization
from ingle.wire.json_values import JsonReaders, JsonWriters, Reader, Writer, mismatch
from ingle.wire.shapes import Shape
from ingle.wire.timestamps import unix_number

_EPOCH_TAG = 1


def load_cbor(body: bytes) -> Any:
    """Parse a request's body; raises Serialization when it is not CBOR."""
    try:
        return cbor2.loads(body)
    except (cbor2.CBORDecodeError, ValueError, OverflowError) as problem:
        raise Serialization(f"Could not parse request body into cbor: {problem}") from None


class CborReaders(JsonReaders):
    """Readers of what `cbor2.loads` gives."""

    def wire_names(self, name: str, shape: Shape) -> tuple[str, ...]:
        """Members go by their model name; some clients use the name of the older protocols."""
        return (shape.wire_name(name), name)

    def scalar(self, shape: Shape) -> Reader:
        """Make the reader for a scalar shape."""
        if shape.type == "blob":
            return _read_blob
        if shape.type == "timestamp":
            return _read_timestamp
        return super().scalar(shape)


class CborWriters(JsonWriters):
    """Writers of what `cbor2.dumps` takes."""

    def wire_name(self, name: str, shape: Shape) -> str:
        """Members go by their model name."""
        return name

    def scalar(self, shape: Shape) -> Writer:
        """Make the writer for a scalar shape."""
        if shape.type == "blob":
            return _write_blob
        if shape.type == "timestamp":
            return _write_timestamp
        if shape.type in ("float", "double"):
            return float
        return super().scalar(shape)


def _read_blob(value: Any) -> bytes:
    if value.__class__ is not bytes:
        raise mismatch(value, "blob")
    return value


def _read_timestamp(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    if value.__class__ is int or value.__class__ is float:
        return float(value)
    raise mismatch(value, "timestamp")


def _write_blob(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _write_timestamp(seconds: float) -> cbor2.CBORTag:
    return cbor2.CBORTag(_EPOCH_TAG, unix_number(seconds))
