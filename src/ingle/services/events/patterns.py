"""Event patterns of rules: their checks, and TestEventPattern.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

import orjson

from ingle.services.event_patterns import EventPattern, InvalidPattern
from ingle.services.events.errors import InvalidEventPattern, LimitExceeded, Validation
from ingle.services.events.limits import LIMITS
from ingle.wire.service import ServiceInput, ServiceOutput

_MEMBERS = ("id", "account", "source", "time", "region", "detail-type")
"""What an event must have that is given to TestEventPattern. AWS's page also says `resources`, but
AWS takes events without."""


def checked_pattern(text: str) -> EventPattern:
    """Compile the pattern of a rule.

    Raises:
        InvalidEventPattern: it is none.
        LimitExceeded: it is too long.
    """
    if len(text.encode()) > LIMITS.pattern_bytes:
        raise LimitExceeded(f"Event pattern is longer than {LIMITS.pattern_bytes} characters.")
    try:
        return EventPattern(text)
    except InvalidPattern as error:
        raise InvalidEventPattern(str(error)) from error


def tested(request: ServiceInput) -> ServiceOutput:
    """Say whether an event matches a pattern."""
    pattern = checked_pattern(request["EventPattern"])
    try:
        event = orjson.loads(request["Event"])
    except orjson.JSONDecodeError as error:
        raise Validation("Parameter Event is not valid. Reason: It is not JSON.") from error
    if not isinstance(event, dict):
        raise Validation("Parameter Event is not valid. Reason: It is not a JSON object.")
    for name in _MEMBERS:
        if name not in event:
            raise Validation(f"Parameter Event is not valid. Reason: It has no {name}.")
    return {"Result": pattern.matches(event)}
