"""The runtime's end of the socket to the server.

A frame is a little-endian header `<IB` (the length of the body, the kind) and the body.
`runtimes/python/frames.py` describes the kinds.
"""

from __future__ import absolute_import

import fcntl
import os
import struct

from . import writing

INIT = 1
INVOKE = 2
READY = 3
INIT_ERROR = 4
RESULT = 5
FAULT = 6

_HEADER = struct.Struct("<IB")
_PIECE = 65536


class Channel(object):
    """Receives and sends frames; blocking."""

    def __init__(self, fd):
        self.fd = fd
        self._buffer = b""

    @classmethod
    def from_standard_input(cls):
        """Take descriptor 0, which is the socket, and leave nothing to read there."""
        fd = fcntl.fcntl(0, fcntl.F_DUPFD, 3)
        # Programs that the function starts do not get it.
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        return cls(fd)

    def receive(self, kind):
        """Wait for a frame of this kind; return its body, or None when the server is gone."""
        if not self._fill(_HEADER.size):
            return None
        length, received = _HEADER.unpack_from(self._buffer)
        end = _HEADER.size + length
        if not self._fill(end):
            return None
        if received != kind:
            raise RuntimeError("a frame of kind %d was expected, not %d" % (kind, received))
        body, self._buffer = self._buffer[_HEADER.size : end], self._buffer[end:]
        return body

    def send(self, kind, *parts):
        """Send one frame, whose body is these parts."""
        body = b"".join(parts)
        writing.write_fully(self.fd, _HEADER.pack(len(body), kind) + body)

    def _fill(self, count):
        parts, have = [self._buffer], len(self._buffer)
        while have < count:
            piece = writing.uninterrupted(os.read, self.fd, max(_PIECE, count - have))
            if not piece:
                return False
            parts.append(piece)
            have += len(piece)
        self._buffer = b"".join(parts)
        return True
