"""Brings events to EventBridge's own targets: other buses and API destinations."""

from ingle.services.delivering.api import Delivery, Step
from ingle.services.events.calling import ApiSender
from ingle.services.events.putting import BusSender


class EventsSender:
    """Chooses the sender by the kind of target.

    Args:
        buses: brings events to buses.
        destinations: brings them to API destinations.
    """

    def __init__(self, buses: BusSender, destinations: ApiSender) -> None:
        self._buses = buses
        self._destinations = destinations

    def is_prompt(self, delivery: Delivery) -> bool:
        """None is: buses may be in a circle, and destinations are elsewhere."""
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Bring an event to its target."""
        if delivery.arn.split(":", 5)[5].startswith("api-destination/"):
            return await self._destinations.send(delivery, payload)
        return await self._buses.send(delivery, payload)
