"""How much a run measures."""

from dataclasses import dataclass

STAGES = ("cost", "ready", "memory", "cold", "warm")
PEERS = ("ingle", "functions-framework", "ministack")


@dataclass(frozen=True, slots=True)
class Settings:
    """The size of a run; every count and every length of time is an upper bound.

    Attributes:
        cold_samples: first invocations of each peer, and as many bare interpreter starts.
        ready_samples: starts of each server from nothing.
        rounds: warm rounds; in each one every peer has its turn.
        clients: connections of the concurrent load.
        one_client_s: length of a turn with one client, in seconds.
        many_clients_s: length of a turn with `clients` clients, in seconds.
        warmup_s: length of each of the four warm-up turns of a peer, in seconds.
        pause_s: the quiet before a cold sample, in seconds, so that what the previous one left
            behind (log writes, reaped processes) is not charged to the next.
    """

    cold_samples: int = 40
    ready_samples: int = 5
    rounds: int = 5
    clients: int = 16
    one_client_s: float = 1.0
    many_clients_s: float = 1.5
    warmup_s: float = 5.0
    pause_s: float = 0.03


FULL = Settings()
QUICK = Settings(
    cold_samples=10,
    ready_samples=2,
    rounds=2,
    one_client_s=0.4,
    many_clients_s=0.6,
    warmup_s=1.5,
)
