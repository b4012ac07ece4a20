"""The unique ids that IAM gives to what it makes, and access keys.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

import base64
import secrets
from enum import StrEnum

_ID_LENGTH = 17
_KEY_LENGTH = 16
_SECRET_BYTES = 30


class Prefix(StrEnum):
    """What an id begins with tells what it is of."""

    USER = "AIDA"
    ROLE = "AROA"
    GROUP = "AGPA"
    POLICY = "ANPA"
    INSTANCE_PROFILE = "AIPA"
    SERVER_CERTIFICATE = "ASCA"
    ACCESS_KEY = "AKIA"


def new_id(prefix: Prefix) -> str:
    """Make a unique id of 21 capital letters and digits, the prefix included."""
    return prefix + _base32(_ID_LENGTH)


def new_access_key_id() -> str:
    """Make the id of an access key: 20 capital letters and digits."""
    return Prefix.ACCESS_KEY + _base32(_KEY_LENGTH)


def new_secret() -> str:
    """Make a secret access key: 40 characters."""
    return base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")


def _base32(length: int) -> str:
    return base64.b32encode(secrets.token_bytes(length)).decode("ascii")[:length]
