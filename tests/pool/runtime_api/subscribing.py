"""Sandboxes with subscribers to telemetry."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.pool.runtime_api.box import IDENTIFIER, Box
from tests.pool.runtime_api.listener import HttpListener

MakeBox = Callable[..., Box]
TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
MIDNIGHT = "2026-01-01T00:00:00.000Z"


async def subscribe(
    box: Box, identifier: str, port: int, path: str = TELEMETRY, **changes: Any
) -> httpx.Response:
    """Subscribe to everything."""
    told = {
        "schemaVersion": "2022-12-13" if path == TELEMETRY else "2021-03-18",
        "types": ["platform", "function", "extension"],
        "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}/events"},
        **changes,
    }
    return await box.http.put(path, headers={IDENTIFIER: identifier}, json=told)


async def subscribed(
    make_box: MakeBox, listener: HttpListener, path: str = TELEMETRY, **changes: Any
) -> Box:
    """A sandbox with a subscriber."""
    box = make_box()
    identifier = await box.extension("collector")
    response = await subscribe(box, identifier, listener.port, path, **changes)
    assert (response.status_code, response.text) == (200, '"OK"'), response.text
    box.event(identifier)
    return box


async def sent(box: Box, listener: HttpListener, *kinds: str) -> list[dict[str, Any]]:
    """The events that the listener has after their batch was due."""
    await box.clock.advance(1.0)
    return await listener.events(*kinds)


def records(events: list[dict[str, Any]], kind: str) -> list[Any]:
    """The records of the events of a kind."""
    return [event["record"] for event in events if event["type"] == kind]
