"""Kills a server twenty times while it is at work."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from tests.e2e.conftest import eventually
from tests.e2e.server import Server

_KILLS = 20
_BUDGET_S = 120
"""There are fewer kills where a machine is slow."""
_AT_LEAST = 4


def killing(
    server: Server,
    work: Callable[[], Iterable[Callable[[], object]]],
    acknowledged: Callable[[], int],
    *,
    seed: int,
    within_s: float,
) -> Iterator[int]:
    """Kill a server at random moments, each after something was acknowledged; start it again.

    Args:
        server: it, which runs.
        work: what to do with it meanwhile, each in a thread, until it is gone; asked for anew after
            each start.
        acknowledged: a number that grows with what is done.
        seed: of the moments.
        within_s: the longest time until a kill after something was acknowledged.

    Yields:
        After each start how many kills there were.
    """
    moments, began, kills = random.Random(seed), time.monotonic(), 0
    while kills < _KILLS and time.monotonic() - began < _BUDGET_S:
        threads = [threading.Thread(target=each) for each in work()]
        before = acknowledged()
        for thread in threads:
            thread.start()
        eventually(lambda count=before: acknowledged() > count, "something is acknowledged", 60)
        threads[0].join(moments.uniform(0, within_s))
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
        kills += 1
        yield kills
    assert kills >= _AT_LEAST, "the machine is too slow for a test of kills"


class Client(Protocol):
    """What hands something over for as long as the server is there.

    Attributes:
        accepted: what was acknowledged, in its order.
    """

    accepted: list[int]

    def run(self, server: Server, /) -> None: ...


def kill_under(server: Server, clients: Sequence[Client], *, seed: int, within_s: float) -> int:
    """Kill a server as `killing` does, each time that something of each client was acknowledged.

    Returns:
        How many kills there were.
    """

    def work() -> list[Callable[[], object]]:
        return [partial(each.run, server) for each in clients]

    def acknowledged() -> int:
        return min(len(each.accepted) for each in clients)

    *_, kills = killing(server, work, acknowledged, seed=seed, within_s=within_s)
    return kills
