"""Standard output and standard error, which are one pipe to the server.

A line is one log event. An event of several lines travels between the lines, in the frames of AWS's
own telemetry descriptor: type, length, microseconds since the epoch (big-endian), text.
"""

from __future__ import absolute_import

import struct
import sys
import time

from . import writing

_FRAME = struct.Struct(">IIQ")
_FRAME_TYPE = 0xA55A0003
MAX_EVENT = 262118
"""Bytes; CloudWatch Logs takes 256 KB with 26 bytes of overhead an event.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""
_MAX_PIECE = MAX_EVENT - 1  # the server gives an event that lacks one a line end
_EVENTS_FD = 2


class _Pipe(object):
    """Knows whether what was printed last ended its line."""

    def __init__(self):
        self.mid_line = False
        self.muted = False

    def put(self, fd, data):
        if data and not self.muted:
            self.mid_line = data[-1:] != b"\n"
            writing.write_fully(fd, data)


_pipe = _Pipe()


class Stream(object):
    """`sys.stdout` or `sys.stderr`: what is written to it is out when `write` returns."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __iter__(self):
        return iter(self._stream)

    def write(self, text):
        """Write text of either kind, or bytes."""
        _pipe.put(self._stream.fileno(), encoded(text))

    def writelines(self, texts):
        """Write several texts."""
        for text in texts:
            self.write(text)


def encoded(text):
    """Return any text as UTF-8."""
    if isinstance(text, unicode):
        return text.encode("utf-8", "replace")
    return bytes(text)


def readable(text):
    """Return any text as text that JSON can hold."""
    if isinstance(text, unicode):
        return text
    return bytes(text).decode("utf-8", "replace")


def open_streams():
    """Make `sys.stdout` and `sys.stderr` write in order, to the pipe."""
    sys.stdout = Stream(sys.stdout)
    sys.stderr = Stream(sys.stderr)


def flush():
    """Write out what C code printed, and what a stream of the function's own holds."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__):
        try:
            stream.flush()
        except (AttributeError, ValueError, EnvironmentError):
            continue  # the function replaced or closed it


def event(text):
    """Write one log event, of any number of lines."""
    data = encoded(text)
    if not data.endswith(b"\n"):
        data += b"\n"
    if b"\n" in data[:-1]:
        data = b"".join(_frames(data))
    # A function that printed half a line gets it as an event of its own.
    _pipe.put(_EVENTS_FD, (b"\n" if _pipe.mid_line else b"") + data)
    _pipe.mid_line = False


def _frames(data):
    now = int(time.time() * 1000000)
    while data:
        size = min(len(data), _MAX_PIECE)
        while size < len(data) and ord(data[size]) & 0xC0 == 0x80:
            size -= 1
        yield _FRAME.pack(_FRAME_TYPE, size, now) + data[:size]
        data = data[size:]


def mute(muted):
    """Throw away what is written from now on, or no longer."""
    _pipe.muted = muted
