"""Telling one log event from the next in what a sandbox writes."""

import struct
from collections.abc import Iterator

_FRAME = struct.Struct(">IIQ")
_FRAME_START = b"\xa5\x5a\x00\x03"
MAX_EVENT = 262_118
"""Bytes; CloudWatch Logs takes 256 KB with 26 bytes of overhead an event.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""


_SAFE = MAX_EVENT // len("\ufffd".encode())
"""Bytes that make no longer event, even if none of them is text: each is replaced then."""
_LONGEST = 4
"""Bytes of a character."""


class OutputSplitter:
    """Splits a byte stream into events: a line each, or a frame of AWS's telemetry descriptor.

    A line that never ends is cut into events of `MAX_EVENT` bytes, so no more than that is held.
    """

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the events that are complete with these bytes, each with its line end."""
        data = self._rest + data if self._rest else data
        framed = _FRAME_START in data
        start = 0
        while start < len(data):
            if data[start] == 0xA5:
                end = self._frame_end(data, start)
                if end is None:
                    break
                if end > start:
                    text = data[start + _FRAME.size : end]
                    yield from _pieces(text if text.endswith(b"\n") else text + b"\n")
                    start = end
                    continue
            newline = data.find(b"\n", start)
            if framed:
                # What was printed without a line end, or by another process, ends here.
                cut = data.find(_FRAME_START, start + 1, newline if newline >= 0 else len(data))
                if cut >= 0:
                    yield from _pieces(data[start:cut] + b"\n")
                    start = cut
                    continue
            if newline < 0:
                if len(data) - start <= MAX_EVENT:
                    break
                end = _cut(data, start, start + MAX_EVENT)
            else:
                end = newline + 1
            if end - start <= _SAFE:
                yield data[start:end].decode("utf-8", "replace")
            else:
                yield from _pieces(data[start:end])
            start = end
        self._rest = data[start:]

    def flush(self) -> Iterator[str]:
        """Yield what was left without a line end."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from _pieces(rest + b"\n")

    @staticmethod
    def _frame_end(data: bytes, start: int) -> int | None:
        """Where the frame ends; `start` when it is none, None when more bytes must tell."""
        head = data[start : start + 4]
        if not _FRAME_START.startswith(head):
            return start
        if len(data) - start < _FRAME.size:
            return None
        length = _FRAME.unpack_from(data, start)[1]
        if length > MAX_EVENT:
            return start
        end = start + _FRAME.size + int(length)
        return end if end <= len(data) else None


def _pieces(text: bytes) -> Iterator[str]:
    """Cut what may be too long for one event; no character that is whole is cut."""
    start = 0
    while start < len(text):
        end = _cut(text, start, start + MAX_EVENT)
        event = text[start:end].decode("utf-8", "replace")
        if end - start > _SAFE and len(event.encode()) > MAX_EVENT:
            end = _cut(text, start, start + _SAFE)
            event = text[start:end].decode("utf-8", "replace")
        if event == "\n" and start:  # is no event of its own
            return
        yield event
        start = end


def _cut(data: bytes, start: int, end: int) -> int:
    """Where the last character that begins before `end` may be cut off whole."""
    if end >= len(data):
        return len(data)
    for at in range(end, max(start, end - _LONGEST), -1):
        if data[at] & 0xC0 != 0x80:  # not in the middle of a character
            return at
    return end
