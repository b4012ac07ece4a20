"""Length-prefixed frames between the server and a managed runtime.

A frame is a little-endian header `<IB` (the length of the body, the kind) and the body.
"""

from __future__ import annotations

import _socket
import os
import struct
import sys

HEADER = struct.Struct("<IB")
INVOKE_HEAD = struct.Struct("<36sQHHIH")

INIT = 1
"""To the sandbox: JSON with the handler's name and the environment."""
INVOKE = 2
"""To the sandbox: request id, deadline (ms since the epoch), the lengths of ARN, trace id,
client context and tenant id, then these four and the event."""
READY = 3
"""From the sandbox: the handler is loaded."""
INIT_ERROR = 4
"""From the sandbox: JSON of the error that loading the handler gave."""
RESULT = 5
"""From the sandbox: request id and the answer's JSON."""
FAULT = 6
"""From the sandbox: request id and the error's JSON."""
SETUP_FAILED = 7
"""From the sandbox: text; the process could not be locked in, and no user code ran."""
CHUNK = 8
"""From the sandbox: request id and a piece of a streamed answer; RESULT ends it."""
PRELUDE = 9
"""From the sandbox: request id and the content type of a streamed answer."""
EXTENSIONS = 10
"""From the sandbox, where there are extensions: descriptors come along, of the socket to the
process that starts them (`supervisor`), of the pipe with their output, and of unconnected TCP
sockets, for those who subscribe to telemetry."""
ENDPOINT = 11
"""From the sandbox: descriptors come along, of the sockets on which the AWS endpoint and the
Runtime API are awaited, and of an unconnected TCP socket for a subscriber to telemetry."""


class Channel:
    """The sandbox's end of the socket to the server; blocking."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = b""

    def receive(self) -> tuple[int, bytes]:
        """Return the next frame as (kind, body); raise EOFError when the server is gone."""
        buffer = self._buffer
        while len(buffer) < 5:
            chunk = os.read(self._fd, 65536)
            if not chunk:
                raise EOFError
            buffer = buffer + chunk if buffer else chunk
        length, kind = HEADER.unpack_from(buffer)
        end = 5 + length
        if len(buffer) < end:
            parts = [buffer]
            have = len(buffer)
            while have < end:
                chunk = os.read(self._fd, min(1 << 20, end - have))
                if not chunk:
                    raise EOFError
                parts.append(chunk)
                have += len(chunk)
            buffer = b"".join(parts)
        self._buffer = buffer[end:]
        return kind, buffer[5:end]

    def send(self, kind: int, body: bytes = b"") -> None:
        """Send one frame."""
        data = HEADER.pack(len(body), kind) + body
        while data:
            data = data[os.write(self._fd, data) :]

    def send_descriptors(self, kind: int, descriptors: list[int]) -> None:
        """Send a frame without a body, and descriptors with it."""
        sock = _socket.socket(fileno=os.dup(self._fd))
        packed = b"".join([each.to_bytes(4, sys.byteorder) for each in descriptors])
        sock.sendmsg([HEADER.pack(0, kind)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])
        sock.close()
