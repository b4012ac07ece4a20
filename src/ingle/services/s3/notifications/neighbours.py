"""The other services, as far as notifications have to do with them."""

from dataclasses import dataclass

from ingle.services.neighbours import Buses, Functions, Queues, Topics


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom buckets tell."""

    functions: Functions
    queues: Queues
    topics: Topics
    buses: Buses
