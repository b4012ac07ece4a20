"""Receipt handles: what a receiver tells a message by, and only who has received it can have.

A handle names the message's row and how often it had been received, signed with the queue's secret.
So nothing is kept for handles, and they are good after a restart too.
"""

import base64
import binascii
import hashlib
import struct

from ingle.services.sqs.errors import ReceiptHandleIsInvalid

_NAMES = struct.Struct(">QI")
_SEAL_BYTES = 16


def make(secret: bytes, message_id: int, receives: int) -> str:
    """Make the handle of a message that was received for the so manieth time."""
    names = _NAMES.pack(message_id, receives)
    return base64.b64encode(names + _seal(secret, names)).decode("ascii")


def read(secret: bytes, handle: str) -> tuple[int, int]:
    """Read a handle: which row, received how often.

    Raises:
        ReceiptHandleIsInvalid: it is none of this queue's.
    """
    try:
        data = base64.b64decode(handle.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeError):
        raise ReceiptHandleIsInvalid(handle) from None
    names, seal = data[: _NAMES.size], data[_NAMES.size :]
    if len(seal) != _SEAL_BYTES or seal != _seal(secret, names):
        raise ReceiptHandleIsInvalid(handle)
    message_id, receives = _NAMES.unpack(names)
    return message_id, receives


def _seal(secret: bytes, names: bytes) -> bytes:
    return hashlib.blake2b(names, key=secret, digest_size=_SEAL_BYTES).digest()
