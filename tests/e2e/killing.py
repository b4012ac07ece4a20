"""Kills a server twenty times while it is at work."""

import random
import threading
import time
from collections.abc import Iterator, Sequence, Sized
from typing import Protocol

from tests.e2e.conftest import eventually
from tests.e2e.server import Server

_KILLS = 20
_BUDGET_S = 120
"""There are fewer kills where a machine is slow."""
_AT_LEAST = 4


class Client(Protocol):
    """What has a server work for as long as it is there.

    Attributes:
        accepted: what was acknowledged, in its order.
    """

    @property
    def accepted(self) -> Sized: ...

    def run(self, server: Server, /) -> None: ...


def killing(
    server: Server, clients: Sequence[Client], *, seed: int, within_s: float
) -> Iterator[int]:
    """Kill a server at random moments, each after every client got an answer; start it again.

    Args:
        server: it, which runs.
        clients: who works meanwhile, each in a thread.
        seed: of the moments.
        within_s: the longest time from the answers to a kill.

    Yields:
        After each start how many kills there were.
    """
    moments, began, kills = random.Random(seed), time.monotonic(), 0
    while kills < _KILLS and time.monotonic() - began < _BUDGET_S:
        threads = [threading.Thread(target=each.run, args=(server,)) for each in clients]
        before = [len(each.accepted) for each in clients]
        for thread in threads:
            thread.start()
        eventually(
            lambda counts=before: all(
                len(each.accepted) > count for each, count in zip(clients, counts, strict=True)
            ),
            "something of each client is acknowledged",
            60,
        )
        threads[0].join(moments.uniform(0, within_s))
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
        kills += 1
        yield kills
    assert kills >= _AT_LEAST, "the machine is too slow for a test of kills"
