"""Records of `logging` as JSON, for functions with `LogFormat=JSON`.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html, and the members that
AWS's own runtime interface client (awslambdaric) writes.
"""

from __future__ import annotations

import json
import logging
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import logs

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {
    "asctime",
    "aws_request_id",
    "message",
    "taskName",
    "tenant_id",
}
"""What every record has; all else was given with `extra`."""


class Formatter(logging.Formatter):
    """Makes one JSON object of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object and a line end."""
        message: Any = record.msg
        if record.args or not isinstance(message, dict):
            message = record.getMessage()
        told: dict[str, Any] = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": message,
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            told["stackTrace"] = traceback.format_tb(trace)
            told["errorType"] = kind.__name__
            told["errorMessage"] = str(error)
            told["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        told["requestId"] = getattr(record, "aws_request_id", "")
        tenant_id = getattr(record, "tenant_id", None)
        if tenant_id is not None:
            told["tenantId"] = tenant_id
        for name, value in vars(record).items():
            if name not in _PLAIN and name not in told:
                told[name] = value
        return json.dumps(told, ensure_ascii=False, default=str) + "\n"


def error_text(described: dict[str, Any], invocation: logs.RequestIdFilter) -> str:
    """Return the event of an error that a handler gave, as its caller gets it."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = {"timestamp": moment, "log_level": "ERROR", **described}
    if invocation.request_id:
        told["requestId"] = invocation.request_id
    if invocation.tenant_id is not None:
        told["tenantId"] = invocation.tenant_id
    return json.dumps(told, ensure_ascii=False) + "\n"
