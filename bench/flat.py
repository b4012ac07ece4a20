"""Whether other functions make an invocation slower."""

from collections.abc import Callable
from pathlib import Path

from bench.ingle_peer import InglePeer
from bench.load_process import LoadProcess
from bench.processes import Keeper
from bench.settings import Settings
from bench.stats import Results, median_of
from bench.warm import sized_job

FUNCTION = "hello"


def measure_flat(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Warm invocations by one client, on two servers in turns, as `flat.ingle.<others>`: one
    server has no function but the one that is invoked, the other has `settings.others` besides.
    """
    load = LoadProcess(keeper, folder)
    peers = {}
    for others in (0, settings.others):
        peer = peers[others] = InglePeer(keeper, folder / f"{InglePeer.name}-{others}")
        peer.start()
        with peer.blamed():
            peer.deploy([FUNCTION, *(f"other-{number}" for number in range(others))])
    jobs = {
        others: sized_job(peer, FUNCTION, load, settings, 1, settings.flat_turn_s)
        for others, peer in peers.items()
    }
    rounds: dict[int, list[Results]] = {others: [] for others in peers}
    for number in range(settings.flat_rounds):
        for others in sorted(peers, reverse=bool(number % 2)):
            with peers[others].blamed():
                outcome = load.run(jobs[others])
            rounds[others].append({"p50_ms": outcome.p50_ms, "p99_ms": outcome.p99_ms})
        step()
    results: Results = {}
    for others, peer in peers.items():
        peer.stop()
        results |= median_of(f"flat.{InglePeer.name}.{others}", rounds[others])
    load.stop()
    return results
