"""Standard output, standard error and `logging`, as a function finds them.

What is printed is one log event a line. What goes through `logging` is one event a record, however
many lines it has: it is written in the frames of AWS's own telemetry descriptor (type, length,
microseconds, text; big-endian), between the lines of the same pipe, so that order is kept.
"""

from __future__ import annotations

import io
import logging
import os
import struct
import sys
import time

_FRAME = struct.Struct(">IIQ")
_FRAME_TYPE = 0xA55A0003
_LEVELS = {
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}
_MOST = 262117
"""Bytes of an event, which the server gives a line end;
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class LogSink:
    """Writes whole events to the log pipe."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def log(self, message: str, frame_type: bytes | None = None) -> None:
        """Write one event of any number of lines."""
        text = message.encode("utf-8", "replace")
        sys.stdout.flush()
        sys.stderr.flush()
        for start in range(0, max(1, len(text)), _MOST):
            piece = text[start : start + _MOST]
            data = _FRAME.pack(_FRAME_TYPE, len(piece), time.time_ns() // 1000) + piece
            while data:
                data = data[os.write(self.fd, data) :]


class _Handler(logging.Handler):
    def __init__(self, sink: LogSink) -> None:
        super().__init__()
        self.log_sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self.log_sink.log(self.format(record))


class RequestIdFilter(logging.Filter):
    """Gives every record the id of the invocation that it came from, and its tenant's."""

    def __init__(self) -> None:
        super().__init__()
        self.request_id = ""
        self.tenant_id: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        record.tenant_id = self.tenant_id
        return True


def redirect(fd: int) -> None:
    """Point descriptor 0 to nothing, 1 and 2 to the log pipe."""
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(fd, 1)
    os.dup2(fd, 2)


def open_streams() -> None:
    """Make `sys.stdin`, `sys.stdout` and `sys.stderr` write UTF-8, a line at a time."""
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = _line_writer(1)
    sys.stderr = _line_writer(2)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


def _line_writer(fd: int) -> io.TextIOWrapper:
    raw = io.FileIO(fd, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


def set_up_logging(sink: LogSink) -> RequestIdFilter:
    """Give the root logger AWS's handler and text format; return the filter that holds the id."""
    logging.Formatter.converter = time.gmtime
    handler = _Handler(sink)
    handler.setFormatter(
        logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )
    )
    request_id = RequestIdFilter()
    handler.addFilter(request_id)
    logging.getLogger().addHandler(handler)
    return request_id


def configure(environment: dict[str, str], error_text: Callable[..., str]) -> Callable[..., str]:
    """Have `logging` write JSON, from a level on, where the function's variables say so.

    Args:
        environment: the variables.
        error_text: makes the event of a handler's error, of its description and the invocation.

    Returns:
        The same, or what makes it as JSON.
    """
    if environment.get("AWS_LAMBDA_LOG_FORMAT", "").upper() != "JSON":
        return error_text
    from . import json_logs  # few functions want it

    root = logging.getLogger()
    for handler in root.handlers:
        handler.setFormatter(json_logs.Formatter())
    level = environment.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    root.setLevel(_LEVELS.get(level, logging.INFO))
    return json_logs.error_text
