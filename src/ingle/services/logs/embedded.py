"""Measurements in log lines: the embedded metric format.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingle.services.cloudwatch.api import Sample
from ingle.services.logs.chunks import RawEvent

_MARK = '"_aws"'
_MOST_METRICS = 100
_MOST_VALUES = 100
_MOST_DIMENSIONS = 30


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of one namespace."""

    namespace: str
    samples: Sequence[Sample]


def measured(events: Sequence[RawEvent]) -> list[Measured]:
    """Return what is measured in some events; those that are not of the format count as text."""
    found: list[Measured] = []
    for timestamp, message in events:
        if _MARK in message:
            found += _read(timestamp, message)
    return found


def _read(timestamp: int, message: str) -> Iterator[Measured]:
    try:
        document = orjson.loads(message)
    except orjson.JSONDecodeError:
        return
    about = document.get("_aws") if isinstance(document, dict) else None
    directives = about.get("CloudWatchMetrics") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(directives, list):
        return
    told = about.get("Timestamp")
    at_ms = told if isinstance(told, int) and not isinstance(told, bool) else timestamp
    for directive in directives:
        if isinstance(directive, dict):
            namespace = directive.get("Namespace")
            if isinstance(namespace, str) and namespace:
                samples = list(_samples(directive, document, at_ms / 1000))
                if samples:
                    yield Measured(namespace, samples)


def _samples(directive: dict[str, Any], document: dict[str, Any], at: float) -> Iterator[Sample]:
    metrics = directive.get("Metrics")
    if not isinstance(metrics, list):
        return
    sets = list(_dimension_sets(directive.get("Dimensions", [[]]), document))
    for metric in metrics[:_MOST_METRICS]:
        name = metric.get("Name") if isinstance(metric, dict) else None
        if not isinstance(name, str) or not name:
            continue
        unit = metric.get("Unit", "None")
        resolution = 1 if metric.get("StorageResolution") == 1 else 60
        for value in _numbers(document.get(name)):
            for dimensions in sets:
                yield Sample(
                    name,
                    value,
                    dimensions,
                    unit if isinstance(unit, str) else "None",
                    at,
                    resolution,
                )


def _dimension_sets(sets: Any, document: dict[str, Any]) -> Iterator[tuple[tuple[str, str], ...]]:
    """List the sets of dimensions; one of which a value is missing does not count."""
    if not isinstance(sets, list):
        return
    for names in sets or [[]]:
        if not isinstance(names, list) or len(names) > _MOST_DIMENSIONS:
            continue
        values = [document.get(name) if isinstance(name, str) else None for name in names]
        if all(isinstance(value, str | int | float) and value != "" for value in values):
            yield tuple((name, str(value)) for name, value in zip(names, values, strict=True))


def _numbers(value: Any) -> list[float]:
    values = value[:_MOST_VALUES] if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
