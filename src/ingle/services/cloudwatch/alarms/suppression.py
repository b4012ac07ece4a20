"""When the actions of a composite alarm wait: what its suppressor has to do with it.

A change of state waits as long as the suppressor is in ALARM, and for an extension period after
that; where it is not, for a wait period in which it may come to be.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
"""

from ingle.services.cloudwatch.alarms.model import Suppression

WAIT = "WaitPeriod"
EXTENSION = "ExtensionPeriod"
ALARM = "Alarm"

NONE = Suppression()


def changed(now_ms: int, wait_ms: int, *, suppressed: bool) -> Suppression:
    """The alarm changed its state.

    Args:
        now_ms: the time.
        wait_ms: the wait period.
        suppressed: whether the suppressor is in ALARM.
    """
    return Suppression(ALARM) if suppressed else _period(WAIT, now_ms, wait_ms)


def suppressor_changed(
    current: Suppression, now_ms: int, extension_ms: int, *, suppressed: bool
) -> Suppression:
    """The suppressor changed its state; actions that do not wait any more never do so again.

    Args:
        current: why they wait now.
        now_ms: the time.
        extension_ms: the extension period.
        suppressed: whether the suppressor is in ALARM now.
    """
    if not current.by:
        return NONE
    if suppressed:
        return Suppression(ALARM)
    if current.by == ALARM:
        return _period(EXTENSION, now_ms, extension_ms)
    return current


def elapsed(current: Suppression, now_ms: int) -> bool:
    """Whether the period for which actions wait is over."""
    return bool(current.until_ms) and current.until_ms <= now_ms


def _period(name: str, now_ms: int, length_ms: int) -> Suppression:
    return Suppression(name, now_ms + length_ms) if length_ms else NONE
