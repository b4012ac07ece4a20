"""The tokens that functions checkpoint with, and the ids by which callbacks are completed.

Both are opaque to those who get them. They are no secrets: whoever uses them signs the request.
"""

import base64
import binascii
from dataclasses import dataclass

_CHECKPOINT, _CALLBACK = "c1", "b1"


@dataclass(frozen=True, slots=True)
class CheckpointToken:
    """Which checkpoint of which invocation may be next.

    Attributes:
        execution_id: the execution's.
        invocation_id: the invocation's.
        sequence: how many checkpoints it has made.
    """

    execution_id: str
    invocation_id: str
    sequence: int

    def __str__(self) -> str:
        return _pack(_CHECKPOINT, self.execution_id, self.invocation_id, str(self.sequence))

    @classmethod
    def read(cls, text: str) -> "CheckpointToken | None":
        """Read a token; None if it is none."""
        parts = _unpack(text, _CHECKPOINT, 3)
        if parts is None or not (parts[2].isascii() and parts[2].isdecimal()):
            return None
        return cls(parts[0], parts[1], int(parts[2][:18]))


@dataclass(frozen=True, slots=True)
class CallbackId:
    """Which callback it is.

    Attributes:
        execution_id: the execution's.
        operation_id: the operation's.
    """

    execution_id: str
    operation_id: str

    def __str__(self) -> str:
        return _pack(_CALLBACK, self.execution_id, self.operation_id)

    @classmethod
    def read(cls, text: str) -> "CallbackId | None":
        """Read an id; None if it is none."""
        parts = _unpack(text, _CALLBACK, 2)
        return None if parts is None else cls(*parts)


def _pack(*parts: str) -> str:
    return base64.b64encode(":".join(parts).encode("ascii")).decode("ascii")


def _unpack(text: str, kind: str, count: int) -> list[str] | None:
    try:
        parts = base64.b64decode(text.encode("ascii"), validate=True).decode("ascii").split(":")
    except (binascii.Error, UnicodeError):
        return None
    return parts[1:] if parts[0] == kind and len(parts) == count + 1 else None
