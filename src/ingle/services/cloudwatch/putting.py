"""What PutMetricData takes.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html and
…/API_MetricDatum.html; the refusals are worded as recordings of AWS's answers have them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
)
from ingle.services.cloudwatch.limits import PUT
from ingle.services.cloudwatch.model import NO_UNIT, Dimensions, Sample
from ingle.services.cloudwatch.sampling import is_number, is_text
from ingle.services.cloudwatch.summary import Summary

RESERVED = "AWS/"
"""How the namespaces of AWS's own services begin."""
_RESOLUTIONS = (1, 60)


def samples(request: Mapping[str, Any], now: float) -> list[Sample]:
    """Read the measurements of a request.

    Args:
        request: the input of PutMetricData.
        now: seconds since the epoch.

    Raises:
        MissingParameter, InvalidParameterValue, InvalidParameterCombination: it is not well formed.
    """
    if request["Namespace"].startswith(RESERVED):
        raise InvalidParameterValue(f"The value {RESERVED} for parameter Namespace is invalid.")
    found = _read("MetricData", request.get("MetricData", ()), now)
    for number, entity in enumerate(request.get("EntityMetricData", ()), 1):
        path = f"EntityMetricData.member.{number}.MetricData"
        found += _read(path, entity.get("MetricData", ()), now)
    if not found:
        raise MissingParameter("The parameter MetricData is required.")
    if len(found) > PUT["data"]:
        raise _too_many("MetricData", PUT["data"])
    return found


def _read(path: str, data: Sequence[Mapping[str, Any]], now: float) -> list[Sample]:
    if len(data) > PUT["data"]:
        raise _too_many(path, PUT["data"])
    return [_sample(f"{path}.member.{number}", each, now) for number, each in enumerate(data, 1)]


def _sample(path: str, datum: Mapping[str, Any], now: float) -> Sample:
    resolution = datum.get("StorageResolution", 60)
    if resolution not in _RESOLUTIONS:
        raise _invalid(resolution, f"{path}.StorageResolution")
    at = datum.get("Timestamp")
    if at is not None:
        if at < now - PUT["oldest"]:
            raise InvalidParameterValue(
                f"The parameter {path}.Timestamp must specify a time within the past two weeks."
            )
        if at > now + PUT["newest"]:
            raise InvalidParameterValue(
                f"The parameter {path}.Timestamp must specify a time no more than two hours in "
                "the future."
            )
    return Sample(
        datum["MetricName"],
        _value(path, datum),
        dimensions(f"{path}.Dimensions", datum.get("Dimensions", ())),
        datum.get("Unit", NO_UNIT),
        at,
        resolution,
    )


def dimensions(path: str, given: Sequence[Mapping[str, str]]) -> Dimensions:
    """Read dimensions, and check that no name is there twice.

    Raises:
        InvalidParameterValue: one is, or a name or value is not one.
    """
    pairs: dict[str, str] = {}
    for number, each in enumerate(given, 1):
        for member in ("Name", "Value"):
            text = each[member]
            if not is_text(text, len(text)) or (member == "Name" and text[0] == ":"):
                raise _invalid(text, f"{path}.member.{number}.{member}")
        if each["Name"] in pairs:
            raise InvalidParameterValue(
                f"The parameter {path} has the dimension {each['Name']} more than once."
            )
        pairs[each["Name"]] = each["Value"]
    return tuple(sorted(pairs.items()))


def _value(path: str, datum: Mapping[str, Any]) -> float | Summary:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if not given:
        raise InvalidParameterCombination(
            f"At least one of the parameters {path}.Value, {path}.Values and "
            f"{path}.StatisticValues must be specified."
        )
    if len(given) > 1:
        first, second, *_ = given
        raise InvalidParameterCombination(
            f"The parameters {path}.{first} and {path}.{second} are mutually exclusive and you "
            "have specified both."
        )
    if "Counts" in datum and "Values" not in datum:
        raise InvalidParameterCombination(
            f"The parameter {path}.Counts can only be specified with {path}.Values."
        )
    if "Value" in datum:
        return _number(datum["Value"], f"{path}.Value")
    if "Values" in datum:
        return _distribution(path, datum["Values"], datum.get("Counts"))
    return _set(f"{path}.StatisticValues", datum["StatisticValues"])


def _distribution(path: str, values: Sequence[float], counts: Sequence[float] | None) -> Summary:
    if counts is not None and len(values) != len(counts):
        raise InvalidParameterValue(
            f"The parameters {path}.Values and {path}.Counts must be of the same size."
        )
    if not values:
        raise MissingParameter(f"The parameter {path}.Values is required.")
    if len(values) > PUT["values"]:
        raise _too_many(f"{path}.Values", PUT["values"])
    summary: Summary | None = None
    for number, value in enumerate(values, 1):
        _number(value, f"{path}.Values.member.{number}")
        count = 1.0 if counts is None else counts[number - 1]
        where = f"{path}.Counts.member.{number}"
        if _number(count, where) <= 0:
            raise _invalid(count, where)
        if summary is None:
            summary = Summary.of(value, count)
        else:
            summary.add(value, count)
    assert summary is not None
    return summary


def _set(path: str, given: Mapping[str, float]) -> Summary:
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        _number(given[name], f"{path}.{name}")
    if given["Maximum"] < given["Minimum"]:
        raise InvalidParameterValue(
            f"The parameter {path}.Maximum must be greater than {path}.Minimum."
        )
    if given["SampleCount"] <= 0:
        raise InvalidParameterValue(f"The parameter {path}.SampleCount must be greater than 0.")
    return Summary.of_set(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])


def _number(value: float, path: str) -> float:
    if not is_number(value):
        raise _invalid(value, path)
    return value


def _invalid(value: object, path: str) -> InvalidParameterValue:
    if isinstance(value, float) and math.isnan(value):
        value = "NaN"
    elif isinstance(value, float) and math.isinf(value):
        value = "Infinity" if value > 0 else "-Infinity"
    return InvalidParameterValue(f"The value {value} for parameter {path} is invalid.")


def _too_many(path: str, most: int) -> InvalidParameterValue:
    return InvalidParameterValue(f"The collection {path} must not have a size greater than {most}.")
