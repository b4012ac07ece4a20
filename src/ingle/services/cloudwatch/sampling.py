"""Which measurements there can be, wherever they come from.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html and
…/API_Dimension.html
"""

import math
import tomllib
from pathlib import Path

from ingle.services.cloudwatch.limits import PUT
from ingle.services.cloudwatch.model import Sample
from ingle.services.cloudwatch.summary import Summary

GREATEST = 2.0 ** PUT["exponent"]
"""The greatest number that can be measured; its negative is the least."""
UNITS: frozenset[str] = frozenset(
    tomllib.loads(Path(__file__).with_name("units.toml").read_text("utf-8"))["units"]
)
_NAME, _VALUE, _DIMENSIONS = 255, 1024, 30


def is_measurement(namespace: str, sample: Sample, now: float) -> bool:
    """Whether PutMetricData would take a measurement.

    Args:
        namespace: of the metric.
        sample: the measurement.
        now: seconds since the epoch.
    """
    value = sample.value
    if not isinstance(value, Summary) and not is_number(value):
        return False
    if sample.at is not None and not now - PUT["oldest"] <= sample.at <= now + PUT["newest"]:
        return False
    names = [name for name, _ in sample.dimensions]
    return (
        0 < len(namespace) <= _NAME
        and 0 < len(sample.name) <= _NAME
        and sample.unit in UNITS
        and len(names) <= _DIMENSIONS
        and len(set(names)) == len(names)
        and all(
            is_text(name, _NAME) and name[0] != ":" and is_text(text, _VALUE)
            for name, text in sample.dimensions
        )
    )


def is_number(value: float) -> bool:
    """Whether a number can be measured."""
    return math.isfinite(value) and abs(value) <= GREATEST


def is_text(text: str, most: int) -> bool:
    """Whether a dimension can have this name or value."""
    return len(text) <= most and text.isascii() and bool(text.strip())
