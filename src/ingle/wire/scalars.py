"""Scalars as text: in URI labels, query strings, headers, forms and XML."""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import orjson

from ingle.wire.errors import Serialization
from ingle.wire.shapes import Shape
from ingle.wire.timestamps import format_timestamp, parse_timestamp, timestamp_format

TextReader = Callable[[str], Any]
TextWriter = Callable[[Any], str]

_TOLD_CHARACTERS = 64
_SPECIAL_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def text_reader(shape: Shape, default_timestamp: str) -> TextReader:
    """What reads a scalar shape's text; it raises Serialization where the text is not of it."""
    kind = shape.type
    if kind == "string":
        return _read_json_text if shape.traits.get("jsonvalue") else _read_string
    if kind in ("integer", "long"):
        return _read_integer
    if kind in ("float", "double"):
        return _read_float
    if kind == "boolean":
        return _read_boolean
    if kind == "blob":
        return decode_base64
    expected = timestamp_format(shape.traits.get("timestampFormat"), default_timestamp)

    def read_timestamp(text: str) -> float:
        try:
            return parse_timestamp(text, expected)
        except ValueError:
            raise Serialization(f"Invalid timestamp: {text!r}") from None

    return read_timestamp


def text_writer(shape: Shape, default_timestamp: str) -> TextWriter:
    """What writes a scalar shape's value as text."""
    kind = shape.type
    if kind == "string":
        return _write_json_text if shape.traits.get("jsonvalue") else _read_string
    if kind in ("float", "double"):
        return _write_float
    if kind == "boolean":
        return _write_boolean
    if kind == "blob":
        return encode_base64
    if kind == "timestamp":
        wanted = timestamp_format(shape.traits.get("timestampFormat"), default_timestamp)
        return lambda seconds: format_timestamp(seconds, wanted)
    return str


def special_number(text: str) -> float | None:
    """The number that AWS's protocols write as a word (NaN, Infinity, -Infinity), or None."""
    return _SPECIAL_NUMBERS.get(text)


def number_word(number: float) -> str:
    """The word for a number that is not finite."""
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def encode_base64(value: bytes | str) -> str:
    """Base64 text of bytes, or of a string's UTF-8."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def decode_base64(text: str) -> bytes:
    """The bytes behind base64 text; raises Serialization, in AWS's words, where it is not any."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    # Line breaks are allowed, anything else is not; this is rare, so it is looked for last.
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as problem:
        told = text if len(text) <= _TOLD_CHARACTERS else text[:_TOLD_CHARACTERS] + "..."
        raise Serialization(f"'{told}' can not be converted to a Blob: {problem}") from None


def _read_string(text: str) -> str:
    return text


def _read_integer(text: str) -> int:
    try:
        return int(_digits(text))
    except ValueError:
        raise Serialization("STRING_VALUE can not be converted to an Integer") from None


def _read_float(text: str) -> float:
    try:
        special = _SPECIAL_NUMBERS.get(text)
        return float(_digits(text)) if special is None else special
    except ValueError:
        raise Serialization("STRING_VALUE can not be converted to a Double") from None


def _digits(text: str) -> str:
    # Python's numbers may hold underscores, AWS's may not.
    if "_" in text:
        raise ValueError(text)
    return text


def _read_boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered == "true":
        return True
    if lowered == "false":
        return False
    raise Serialization("STRING_VALUE can not be converted to a Boolean")


def _read_json_text(text: str) -> Any:
    try:
        return orjson.loads(decode_base64(text))
    except orjson.JSONDecodeError as problem:
        raise Serialization(f"Could not parse a JSON header: {problem}") from None


def _write_json_text(value: Any) -> str:
    return encode_base64(orjson.dumps(value))


def _write_float(number: float) -> str:
    return str(number) if math.isfinite(number) else number_word(number)


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"
