"""What a dashboard's body may be.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Callable
from typing import Any

import orjson

from ingle.services.cloudwatch.errors import DashboardInvalid
from ingle.services.cloudwatch.limits import DASHBOARD

Messages = list[tuple[str, str]]
"""Pairs of a path in the body and what is said of it."""

_MEMBERS = frozenset({"widgets", "start", "end", "periodOverride", "variables"})
_WIDGET_MEMBERS = frozenset({"type", "x", "y", "width", "height", "properties"})
_PLACES = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}
_NO_TEXT = 'Invalid metric field type, only "String" type is allowed'
_VIEWS = ("timeSeries", "singleValue", "bar", "pie", "gauge", "table")


def check(body: str) -> Messages:
    """Check a dashboard's body; return what is odd about it, but does no harm.

    Raises:
        DashboardInvalid: it is not one.
    """
    if len(body.encode()) > DASHBOARD["body_bytes"]:
        raise DashboardInvalid([("", f"Should NOT be longer than {DASHBOARD['body_bytes']} bytes")])
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise DashboardInvalid(
            [("", f"The field DashboardBody must be valid JSON: {error}")]
        ) from (error)
    errors: Messages = []
    warnings: Messages = []
    if not isinstance(document, dict):
        raise DashboardInvalid([("", "Should be object")])
    widgets = document.get("widgets")
    if "widgets" not in document:
        errors.append(("", "Should have required property 'widgets'"))
    elif not isinstance(widgets, list):
        errors.append(("/widgets", "Should be array"))
    else:
        if len(widgets) > DASHBOARD["widgets"]:
            errors.append(("/widgets", f"Should NOT have more than {DASHBOARD['widgets']} items"))
        for number, widget in enumerate(widgets):
            _widget(f"/widgets/{number}", widget, errors, warnings)
    if document.get("periodOverride", "auto") not in ("auto", "inherit"):
        errors.append(("/periodOverride", "Should be equal to one of the allowed values"))
    if "end" in document and "start" not in document:
        errors.append(("", "Should have property start when property end is present"))
    _strange(document, _MEMBERS, "", warnings)
    if errors:
        raise DashboardInvalid(errors)
    return warnings


def _widget(path: str, widget: Any, errors: Messages, warnings: Messages) -> None:
    if not isinstance(widget, dict):
        errors.append((path, "Should be object"))
        return
    for name, (least, most) in _PLACES.items():
        value = widget.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            errors.append((f"{path}/{name}", "Should be integer"))
        elif value < least:
            errors.append((f"{path}/{name}", f"Should be >= {least}"))
        elif most is not None and value > most:
            errors.append((f"{path}/{name}", f"Should be <= {most}"))
    for name in ("type", "properties"):
        if name not in widget:
            errors.append((path, f"Should have required property '{name}'"))
    _strange(widget, _WIDGET_MEMBERS, path, warnings)
    kind, properties = widget.get("type"), widget.get("properties", {})
    if kind is not None and kind not in _KINDS:
        errors.append((f"{path}/type", "Should be equal to one of the allowed values"))
    elif not isinstance(properties, dict):
        errors.append((f"{path}/properties", "Should be object"))
    elif kind is not None and "properties" in widget:
        _KINDS[kind](f"{path}/properties", properties, errors, warnings)


def _metric(path: str, properties: dict[str, Any], errors: Messages, warnings: Messages) -> None:
    if "metrics" not in properties and "annotations" not in properties:
        errors.append((path, "Should have required property 'metrics'"))
    _required(path, properties, ("region",), warnings)
    if properties.get("view", _VIEWS[0]) not in _VIEWS:
        errors.append((f"{path}/view", "Should be equal to one of the allowed values"))
    metrics = properties.get("metrics", [])
    if not isinstance(metrics, list):
        errors.append((f"{path}/metrics", "Should be array"))
        return
    for number, metric in enumerate(metrics):
        where = f"{path}/metrics/{number}"
        if not isinstance(metric, list):
            errors.append((where, "Should be array"))
            continue
        if not metric:
            errors.append((where, "Should NOT have fewer than 1 items"))
            continue
        *texts, last = metric
        if not isinstance(last, dict):
            texts = metric
        wrong = [at for at, each in enumerate(texts) if not isinstance(each, str)]
        errors += [(f"{where}/{at}", _NO_TEXT) for at in wrong]
        alone = not texts and isinstance(last, dict)
        if alone and "expression" not in last:
            errors.append((where, "Should have required property 'expression'"))
        elif texts and texts[0] != "..." and len(texts) % 2 and "..." not in texts:
            # A dimension's name without a value, in AWS's words.
            errors.append((where, f"Should NOT have more than {len(texts) - 1} items"))


def _text(path: str, properties: dict[str, Any], errors: Messages, _warnings: Messages) -> None:
    _required(path, properties, ("markdown",), errors)


def _log(path: str, properties: dict[str, Any], errors: Messages, warnings: Messages) -> None:
    _required(path, properties, ("query",), errors)
    _required(path, properties, ("region",), warnings)


def _alarm(path: str, properties: dict[str, Any], errors: Messages, _warnings: Messages) -> None:
    _required(path, properties, ("alarms",), errors)


def _custom(path: str, properties: dict[str, Any], errors: Messages, _warnings: Messages) -> None:
    _required(path, properties, ("endpoint",), errors)


def _any(_path: str, _properties: dict[str, Any], _errors: Messages, _warnings: Messages) -> None:
    """What widgets of other kinds have is theirs."""


_KINDS: dict[str, Callable[[str, dict[str, Any], Messages, Messages], None]] = {
    "metric": _metric,
    "text": _text,
    "log": _log,
    "alarm": _alarm,
    "custom": _custom,
    "explorer": _any,
}


def _required(
    path: str, properties: dict[str, Any], names: tuple[str, ...], messages: Messages
) -> None:
    messages += [
        (path, f"Should have required property '{name}'")
        for name in names
        if name not in properties
    ]


def _strange(
    document: dict[str, Any], known: frozenset[str], path: str, warnings: Messages
) -> None:
    warnings += [
        (f"{path}/{name}", "Should NOT have additional properties")
        for name in sorted(set(document) - known)
    ]
