"""What a target gets of an event: all of it, a part, a constant, or a text made of parts.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from ingle.services.delivering.api import Delivery

_NOTHING = object()
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*)\]|\['([^']+)'\]")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_ESCAPED = re.compile(r"\\.|\"|<[A-Za-z0-9_.-]+>", re.DOTALL)
_RESERVED = frozenset(
    (
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    )
)


def is_path(path: str) -> bool:
    """Say whether a text is a path into an event, for instance `$.detail.state`."""
    return path.startswith("$") and _steps(path) is not None


def with_parameters(target: Mapping[str, Any], event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill in what parameters of a target say with paths into the event itself.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    (Dynamic path parameters).

    Args:
        target: the target; such parameters begin with `$.`.
        event: the event.
    """
    found = {
        name: _filled(target[name], event)
        for name in ("HttpParameters", "SqsParameters")
        if target.get(name)
    }
    return {**target, **found} if found else target


def _filled(value: Any, event: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(each, event) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, event) for each in value]
    if not isinstance(value, str) or not value.startswith("$.") or _steps(value) is None:
        return value
    found = _found(event, value)
    if found is _NOTHING:
        return ""
    return found if isinstance(found, str) else orjson.dumps(found).decode()


def unknown_variables(template: str, paths: Mapping[str, str]) -> list[str]:
    """Find the variables of a template that nothing says what they stand for."""
    found = _VARIABLE.findall(template)
    return [each for each in found if each not in paths and each not in _RESERVED]


def shaped(delivery: Delivery) -> bytes:
    """Make what the target of a rule gets."""
    target = delivery.target
    constant = target.get("Input")
    if constant is not None:
        return str(constant).encode()
    path, transformer = target.get("InputPath"), target.get("InputTransformer")
    if path in (None, "$") and transformer is None:
        return delivery.event
    event = orjson.loads(delivery.event)
    if transformer is None:
        found = _found(event, str(path))
        return b"null" if found is _NOTHING else orjson.dumps(found)
    return _transformed(delivery, event, transformer).encode()


def _transformed(delivery: Delivery, event: Any, transformer: Mapping[str, Any]) -> str:
    values = {
        name: _found(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    values |= {
        "aws.events.rule-arn": delivery.source_arn,
        "aws.events.rule-name": delivery.source_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": _ingested(delivery),
        "aws.events.event": {name: event[name] for name in event if name != "detail"},
        "aws.events.event.json": event,
    }
    inside = False

    def put(match: re.Match[str]) -> str:
        nonlocal inside
        text = match.group()
        if text == '"':
            inside = not inside
        if not text.startswith("<"):
            return text
        value = values.get(text[1:-1], text)
        return _inside(value) if inside else _outside(value)

    template: str = transformer["InputTemplate"]
    return _ESCAPED.sub(put, template)


def _ingested(delivery: Delivery) -> str:
    time = datetime.fromtimestamp(delivery.created_ms / 1000, UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _outside(value: Any) -> str:
    """Write a value as JSON; what is not there is null."""
    return "null" if value is _NOTHING else orjson.dumps(value).decode()


def _inside(value: Any) -> str:
    """Write a value within a text that is in quotes: of an object the quotes are left out."""
    if value is _NOTHING:
        return ""
    if isinstance(value, str):
        return orjson.dumps(value).decode()[1:-1]
    return orjson.dumps(value).decode().replace("\\", "\\\\").replace('"', "")


def _found(event: Any, path: str) -> Any:
    value = event
    for step in _steps(path) or ():
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else _NOTHING
        elif isinstance(value, dict):
            value = value.get(step, _NOTHING)
        elif not (step == "*" and isinstance(value, list)):
            value = _NOTHING
        if value is _NOTHING:
            return value
    return value


def _steps(path: str) -> list[str | int] | None:
    """Read a path; None where it is none."""
    position = 1
    found: list[str | int] = []
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        name, index, quoted = match.groups()
        if index is not None:
            found.append("*" if index == "*" else int(index))
        else:
            found.append(name or quoted)
        position = match.end()
    return found
