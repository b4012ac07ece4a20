"""Values of a model as JSON: readers of what `orjson.loads` gives, writers of what it dumps.

A reader raises `Serialization` with the words that AWS's own deserialiser uses. Members that the
model does not know and members that are null are left out, as AWS does.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingle.wire.errors import Serialization
from ingle.wire.scalars import decode_base64, encode_base64, number_word, special_number
from ingle.wire.shapes import PerShape, Shape
from ingle.wire.timestamps import (
    UNIX,
    format_timestamp,
    parse_timestamp,
    timestamp_format,
    unix_number,
)

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]

_ARTICLES = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "blob": "a Blob",
    "timestamp": "a Timestamp",
}


def load_json(body: bytes) -> Any:
    """Parse a request's body; raises Serialization when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Serialization(f"Could not parse request body into json: {problem}") from None


def mismatch(value: Any, kind: str) -> Serialization:
    """The error for a value that is not of the wanted kind, in AWS's words."""
    if isinstance(value, dict):
        return Serialization("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Serialization("Start of list found where not expected")
    if kind == "list":
        return Serialization("Expected list or null")
    if kind == "map":
        return Serialization("Expected map or null")
    if kind == "structure":
        return Serialization("Expected null")
    return Serialization(f"{_token(value)} can not be converted to {_ARTICLES[kind]}")


def _token(value: Any) -> str:
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, (int, float)):
        return "NUMBER_VALUE"
    return "STRING_VALUE"


class JsonReaders(PerShape[Reader]):
    """Readers of JSON values."""

    def build(self, shape: Shape) -> Reader:
        """Make the reader for a shape."""
        kind = shape.type
        if kind == "structure":
            return _any_value if shape.is_document else self.structure(shape.members)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        return self.scalar(shape)

    def structure(self, shapes: Mapping[str, Shape]) -> Reader:
        """A reader of an object with these members."""
        members = {
            wire: (name, self.of(shape))
            for name, shape in shapes.items()
            for wire in self.wire_names(name, shape)
        }
        find = members.get

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise mismatch(value, "structure")
            found: dict[str, Any] = {}
            for key, item in value.items():
                if item is not None:
                    member = find(key)
                    if member is not None:
                        found[member[0]] = member[1](item)
            return found

        return read

    def wire_names(self, name: str, shape: Shape) -> tuple[str, ...]:
        """The keys under which a member is looked for."""
        return (shape.wire_name(name),)

    def scalar(self, shape: Shape) -> Reader:
        """Make the reader for a scalar shape."""
        kind = shape.type
        if kind == "string":
            return _read_string
        if kind in ("integer", "long"):
            return _integer_reader(kind)
        if kind in ("float", "double"):
            return _float_reader(kind)
        if kind == "boolean":
            return _read_boolean
        if kind == "blob":
            return _read_blob
        return _timestamp_reader(timestamp_format(shape.traits.get("timestampFormat"), UNIX))

    def _list(self, shape: Shape) -> Reader:
        item_reader = self.of(shape.member)

        def read(value: Any) -> list[Any]:
            if value.__class__ is not list:
                raise mismatch(value, "list")
            return [None if item is None else item_reader(item) for item in value]

        return read

    def _map(self, shape: Shape) -> Reader:
        value_reader = self.of(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise mismatch(value, "map")
            return {
                key: None if item is None else value_reader(item) for key, item in value.items()
            }

        return read


class JsonWriters(PerShape[Writer]):
    """Writers of JSON values."""

    def build(self, shape: Shape) -> Writer:
        """Make the writer for a shape."""
        kind = shape.type
        if kind == "structure":
            return _any_value if shape.is_document else self.structure(shape.name, shape.members)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        return self.scalar(shape)

    def structure(self, name: str, shapes: Mapping[str, Shape]) -> Writer:
        """A writer of an object with these members; members that are None are left out.

        The writer raises KeyError for a member that the structure does not have, because that is
        a mistake in a service of ours.
        """
        members = {
            member: (self.wire_name(member, shape), self.of(shape))
            for member, shape in shapes.items()
        }

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            written: dict[str, Any] = {}
            for key, item in value.items():
                if item is not None:
                    member = members.get(key)
                    if member is None:
                        raise KeyError(f"{name} has no member {key}")
                    wire, writer = member
                    written[wire] = item if writer is _any_value else writer(item)
            return written

        return write

    def wire_name(self, name: str, shape: Shape) -> str:
        """The key under which a member is written."""
        return shape.wire_name(name)

    def scalar(self, shape: Shape) -> Writer:
        """Make the writer for a scalar shape."""
        kind = shape.type
        if kind == "blob":
            return encode_base64
        if kind in ("float", "double"):
            return _write_float
        if kind == "timestamp":
            wanted = timestamp_format(shape.traits.get("timestampFormat"), UNIX)
            if wanted == UNIX:
                return unix_number
            return lambda seconds: format_timestamp(seconds, wanted)
        return _any_value

    def _list(self, shape: Shape) -> Writer:
        writer = self.of(shape.member)
        if writer is _any_value:
            return _any_value
        return lambda value: [None if item is None else writer(item) for item in value]

    def _map(self, shape: Shape) -> Writer:
        writer = self.of(shape.value)
        if writer is _any_value:
            return _any_value
        return lambda value: {
            key: None if item is None else writer(item) for key, item in value.items()
        }


def _any_value(value: Any) -> Any:
    return value


def _read_string(value: Any) -> str:
    if value.__class__ is str:
        return value
    raise mismatch(value, "string")


def _read_boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    if value.__class__ is str and value.lower() in ("true", "false"):
        return bool(value.lower() == "true")
    raise mismatch(value, "boolean")


def _integer_reader(kind: str) -> Reader:
    def read(value: Any) -> int:
        if value.__class__ is int:
            return value
        # AWS cuts off what is behind the point.
        if value.__class__ is float and math.isfinite(value):
            return int(value)
        raise mismatch(value, kind)

    return read


def _float_reader(kind: str) -> Reader:
    def read(value: Any) -> float:
        if value.__class__ is float or value.__class__ is int:
            return float(value)
        special = special_number(value) if value.__class__ is str else None
        if special is None:
            raise mismatch(value, kind)
        return special

    return read


def _read_blob(value: Any) -> bytes:
    if value.__class__ is not str:
        raise mismatch(value, "blob")
    return decode_base64(value)


def _timestamp_reader(expected: str) -> Reader:
    def read(value: Any) -> float:
        if value.__class__ not in (str, int, float):
            raise mismatch(value, "timestamp")
        try:
            return parse_timestamp(value, expected)
        except ValueError:
            raise mismatch(value, "timestamp") from None

    return read


def _write_float(number: float) -> float | str:
    return number if math.isfinite(number) else number_word(number)
