"""Event source mappings."""

from typing import Any

from tests.e2e.documented.cases import CONFLICT, INVALID, MISSING, Case, each
from tests.e2e.documented.stage import NOBODY, Stage

_NONE = {"UUID": "00000000-0000-0000-0000-000000000000"}


def _foreign(_: Stage) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-west-1:000000000000:function:{NOBODY}"
    return {"FunctionName": arn, "EventSourceArn": f"arn:aws:sqs:us-east-1:000000000000:{NOBODY}"}


def _mapped(stage: Stage) -> dict[str, Any]:
    """Name the function and the queue of a mapping that there is."""
    mapping = stage.mapping
    return {"FunctionName": mapping["FunctionArn"], "EventSourceArn": mapping["EventSourceArn"]}


def _moved(stage: Stage) -> dict[str, Any]:
    """Move a mapping to where there is one of the same queue."""
    other = stage.map(stage.mapping["EventSourceArn"])
    return {"UUID": other["UUID"], "FunctionName": stage.mapping["FunctionArn"]}


IN_USE = "ResourceInUseException"

CASES = [
    Case(
        "CreateEventSourceMapping",
        INVALID,
        lambda stage: {"FunctionName": stage.function, "BatchSize": 10},
    ),
    *each(
        "GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping",
        MISSING,
        lambda _: _NONE,
    ),
    Case("ListEventSourceMappings", INVALID, lambda _: {"Marker": "none"}),
    *each("CreateEventSourceMapping ListEventSourceMappings", MISSING, _foreign),
    Case(
        "UpdateEventSourceMapping",
        INVALID,
        lambda stage: {"UUID": stage.mapping["UUID"], "BatchSize": 10_000},
    ),
    Case("CreateEventSourceMapping", CONFLICT, _mapped),
    Case("UpdateEventSourceMapping", CONFLICT, _moved),
    *each("UpdateEventSourceMapping DeleteEventSourceMapping", IN_USE, lambda s: s.busy),
]
