"""Many concurrent first invocations of one function."""

import time
from collections.abc import Callable
from pathlib import Path

from bench.ingle_peer import InglePeer
from bench.load import Job, Outcome
from bench.load_process import LoadProcess
from bench.processes import Keeper
from bench.programs import held
from bench.settings import Settings
from bench.stats import Results, percentile

FUNCTION = "burst"
OTHER = "hello"
DEADLINE_S = 60.0
SETTLE_S = 1.0


def burst(peer: InglePeer, function: str, load: LoadProcess, settings: Settings) -> Outcome:
    """Invokes a function that was deployed with `held` by all clients at once.

    Raises:
        BenchError: an answer was wrong, also because a sandbox was given two invocations.
    """
    count = settings.burst_clients
    return load.run(Job(peer.endpoint(function), count, count, DEADLINE_S))


def measure_burst(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Times from the first request to the last answer, less what the handler holds its sandbox,
    as `burst.ingle.<clients>.p50_s` and `.max_s`.

    Every burst has a server of its own, in which nothing but one hello function ran before.
    """
    load = LoadProcess(keeper, folder)
    seconds: list[float] = []
    for number in range(settings.burst_rounds):
        peer = InglePeer(keeper, folder / f"{InglePeer.name}-{number}")
        peer.start()
        with peer.blamed():
            peer.deploy([OTHER])
            peer.deploy_program([FUNCTION], held(settings.burst_hold_s))
            peer.cold_start(OTHER)
            time.sleep(SETTLE_S)
            outcome = burst(peer, FUNCTION, load, settings)
        seconds.append(outcome.span_s - settings.burst_hold_s)
        peer.stop()
        step()
    load.stop()
    prefix = f"burst.{InglePeer.name}.{settings.burst_clients}"
    return {f"{prefix}.p50_s": percentile(seconds, 50), f"{prefix}.max_s": max(seconds)}
