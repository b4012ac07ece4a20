"""The server's own log: a line for each record, for people or for machines."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

TEXT, JSON = "text", "json"
_TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MEMBERS = {"levelname": "level", "name": "logger"}
_JSON_FORMAT = "{levelname}{name}{message}"

_logger = logging.getLogger("ingle.server")


def configure(level: str, log_format: str) -> None:
    """Write records to standard error.

    As JSON a record is one line: `timestamp` (ISO 8601, UTC), `level`, `logger`, `message`, what it
    has besides and, of an error, its traceback in `exc_info`.

    Args:
        level: the least that Ingle's own records must have; others are told from warnings on.
        log_format: `text` or `json`.
    """
    handler = logging.StreamHandler()
    if log_format == JSON:
        handler.setFormatter(
            JsonFormatter(_JSON_FORMAT, style="{", rename_fields=_MEMBERS, timestamp=True)
        )
    else:
        handler.setFormatter(logging.Formatter(_TEXT_FORMAT))
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("ingle").setLevel(level.upper())


def tell(text: str, log_format: str) -> None:
    """Tell whoever started the server something, also where warnings are not logged."""
    if log_format == JSON:
        record = _logger.makeRecord(_logger.name, logging.WARNING, "", 0, text, (), None)
        _logger.handle(record)
    else:
        print(text, file=sys.stderr)
