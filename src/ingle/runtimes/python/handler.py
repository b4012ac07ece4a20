"""Finding a handler, calling it, and saying what went wrong in AWS's words.

The wording and the error types are those of AWS's own Python runtime, as
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html shows them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
NO_BREAK_SPACE = "\u00a0"


class Fault(Exception):
    """An error that the runtime itself finds."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


def find_handler(name: str) -> Callable[[Any, Any], Any]:
    """Import the handler's module and return the callable; raise Fault or what the module did."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            f"Cannot use built-in module {module_name} as a handler module",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(
            "Runtime.ImportModuleError",
            f"Unable to import module '{module_name}': {error}",
        ) from error
    except SyntaxError as error:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {error}",
            [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'],
        ) from error
    try:
        function: Callable[[Any, Any], Any] = getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound",
            f"Handler '{function_name}' missing on module '{module_name}'",
        ) from None
    return function


def load_event(payload: bytes) -> Any:
    """Parse an event's JSON; raise Fault."""
    try:
        return json.loads(payload)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def _default(value: object) -> int | float:
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def dump_answer(answer: object) -> bytes:
    """Return an answer's JSON as bytes; raise Fault."""
    try:
        return json.dumps(answer, default=_default, ensure_ascii=False).encode("utf-8")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def describe(error: BaseException, request_id: str = "") -> dict[str, Any]:
    """Return the error as the dict that AWS's runtime answers with."""
    if isinstance(error, Fault):
        message, kind, trace = error.message, error.kind, error.trace
    else:
        frames = list(traceback.extract_tb(error.__traceback__))
        while frames and _is_ours(frames[0].filename):
            frames = frames[1:]
        message, kind, trace = str(error), type(error).__name__, traceback.format_list(frames)
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _is_ours(filename: str) -> bool:
    return os.path.dirname(filename) == _HERE or filename.startswith("<frozen importlib")


def log_text(described: dict[str, Any], _invocation: object = None) -> str:
    """Return the error as the text of its log event."""
    head = "[ERROR]"
    if described["errorType"]:
        head += " " + described["errorType"]
    if described["errorMessage"]:
        head += (":" if described["errorType"] else "") + " " + described["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for entry in described["stackTrace"]:
        for line in entry.splitlines() or [""]:
            bare = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(bare)) + bare)
    return "\n".join(lines)
