"""Warm invocations, with one client and with many."""

from collections.abc import Callable, Sequence

from bench.load import Job, Outcome
from bench.load_process import LoadProcess
from bench.peers import Peer
from bench.settings import Settings
from bench.stats import Results, median_of

WARMUP_REQUESTS = 400
SPARE = 1.5
"""How many more requests are prepared than the rate of the warm-up asks for."""


def measure_warm(
    peers: Sequence[Peer],
    function: str,
    load: LoadProcess,
    settings: Settings,
    step: Callable[[], None],
) -> Results:
    """The medians over rounds in which every peer has its turn, each round in another order."""
    jobs = {peer.name: _plan(peer, function, load, settings) for peer in peers}
    rounds: dict[str, list[Results]] = {
        f"warm.{peer.name}.{load_name}": [] for peer in peers for load_name in ("one", "many")
    }
    for number in range(settings.rounds):
        first = number % len(peers)
        for peer in (*peers[first:], *peers[:first]):
            for load_name, job in zip(("one", "many"), jobs[peer.name], strict=True):
                with peer.blamed():
                    outcome = load.run(job)
                rounds[f"warm.{peer.name}.{load_name}"].append(_figures(outcome))
            step()
    results: Results = {}
    for prefix, figures in rounds.items():
        results |= median_of(prefix, figures)
    return results


def _plan(peer: Peer, function: str, load: LoadProcess, settings: Settings) -> tuple[Job, Job]:
    """The jobs of a turn: with one client and with many."""
    many = sized_job(peer, function, load, settings, settings.clients, settings.many_clients_s)
    return sized_job(peer, function, load, settings, 1, settings.one_client_s), many


def sized_job(
    peer: Peer, function: str, load: LoadProcess, settings: Settings, clients: int, seconds: float
) -> Job:
    """The job of a turn, sized from a warm-up that also starts every environment needed.

    Args:
        peer: where the function is deployed.
        function: its name.
        load: performs the warm-up.
        settings: how long that takes.
        clients: connections.
        seconds: length of the turn.
    """
    warmup = Job(peer.endpoint(function), clients, WARMUP_REQUESTS, settings.warmup_s)
    with peer.blamed():
        load.run(warmup)
        rate = load.run(warmup).per_second
    return Job(warmup.endpoint, clients, int(rate * seconds * SPARE) + clients, seconds)


def _figures(outcome: Outcome) -> Results:
    return {
        "requests": outcome.requests,
        "p50_ms": outcome.p50_ms,
        "p99_ms": outcome.p99_ms,
        "per_second": outcome.per_second,
        "load_cpu": outcome.load_cpu,
    }
