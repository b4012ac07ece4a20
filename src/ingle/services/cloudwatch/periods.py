"""Which times and periods statistics can be asked for.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
"""

from ingle.services.cloudwatch.errors import InvalidParameterValue
from ingle.services.cloudwatch.limits import TIERS

_BELOW_A_MINUTE = (1, 5, 10, 20, 30)
_MINUTE = 60


def check_period(period: int, path: str = "Period") -> None:
    """Check the length of a period, in seconds.

    Raises:
        InvalidParameterValue: there are none of this length.
    """
    if period % _MINUTE and period not in _BELOW_A_MINUTE:
        raise InvalidParameterValue(
            f"The parameter {path} must be 1, 5, 10, 20, 30 or a multiple of 60."
        )


def rounded_start(start: float, period: int, now: float) -> int:
    """Round the beginning of what is asked for down, the further the older it is."""
    if period < _MINUTE:
        step = period
    else:
        _, minute, five, hour = TIERS
        age = now - start
        step = (minute if age < minute.kept else five if age < five.kept else hour).seconds
    return int(start // step) * step
