"""When an event is tried again, and when it is given up.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from ingle.invoke.events.event import Condition, Settings

RETRY_DELAYS_S = (60, 120)
"""After the first and after the second time that the function failed."""
FIRST_PAUSE_S = 1
LAST_PAUSE_S = 300


def is_expired(accepted_ms: int, now_ms: int, settings: Settings) -> bool:
    """Whether an event is older than it may get."""
    return now_ms - accepted_ms >= settings.age_s * 1000


def after_failure(
    failures: int, accepted_ms: int, now_ms: int, settings: Settings
) -> int | Condition:
    """Say what becomes of an event on which the function failed.

    Args:
        failures: how often it has by now, from 1.
        accepted_ms: when the event was accepted, in milliseconds since the epoch.
        now_ms: the time of day, likewise.
        settings: how the function's events are treated.

    Returns:
        When it is to run again, in milliseconds since the epoch, or why it is given up: also at
        once where it would be too old by then.
    """
    if failures > settings.retries:
        return Condition.RETRIES_EXHAUSTED
    due_ms = now_ms + RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S)) - 1] * 1000
    if is_expired(accepted_ms, due_ms, settings):
        return Condition.EVENT_AGE_EXCEEDED
    return due_ms


def pause_s(refusals: int) -> int:
    """Say how long a function is left alone that was throttled, or that could not be started.

    Args:
        refusals: how often in a row, from 1.

    Returns:
        Seconds: from 1, doubled each time, to 300.
    """
    return min(FIRST_PAUSE_S << min(refusals - 1, 16), LAST_PAUSE_S)
