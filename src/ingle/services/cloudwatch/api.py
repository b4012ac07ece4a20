"""The operations of CloudWatch, one method each.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html.
"""

import math
from typing import Any, ClassVar

from ingle.clock import Clock
from ingle.services.cloudwatch import putting, stats
from ingle.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
)
from ingle.services.cloudwatch.limits import STATISTICS
from ingle.services.cloudwatch.listing import listed
from ingle.services.cloudwatch.metrics import Metrics, Source
from ingle.services.cloudwatch.model import MetricKey, Sample
from ingle.services.cloudwatch.periods import check_period, rounded_start
from ingle.services.cloudwatch.summary import Summary
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

__all__ = ["CloudWatchService", "MetricKey", "Metrics", "Sample", "Source", "Summary"]


class CloudWatchService(Service):
    """CloudWatch.

    Args:
        metrics: all metrics.
        clock: the time.

    Attributes:
        metrics: the same; what other services measure with and read.
    """

    name: ClassVar[str] = "cloudwatch"

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self.metrics = metrics
        self._clock = clock

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
