"""Message attributes: what they may be, how they are kept, and the digests that SDKs verify.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

import base64
import hashlib
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ingle.services.sqs.errors import InvalidParameterValue
from ingle.services.sqs.limits import MESSAGE

Attributes = Mapping[str, Mapping[str, Any]]
"""By name: `DataType`, and `StringValue` (str) or `BinaryValue` (bytes)."""

TRACE_HEADER = "AWSTraceHeader"
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_TYPES = ("Binary", "Number", "String")
_LENGTH = struct.Struct(">I")
# XML 1.0's characters, without the surrogates, which are none.
_BAD_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_bad_characters(text: str) -> bool:
    """Whether a text has characters that no message may have."""
    return _BAD_CHARACTER.search(text) is not None


def check(attributes: Attributes) -> int:
    """Check a message's attributes; return their size as AWS counts it: names, types and values.

    Raises:
        InvalidParameterValue: no message may have them.
    """
    if len(attributes) > MESSAGE.attributes:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{MESSAGE.attributes}]."
        )
    size = 0
    for name, value in attributes.items():
        _check_name(name)
        kind = _checked_type(name, value)
        size += len(name.encode()) + len(value["DataType"].encode())
        content = _checked_value(name, value, kind)
        size += len(content if isinstance(content, bytes) else content.encode())
    return size


def digest(attributes: Attributes) -> str:
    """MD5 of attributes, in hexadecimal, over their sorted names, types and values."""
    hashed = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        _add(hashed, name.encode())
        _add(hashed, value["DataType"].encode())
        if value.get("BinaryValue") is not None:
            hashed.update(b"\x02")
            _add(hashed, value["BinaryValue"])
        else:
            hashed.update(b"\x01")
            _add(hashed, value["StringValue"].encode())
    return hashed.hexdigest()


def select(attributes: Attributes, wanted: Sequence[str]) -> Attributes:
    """Choose attributes by name, by a prefix (`name.*`), or all of them (`All`, `.*`)."""
    if not attributes or not wanted:
        return {}
    if "All" in wanted or ".*" in wanted:
        return attributes
    prefixes = tuple(each[:-2] for each in wanted if each.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in wanted or (prefixes and name.startswith(prefixes))
    }


def dump(attributes: Attributes) -> bytes | None:
    """Write attributes for the database."""
    return orjson.dumps(attributes, default=_base64) if attributes else None


def load(stored: bytes | None) -> Attributes:
    """Read what `dump` wrote."""
    if stored is None:
        return {}
    attributes: dict[str, dict[str, Any]] = orjson.loads(stored)
    for value in attributes.values():
        if value.get("BinaryValue") is not None:
            value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    return attributes


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _add(hashed: Any, part: bytes) -> None:
    hashed.update(_LENGTH.pack(len(part)))
    hashed.update(part)


def _check_name(name: str) -> None:
    if not name:
        raise InvalidParameterValue("The request must contain non-empty message attribute name.")
    if len(name) > MESSAGE.attribute_name:
        raise InvalidParameterValue(
            f"Length of message attribute name must be less than {MESSAGE.attribute_name} bytes."
        )
    if not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Invalid non-alphanumeric character was found in the message attribute name. Can only "
            "include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise InvalidParameterValue(
            "You can't use message attribute names that start or end with a dot, or have dots in "
            "succession."
        )
    if name.lower().startswith(("aws.", "amazon.")):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These "
            "strings are reserved for internal use."
        )


def _checked_type(name: str, value: Mapping[str, Any]) -> str:
    kind = value["DataType"]
    if not kind:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    if len(kind) > MESSAGE.attribute_type:
        raise InvalidParameterValue(
            f"Length of message attribute type must be less than {MESSAGE.attribute_type} bytes."
        )
    base: str = kind.partition(".")[0]
    if base not in _TYPES:
        raise InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String."
        )
    return base


def _checked_value(name: str, value: Mapping[str, Any], kind: str) -> str | bytes:
    if value.get("StringListValues") or value.get("BinaryListValues"):
        raise InvalidParameterValue(
            "Message attribute list values in SendMessage operation are not supported."
        )
    member, other = ("StringValue", "BinaryValue")
    if kind == "Binary":
        member, other = other, member
    content: str | bytes | None = value.get(member)
    if content is None and value.get(other) is not None:
        raise InvalidParameterValue(
            f"The message attribute '{name}' with type '{value['DataType']}' must use field "
            f"'{kind if kind == 'Binary' else 'String'}'."
        )
    if not content:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute value for "
            f"message attribute type '{value['DataType']}'."
        )
    if isinstance(content, str) and has_bad_characters(content):
        raise InvalidParameterValue(f"Invalid characters found in message attribute '{name}'.")
    if kind == "Number":
        _check_number(name, str(content))
    return content


def _check_number(name: str, text: str) -> None:
    try:
        float(text)
    except ValueError:
        raise InvalidParameterValue(
            f"Can't cast the value of message (user) attribute '{name}' to a number."
        ) from None
