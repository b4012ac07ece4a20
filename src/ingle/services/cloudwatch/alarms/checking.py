"""What PutMetricAlarm takes; what it does not is refused in CloudWatch's words.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingle.services.cloudwatch import data, putting, stats
from ingle.services.cloudwatch.alarms import actions
from ingle.services.cloudwatch.alarms.evaluation import COMPARISONS, TREATMENTS
from ingle.services.cloudwatch.alarms.limits import ALARM, EVALUATION
from ingle.services.cloudwatch.alarms.model import Place
from ingle.services.cloudwatch.errors import ValidationFailed
from ingle.services.cloudwatch.math.evaluate import searches
from ingle.services.later import Later

LATER = Later(Path(__file__).parents[1] / "later.toml", ValidationFailed)

_OF_A_METRIC = (
    "Namespace",
    "MetricName",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
_OF_A_NAME = ("AlarmName", "Tags")
_LOW_COUNTS = ("evaluate", "ignore")
_BELOW_A_MINUTE = (10, 20, 30)
_BANDS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


def metric_settings(request: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Check the input of PutMetricAlarm.

    Returns:
        What of it is kept.

    Raises:
        ValidationFailed: an alarm cannot be so.
        InvalidParameterValue: a dimension is there twice.
    """
    LATER.refuse(request, "alarm")
    settings = {
        name: value
        for name, value in request.items()
        if name not in _OF_A_NAME and value is not None
    }
    for member in ("ComparisonOperator", "EvaluationPeriods"):
        if member not in settings:
            raise ValidationFailed(f"The parameter {member} is required.")
    if settings["ComparisonOperator"] in _BANDS:
        raise ValidationFailed(
            f"The comparison {settings['ComparisonOperator']} is one of anomaly detection, which "
            f"this version of Ingle does not have. It has {', '.join(COMPARISONS)}."
        )
    threshold = settings.get("Threshold")
    if threshold is None:
        raise ValidationFailed("The parameter Threshold is required.")
    if not math.isfinite(threshold):
        raise ValidationFailed("The parameter Threshold must be a finite number.")
    _check_missing(settings)
    period = _expression(settings, place) if "Metrics" in settings else _metric(settings)
    _check_periods(settings, period)
    actions.check(settings, place)
    return settings


def _check_missing(settings: Mapping[str, Any]) -> None:
    treatment = settings.get("TreatMissingData", "missing")
    if treatment not in TREATMENTS:
        raise ValidationFailed(
            f"The value {treatment} is not supported for TreatMissingData parameter. Supported "
            f"values are [{', '.join(TREATMENTS)}]."
        )
    low = settings.get("EvaluateLowSampleCountPercentile")
    if low is None:
        return
    if low not in _LOW_COUNTS:
        raise ValidationFailed(
            f"Option {low} is not supported. Supported options for parameter "
            f"EvaluateLowSampleCountPercentile are {' and '.join(_LOW_COUNTS)}."
        )
    if "ExtendedStatistic" not in settings:
        raise ValidationFailed(
            "The parameter EvaluateLowSampleCountPercentile can only be used with a percentile in "
            "ExtendedStatistic."
        )


def _metric(settings: Mapping[str, Any]) -> int:
    for member in ("MetricName", "Namespace", "Period"):
        if member not in settings:
            raise ValidationFailed(
                f"The parameter {member} is required unless Metrics is specified."
            )
    if ("Statistic" in settings) == ("ExtendedStatistic" in settings):
        raise ValidationFailed(
            "Exactly one of the parameters Statistic and ExtendedStatistic must be specified."
        )
    extended = settings.get("ExtendedStatistic")
    if extended is not None:
        try:
            stats.parse(extended)
        except stats.BadStatistic as error:
            raise ValidationFailed(
                f"The value {extended} for parameter ExtendedStatistic is not supported."
            ) from error
        if extended in stats.SIMPLE:
            raise ValidationFailed(
                f"The value {extended} for parameter ExtendedStatistic is not supported."
            )
    putting.dimensions("Dimensions", settings.get("Dimensions", ()))
    period: int = settings["Period"]
    return period


def _expression(settings: Mapping[str, Any], place: Place) -> int:
    for member in _OF_A_METRIC:
        if member in settings:
            raise ValidationFailed(
                f"The parameters Metrics and {member} are mutually exclusive and you have "
                "specified both."
            )
    given = settings["Metrics"]
    queries = data.queries_of(given, *place)
    returned = [each for each in queries if each.returned]
    if len(returned) != 1:
        raise ValidationFailed("Exactly one element of the metrics list should return data.")
    expressions = [each.expression for each in queries if each.expression is not None]
    if any(list(searches(each)) for each in expressions):
        raise ValidationFailed("Invalid metrics list: SEARCH is not supported on Metric Alarms.")
    metrics = [each for each in queries if each.key is not None]
    if len(metrics) > ALARM["metrics"]:
        raise ValidationFailed(
            f"Invalid metrics list: an alarm can have {ALARM['metrics']} metrics at most."
        )
    periods = {each.period for each in metrics}
    if len(periods) > 1:
        raise ValidationFailed("Period must not be null, and the same for all metrics.")
    period = returned[0].period or next(iter(periods), EVALUATION["minute"])
    assert period is not None
    return period


def _check_periods(settings: Mapping[str, Any], period: int) -> None:
    if period % EVALUATION["minute"] and period not in _BELOW_A_MINUTE:
        raise ValidationFailed("Period must be 10, 20, 30 or a multiple of 60")
    periods, to_alarm = settings["EvaluationPeriods"], settings.get("DatapointsToAlarm")
    if to_alarm is not None and to_alarm > periods:
        raise ValidationFailed("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if period < EVALUATION["long_period"]:
        if periods * period > EVALUATION["reach"]:
            raise ValidationFailed(
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must "
                f"be <= {EVALUATION['reach']})."
            )
    elif periods * period > EVALUATION["long_reach"]:
        raise ValidationFailed(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must "
            f"be <= {EVALUATION['long_reach']})."
        )
