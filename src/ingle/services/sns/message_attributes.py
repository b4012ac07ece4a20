"""Message attributes: what they may be.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
"""

import base64
import re
from typing import Any

import orjson

from ingle.services.sns.errors import InvalidParameterValue
from ingle.services.sns.limits import MESSAGE
from ingle.services.sns.model import Attributes

_ODD = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)
_TYPES = ("Binary", "Number", "String")


def check(attributes: Attributes) -> int:
    """Check a message's attributes; return their size as AWS counts it: names, types and values.

    Raises:
        InvalidParameterValue: no message may have them.
    """
    size = 0
    for name, value in attributes.items():
        _check_name(name)
        kind: str = value["DataType"]
        if not kind:
            raise InvalidParameterValue(
                f"The message attribute '{name}' must contain non-empty message attribute type."
            )
        if kind.partition(".")[0] not in _TYPES:
            raise InvalidParameterValue(
                f"The message attribute '{name}' has an invalid message attribute type, the set "
                "of supported type prefixes is Binary, Number, and String."
            )
        content = _content(name, value, kind)
        size += len(name.encode()) + len(kind.encode()) + len(content)
    return size


def told(attributes: Attributes) -> dict[str, dict[str, str]]:
    """Write attributes as they are in what subscribers get: binary values in Base64."""
    return {
        name: {"Type": value["DataType"], "Value": _text(value)}
        for name, value in attributes.items()
    }


def _text(value: Any) -> str:
    text = value.get("StringValue")
    return text if text is not None else base64.b64encode(value["BinaryValue"]).decode("ascii")


def _check_name(name: str) -> None:
    if not name:
        raise InvalidParameterValue("The request must contain non-empty message attribute names.")
    if len(name) > MESSAGE.attribute_name:
        raise InvalidParameterValue(
            f"Length of message attribute name must be less than {MESSAGE.attribute_name} bytes."
        )
    if name.startswith("."):
        raise InvalidParameterValue(
            "Invalid message attribute name starting with character '.' was found."
        )
    if name.endswith("."):
        raise InvalidParameterValue(
            "Invalid message attribute name ending with character '.' was found."
        )
    odd = _ODD.search(name)
    if odd is not None:
        raise InvalidParameterValue(
            f"Invalid non-alphanumeric character '#x{ord(odd[0]):X}' was found in the message "
            "attribute name. Can only include alphanumeric characters, hyphens, underscores, or "
            "dots."
        )
    if ".." in name:
        raise InvalidParameterValue("Message attribute name can not have successive '.' character.")
    if name.lower().startswith(("aws.", "amazon.")):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These "
            "strings are reserved for internal use."
        )


def _content(name: str, value: Any, kind: str) -> bytes:
    member, other = "StringValue", "BinaryValue"
    if kind.startswith("Binary"):
        member, other = other, member
    content: str | bytes | None = value.get(member)
    if content is None and value.get(other) is not None:
        raise InvalidParameterValue(
            f"The message attribute '{name}' with type '{kind}' must use field "
            f"'{member.removesuffix('Value')}'."
        )
    if not content:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute value for "
            f"message attribute type '{kind}'."
        )
    if isinstance(content, bytes):
        return content
    if kind.startswith("Number"):
        _check_number(name, content)
    if kind == "String.Array":
        _check_array(name, content)
    return content.encode(errors="surrogatepass")


def _check_number(name: str, text: str) -> None:
    try:
        float(text)
    except ValueError:
        raise InvalidParameterValue(
            f"Could not cast message attribute '{name}' value to number."
        ) from None


def _check_array(name: str, text: str) -> None:
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, list) or any(isinstance(each, list | dict) for each in values):
        raise InvalidParameterValue(
            f"The message attribute '{name}' with type 'String.Array' must be a JSON array of "
            "strings, numbers, true, false or null."
        )
