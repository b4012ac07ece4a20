"""What an attempt to run an event comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingle.invoke.events.destinations import Delivery
from ingle.invoke.events.event import Event


@dataclass(slots=True, eq=False)
class Outcome:
    """What is to be written about an event.

    Attributes:
        event: the event. Where it is to run again, it says when, and how often it failed.
        over: whether it is over, and is to be removed.
        deliveries: what destinations are told at the same time.
        ran: whether the function was run.
        tries: how often deliveries were tried.
    """

    event: Event
    over: bool
    deliveries: Sequence[Delivery] = ()
    ran: bool = True
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The function was throttled, or could not be started; the event waits as it is.

    Attributes:
        status: the HTTP status that a synchronous caller would have got.
    """

    status: int


@dataclass(frozen=True, slots=True)
class Left:
    """The server is stopping; the event stays on disk."""


Fate = Outcome | Refused | Left
