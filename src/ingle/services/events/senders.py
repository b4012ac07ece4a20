"""Brings events to EventBridge's own targets: other buses and API destinations."""

from ingle.services.delivering.api import Delivery, Sender, Step


class EventsSender:
    """Chooses the sender by the kind of target.

    Args:
        buses: brings events to buses.
        destinations: brings them to API destinations.
    """

    def __init__(self, buses: Sender, destinations: Sender) -> None:
        self._buses = buses
        self._destinations = destinations

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Bring an event to its target."""
        if delivery.arn.split(":", 5)[5].startswith("api-destination/"):
            return await self._destinations.send(delivery, payload)
        return await self._buses.send(delivery, payload)
