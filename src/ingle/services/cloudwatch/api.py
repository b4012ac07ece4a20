"""The operations of CloudWatch, one method each.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html.
"""

import datetime
import math
import re
from pathlib import Path
from typing import Any, ClassVar

from ingle.clock import Clock
from ingle.services.cloudwatch import data, putting, stats
from ingle.services.cloudwatch.alarms.api import Alarms, Neighbours
from ingle.services.cloudwatch.dashboards import Dashboards
from ingle.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
    ValidationFailed,
)
from ingle.services.cloudwatch.images import Images
from ingle.services.cloudwatch.limits import DATA, STATISTICS
from ingle.services.cloudwatch.listing import listed
from ingle.services.cloudwatch.metrics import Metrics, Source
from ingle.services.cloudwatch.model import MetricKey, Sample
from ingle.services.cloudwatch.periods import check_period, rounded_start
from ingle.services.cloudwatch.summary import Summary
from ingle.services.cloudwatch.tags import Tags
from ingle.services.cloudwatch.widgets import widget_of
from ingle.storage.database import Database
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

__all__ = [
    "Alarms",
    "CloudWatchService",
    "MetricKey",
    "Metrics",
    "Neighbours",
    "Sample",
    "Source",
    "Summary",
]

_ZONE = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)", re.ASCII)


class CloudWatchService(Service):
    """CloudWatch.

    Args:
        metrics: all metrics.
        database: where dashboards are kept.
        clock: the time.
        folder: where what draws graphs keeps what it knows of fonts.
        alarms: all alarms.

    Attributes:
        metrics: the same; what other services measure with and read.
    """

    name: ClassVar[str] = "cloudwatch"

    def __init__(
        self, metrics: Metrics, database: Database, clock: Clock, folder: Path, alarms: Alarms
    ) -> None:
        self.metrics = metrics
        self._dashboards = Dashboards(database, clock)
        self._tags = Tags(self._dashboards, alarms)
        self._alarms = alarms
        self._images = Images(folder)
        self._clock = clock

    async def close(self) -> None:
        """End what was started to draw graphs."""
        await self._images.close()

    async def put_metric_data(self, context: CallContext, request: ServiceInput) -> None:
        """Take in measurements; they are on the disk when this returns."""
        samples = putting.samples(request, self._clock.time())
        await self.metrics.put(context.account_id, context.region, request["Namespace"], samples)

    async def list_metrics(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the metrics that had data in the last two weeks, 500 a page."""
        metrics = await self.metrics.list(context.account_id, context.region)
        return listed(metrics, request, context.account_id, self._clock.time())

    async def get_metric_statistics(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell up to 1,440 datapoints of one metric."""
        names = _statistics(request)
        period, now = request["Period"], self._clock.time()
        check_period(period)
        start = rounded_start(request["StartTime"], period, now)
        end = math.ceil(request["EndTime"])
        if request["StartTime"] >= request["EndTime"]:
            raise InvalidParameterValue(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        asked = (end - start) // period
        if asked > STATISTICS["datapoints"]:
            raise InvalidParameterCombination(
                f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
                f"{STATISTICS['datapoints']:,}. You may reduce the datapoints requested by "
                "increasing Period, or decreasing the time range."
            )
        key = MetricKey(
            context.account_id,
            context.region,
            request["Namespace"],
            request["MetricName"],
            putting.dimensions("Dimensions", request.get("Dimensions", ())),
        )
        found = await self.metrics.by_unit(
            [key], start=start, end=end, period=period, unit=request.get("Unit")
        )
        datapoints = []
        for (_, unit), periods in found.items():
            for at, summary in periods.items():
                values = {name: statistic(summary) for name, statistic in names.items()}
                told = {name: value for name, value in values.items() if value is not None}
                if told:
                    datapoints.append(_datapoint(at, unit, told))
        return {"Label": key.name, "Datapoints": datapoints}

    async def get_metric_data(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell metrics, and expressions over them, up to 100,800 datapoints a page."""
        if request["StartTime"] >= request["EndTime"]:
            raise ValidationFailed(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        most = request.get("MaxDatapoints", DATA["datapoints"])
        if not 0 < most <= DATA["datapoints"]:
            raise ValidationFailed(
                f"The parameter MaxDatapoints must be between 1 and {DATA['datapoints']}."
            )
        queries = data.queries_of(request["MetricDataQueries"], context.account_id, context.region)
        asked = data.Asked(
            context.account_id,
            context.region,
            request["StartTime"],
            request["EndTime"],
            _zone(request.get("LabelOptions", {}).get("Timezone", "+0000")),
        )
        results = await data.compute(self.metrics, queries, asked, self._clock.time())
        ascending = request.get("ScanBy") == "TimestampAscending"
        return data.page(results, request.get("NextToken"), most, ascending=ascending)

    async def get_metric_widget_image(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Draw a graph."""
        output = request.get("OutputFormat", "png")
        if output not in ("png", "image/png"):
            raise ValidationFailed(
                f"The value {output} for parameter OutputFormat is not one of png and image/png."
            )
        now = self._clock.time()
        wanted = widget_of(request["MetricWidget"], context.account_id, context.region, now)
        results = await data.compute(self.metrics, wanted.queries, wanted.asked, now)
        return {"MetricWidgetImage": await self._images.draw(wanted.drawing(results))}

    async def put_dashboard(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a dashboard, or replace its body."""
        return await self._dashboards.put(context, request)

    async def get_dashboard(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a dashboard's body."""
        return await self._dashboards.get(context, request)

    async def delete_dashboards(self, context: CallContext, request: ServiceInput) -> None:
        """Delete dashboards, all or none."""
        await self._dashboards.delete(context, request)

    async def list_dashboards(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List dashboards by name."""
        return await self._dashboards.listed(context, request)

    async def list_tags_for_resource(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell the tags of an alarm or a dashboard."""
        return await self._tags.list(context, request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Tag an alarm or a dashboard."""
        await self._tags.add(context, request)

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags of an alarm or a dashboard away."""
        await self._tags.remove(context, request)

    async def put_metric_alarm(self, context: CallContext, request: ServiceInput) -> None:
        """Make or change an alarm on a metric or an expression."""
        await self._alarms.put_metric(context, request)

    async def put_composite_alarm(self, context: CallContext, request: ServiceInput) -> None:
        """Make or change an alarm on other alarms."""
        await self._alarms.put_composite(context, request)

    async def describe_alarms(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe alarms, 50 a page where nothing else is asked for."""
        return self._alarms.describe(context, request)

    async def describe_alarms_for_metric(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe the alarms of one metric; those on expressions are none."""
        return self._alarms.describe_for_metric(context, request)

    async def describe_alarm_history(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell what happened to alarms in the last thirty days."""
        return await self._alarms.history(context, request)

    async def delete_alarms(self, context: CallContext, request: ServiceInput) -> None:
        """Delete alarms, all or none."""
        await self._alarms.delete(context, request)

    async def enable_alarm_actions(self, context: CallContext, request: ServiceInput) -> None:
        """Have alarms act when they change."""
        await self._alarms.enable(context, request, enabled=True)

    async def disable_alarm_actions(self, context: CallContext, request: ServiceInput) -> None:
        """Have alarms not act."""
        await self._alarms.enable(context, request, enabled=False)

    async def set_alarm_state(self, context: CallContext, request: ServiceInput) -> None:
        """Bring an alarm into a state until it is evaluated next, with all that comes of it."""
        await self._alarms.set_state(context, request)


def _zone(offset: str) -> datetime.timezone:
    """Read a time zone such as `+0130`; raises ValidationFailed."""
    match = _ZONE.fullmatch(offset)
    if match is None:
        raise ValidationFailed(
            f"The value {offset} for parameter LabelOptions.Timezone is not of the form +HHMM."
        )
    distance = datetime.timedelta(hours=int(match[2]), minutes=int(match[3]))
    return datetime.timezone(-distance if match[1] == "-" else distance)


def _statistics(request: ServiceInput) -> dict[str, stats.Statistic]:
    """The statistics that are asked for, by their names.

    Raises:
        MissingParameter, InvalidParameterCombination, InvalidParameterValue: none are, or wrongly.
    """
    simple, extended = request.get("Statistics"), request.get("ExtendedStatistics")
    if not simple and not extended:
        raise MissingParameter("Must specify either Statistics or ExtendedStatistics")
    if simple and extended:
        raise InvalidParameterCombination(
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have "
            "specified both."
        )
    for number, name in enumerate(simple or (), 1):
        if name not in stats.SIMPLE:
            raise InvalidParameterValue(
                f"The value {name} for parameter Statistics.member.{number} is invalid."
            )
    names = {}
    for number, name in enumerate(extended or (), 1):
        try:
            names[name] = stats.parse(name)
        except stats.BadStatistic as error:
            raise InvalidParameterValue(
                f"The value {name} for parameter ExtendedStatistics.member.{number} is not "
                "supported."
            ) from error
    return names or {name: stats.SIMPLE[name] for name in simple or ()}


def _datapoint(at: int, unit: str, values: dict[str, float]) -> dict[str, Any]:
    told: dict[str, Any] = {"Timestamp": float(at), "Unit": unit}
    extended = {name: value for name, value in values.items() if name not in stats.SIMPLE}
    told |= {name: value for name, value in values.items() if name in stats.SIMPLE}
    if extended:
        told["ExtendedStatistics"] = extended
    return told
