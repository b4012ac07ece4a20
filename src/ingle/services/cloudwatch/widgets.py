"""What a graph is to show: the definition of a metric widget.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingle.services.cloudwatch.data import Asked, Query, Result, queries_of
from ingle.services.cloudwatch.errors import ValidationFailed
from ingle.services.cloudwatch.labels import told_apart

_DURATION = re.compile(
    r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
_UNITS = (604800, 86400, 3600, 60, 1)
_ZONE = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_ID = re.compile(r"[a-z][A-Za-z0-9_]*", re.ASCII)
_VIEWS = ("timeSeries", "singleValue", "bar", "pie", "gauge", "table")
_MOST_PIXELS = 2000
_WIDTH, _HEIGHT, _PERIOD = 600, 400, 300


@dataclass(frozen=True, slots=True)
class Widget:
    """A graph.

    Attributes:
        queries: what it shows.
        asked: of when.
        settings: the rest of its definition, as far as it is drawn.
        styles: the settings of single metrics, by the ids of their queries.
    """

    queries: Sequence[Query]
    asked: Asked
    settings: dict[str, Any]
    styles: dict[str, dict[str, Any]]

    def drawing(self, results: Sequence[Result]) -> dict[str, Any]:
        """Return all that `drawing.py` draws."""
        labels = _labels(results, {each.id: each for each in self.queries})
        return {
            **self.settings,
            "start": self.asked.start,
            "end": self.asked.end,
            "series": [
                {
                    "label": label,
                    "points": list(each.series.points.items()),
                    **self.styles.get(each.id, {}),
                }
                for each, label in zip(results, labels, strict=True)
            ],
        }


def _labels(results: Sequence[Result], queries: Mapping[str, Query]) -> list[str]:
    """Tell metrics apart that nobody gave a label: by what they differ in, as searches do."""
    nameless = [
        number
        for number, each in enumerate(results)
        if (query := queries.get(each.id)) is not None and query.key is not None and not query.label
    ]
    labels = [each.series.label for each in results]
    if len({labels[number] for number in nameless}) < len(nameless):
        for number, series in zip(
            nameless, told_apart([results[each].series for each in nameless]), strict=True
        ):
            labels[number] = series.label
    return labels


def widget_of(text: str, account_id: str, region: str, now: float) -> Widget:
    """Read a definition.

    Args:
        text: JSON.
        account_id: whose metrics it shows.
        region: where they are, unless it says so itself.
        now: what its times are relative to, in seconds since the epoch.

    Raises:
        ValidationFailed: it is not one.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValidationFailed(f"The MetricWidget is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValidationFailed("The MetricWidget must be a JSON object.")
    metrics = document.get("metrics")
    if not isinstance(metrics, list) or not metrics:
        raise ValidationFailed("The MetricWidget must have at least one metric in its 'metrics'.")
    start = _moment(document.get("start", "-PT3H"), "start", now)
    end = _moment(document.get("end", "P0D"), "end", now)
    if start >= end:
        raise ValidationFailed("The start of the MetricWidget must be before its end.")
    zone = _zone(document.get("timezone", "+0000"))
    place = document.get("region", region)
    given, styles = _queries(metrics, document)
    try:
        queries = queries_of(given, account_id, place)
    except ValidationFailed as error:
        raise ValidationFailed(f"The MetricWidget is not valid: {error.message}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValidationFailed("The MetricWidget has a metric that is not well formed.") from error
    view = document.get("view", _VIEWS[0])
    if view not in _VIEWS:
        raise ValidationFailed(f"The view of the MetricWidget must be one of {', '.join(_VIEWS)}.")
    settings = {
        "width": _pixels(document, "width", _WIDTH),
        "height": _pixels(document, "height", _HEIGHT),
        "view": view,
        "stacked": bool(document.get("stacked", False)),
        "title": str(document.get("title", "")),
        "dark": document.get("theme") == "dark",
        "zone": zone.utcoffset(None).total_seconds(),
        "axes": _section(document, "yAxis"),
        "legend": _section(document, "legend").get("position", "bottom"),
        "horizontal": _annotations(document, "horizontal"),
        "vertical": [
            {**each, "value": _moment(each.get("value", ""), "annotation", now)}
            for each in _annotations(document, "vertical")
        ],
    }
    return Widget(queries, Asked(account_id, place, start, end, zone), settings, styles)


def _queries(
    metrics: Sequence[Any], document: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    given: list[dict[str, Any]] = []
    styles: dict[str, dict[str, Any]] = {}
    before: list[str] = []
    for number, metric in enumerate(metrics, 1):
        if not isinstance(metric, list) or not metric:
            raise ValidationFailed("Each of the metrics of the MetricWidget must be an array.")
        own = metric[-1] if isinstance(metric[-1], dict) else {}
        names = _spelled_out([each for each in metric if not isinstance(each, dict)], before)
        before = names or before
        name = own.get("id", f"generated{number}")
        if not isinstance(name, str) or _ID.fullmatch(name) is None:
            raise ValidationFailed(f"The value {name} of an id in the MetricWidget is invalid.")
        query: dict[str, Any] = {"Id": name, "ReturnData": own.get("visible", True)}
        if "label" in own:
            query["Label"] = str(own["label"])
        period = own.get("period", document.get("period", _PERIOD))
        if not isinstance(period, int) or period < 1:
            raise ValidationFailed("A period of the MetricWidget must be a number of seconds.")
        if names:
            namespace, metric_name, *pairs = names
            query["MetricStat"] = {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": metric_name,
                    "Dimensions": [
                        {"Name": each, "Value": value}
                        for each, value in zip(pairs[::2], pairs[1::2], strict=True)
                    ],
                },
                "Period": period,
                "Stat": own.get("stat", document.get("stat", "Average")),
            }
        else:
            query |= {"Expression": str(own.get("expression", "")), "Period": period}
        styles[name] = {
            "color": own.get("color"),
            "right": own.get("yAxis") == "right",
        }
        given.append(query)
    return given, styles


def _spelled_out(names: Sequence[Any], before: Sequence[str]) -> list[str]:
    """Put in what `.` and `...` stand for: what the metric before has there."""
    spelled: list[str] = []
    for at, each in enumerate(names):
        if not isinstance(each, str):
            raise ValidationFailed("A metric of the MetricWidget must be made of texts.")
        if each == "...":
            rest = len(names) - at - 1
            spelled += before[len(spelled) : max(len(before) - rest, len(spelled))]
        elif each == ".":
            if len(spelled) >= len(before):
                raise ValidationFailed("A '.' in the MetricWidget stands for nothing.")
            spelled.append(before[len(spelled)])
        else:
            spelled.append(each)
    if len(spelled) == 1:
        raise ValidationFailed("A metric of the MetricWidget must have a namespace and a name.")
    if len(spelled) % 2:
        raise ValidationFailed("A dimension of a metric of the MetricWidget has no value.")
    return spelled


def _moment(text: Any, name: str, now: float) -> float:
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is not None and text[-1] not in "PT":
        seconds = sum(
            int(each or 0) * unit for each, unit in zip(match.groups()[1:], _UNITS, strict=True)
        )
        return now + (-seconds if match[1] == "-" else seconds)
    try:
        moment = datetime.datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ValidationFailed(
            f"The {name} of the MetricWidget must be a time or a duration of ISO 8601."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


def _zone(text: Any) -> datetime.timezone:
    match = _ZONE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValidationFailed("The timezone of the MetricWidget must be of the form +HHMM.")
    distance = datetime.timedelta(hours=int(match[2]), minutes=int(match[3]))
    return datetime.timezone(-distance if match[1] == "-" else distance)


def _pixels(document: dict[str, Any], name: str, usual: int) -> int:
    value = document.get(name, usual)
    if not isinstance(value, int) or not 1 <= value <= _MOST_PIXELS:
        raise ValidationFailed(
            f"The {name} of the MetricWidget must be between 1 and {_MOST_PIXELS} pixels."
        )
    return value


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ValidationFailed(f"The {name} of the MetricWidget must be an object.")
    return value


def _annotations(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = _section(document, "annotations").get(kind, [])
    # A band is a pair; it is drawn as its two lines.
    flat = [
        line
        for each in (found if isinstance(found, list) else [])
        for line in (each if isinstance(each, list) else [each])
    ]
    return [each for each in flat if isinstance(each, dict) and "value" in each]
