"""`ingle stats`: how a function did, as a plot."""

import json
import time
from typing import Annotated, Any

import typer

from ingle.cli.amounts import moment_ms
from ingle.cli.connection import connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Format, Region, TableFormat

_PERIODS_S = (60, 300, 900, 3600, 21_600, 86_400)
"""How long one point of a plot can be; the shortest with no more than `_MOST_POINTS` is taken."""
_MOST_POINTS = 120
_LONGEST_S = 455 * 86_400
"""For so long CloudWatch keeps metrics."""
PERCENTILES = ("p50", "p90", "p99")
_LONGEST = "p100"
"""CloudWatch tells either percentiles or the maximum, but this percentile is the maximum."""
SUMS = ("Invocations", "Errors", "Throttles")


def stats(
    name: Annotated[str, typer.Argument(help="The function's name or ARN.")],
    since: Annotated[
        str,
        typer.Option(metavar="SPAN|TIME", help="How far to look back, like 90m, 3h, 7d."),
    ] = "3h",
    until: Annotated[
        str | None, typer.Option(metavar="SPAN|TIME", help="Nothing later than this.")
    ] = None,
    qualifier: Annotated[str | None, typer.Option(help="Of this version or alias only.")] = None,
    format: TableFormat = Format.TABLE,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Plot how long a function took, how often it ran, and how often it failed.

    The figures are CloudWatch's metrics of the namespace AWS/Lambda.

    \b
    Examples:
      ingle stats hello
      ingle stats hello --since 7d
      ingle stats hello --qualifier prod --format json
    """
    now_s = time.time()
    end_s = moment_ms("--until", until, int(now_s * 1000)) / 1000 if until is not None else now_s
    start_s = moment_ms("--since", since, int(now_s * 1000)) / 1000
    if not 0 < end_s - start_s <= _LONGEST_S:
        raise CommandError(
            "there is nothing between --since and --until",
            "give an earlier --since, at most 455 days back",
            USAGE,
        )
    period_s = _period(end_s - start_s)
    start_s -= start_s % period_s
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        functions = connection.client("lambda")
        settings = functions.get_function_configuration(
            FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
        )
        function = settings["FunctionName"]
        found = _read(
            connection.client("cloudwatch"), function, qualifier, start_s, end_s, period_s
        )
    if format is Format.JSON:
        typer.echo(json.dumps({"FunctionName": function, "Period": period_s, **found}, indent=2))
        return
    if not any(found[each] for each in SUMS):
        typer.echo(f"{function} has not run between then and now; look further back with --since")
        return
    from ingle.cli.stats_plot import print_plots

    title = f"{function}:{qualifier}" if qualifier else function
    print_plots(title, found, start_s, end_s, period_s)


def _period(span_s: float) -> int:
    fitting = (each for each in _PERIODS_S if span_s / each <= _MOST_POINTS)
    return next(fitting, _PERIODS_S[-1])


def _read(
    client: Any, function: str, qualifier: str | None, start_s: float, end_s: float, period_s: int
) -> dict[str, list[dict[str, Any]]]:
    """Ask CloudWatch; return points by metric, those of each in the order of their times."""
    dimensions = [{"Name": "FunctionName", "Value": function}]
    if qualifier:
        dimensions.append({"Name": "Resource", "Value": f"{function}:{qualifier}"})
    asked: dict[str, dict[str, Any]] = {
        "Duration": {"ExtendedStatistics": [*PERCENTILES, _LONGEST]},
        **{name: {"Statistics": ["Sum"]} for name in SUMS},
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for metric, statistics in asked.items():
        points = client.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=start_s,
            EndTime=end_s,
            Period=period_s,
            **statistics,
        )["Datapoints"]
        found[metric] = sorted(
            (_point(each) for each in points), key=lambda each: float(each["Time"])
        )
    return found


def _point(datapoint: dict[str, Any]) -> dict[str, Any]:
    percentiles = dict(datapoint.get("ExtendedStatistics", {}))
    if _LONGEST in percentiles:
        percentiles["Maximum"] = percentiles.pop(_LONGEST)
    sums = {"Sum": datapoint["Sum"]} if "Sum" in datapoint else {}
    return {"Time": int(datapoint["Timestamp"].timestamp()), **sums, **percentiles}
