"""Many idle sandboxes at the same time: what they take of the machine's memory."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

from bench.burst import burst
from bench.errors import BenchError, NotMeasurable
from bench.ingle_peer import InglePeer
from bench.load_process import LoadProcess
from bench.memory import available_mb, pss_mb
from bench.processes import Keeper, descendants
from bench.programs import held
from bench.settings import Settings
from bench.stats import Results
from bench.warm import sized_job

OTHER = "hello"
DESCRIPTORS_EACH = 7
"""Open files of the server for one sandbox, with room to spare."""
DESCRIPTORS_ELSE = 500
MEMORY_EACH_MB = 6.0
"""Free memory asked for, for each sandbox: the target's 4 MB, and room for it to be missed."""
SETTLE_S = 3.0
"""How long the sandboxes idle before they are looked at."""


def check_machine(sandboxes: int) -> None:
    """Raises NotMeasurable, saying why, when this machine cannot hold so many sandboxes."""
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sandboxes * DESCRIPTORS_EACH + DESCRIPTORS_ELSE
    if descriptors != resource.RLIM_INFINITY and descriptors < wanted:
        raise NotMeasurable(
            f"{sandboxes:,} sandboxes take up to {wanted:,} open files, and `ulimit -Hn` allows "
            f"{descriptors:,}"
        )
    available = available_mb()
    if available < sandboxes * MEMORY_EACH_MB:
        raise NotMeasurable(
            f"{sandboxes:,} sandboxes are measured on a machine with "
            f"{sandboxes * MEMORY_EACH_MB:,.0f} MB of available memory, and here it is "
            f"{available:,.0f} MB"
        )


def measure_density(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """What a server with `settings.sandboxes` idle sandboxes takes, as `density.ingle.<number>`.

    They are made in bursts, each of a function of its own, in which a sandbox that is given a
    second invocation answers with an error; so the number is certain. `mb` is the larger of two
    figures: the PSS of the server and all its descendants, and the available memory that is gone
    since before the server was started, in which the kernel's own part counts too. Meanwhile
    one client invokes another function, before there are idle sandboxes and then again.

    Raises:
        BenchError: an answer was wrong, or sandboxes are missing at the end.
        NotMeasurable: this machine cannot hold so many.
    """
    check_machine(settings.sandboxes)
    load = LoadProcess(keeper, folder)
    before = available_mb()
    room = settings.sandboxes + settings.burst_clients
    peer = InglePeer(keeper, folder / InglePeer.name, ["--concurrency", str(room)])
    peer.start()
    functions = [f"idle-{n}" for n in range(settings.sandboxes // settings.burst_clients)]
    prefix = f"density.{peer.name}.{settings.sandboxes}"
    results: Results = {}
    with peer.blamed():
        peer.deploy([OTHER])
        peer.deploy_program(functions, held(settings.burst_hold_s))
        other = sized_job(peer, OTHER, load, settings, 1, settings.one_client_s)
        results[f"{prefix}.other_before.p50_ms"] = load.run(other).p50_ms
        for function in functions:
            burst(peer, function, load, settings)
            step()
        time.sleep(SETTLE_S)
        results |= _memory(prefix, peer, before, settings.sandboxes)
        results[f"{prefix}.other_meanwhile.p50_ms"] = load.run(other).p50_ms
    results[f"{prefix}.left"] = peer.stop()
    load.stop()
    return results


def _memory(prefix: str, peer: InglePeer, before_mb: float, sandboxes: int) -> Results:
    """The figures of the memory; those that only root can see are missing for others."""
    found = peer.environments()
    if len(found) != sandboxes + 1:  # and the other function's
        raise BenchError(f"{sandboxes + 1} sandboxes were made, and there are {len(found)}")
    gone = before_mb - available_mb()
    results = {f"{prefix}.gone_mb": gone}
    inside = {pid for pids in found for pid in pids}
    root = peer.running().pid
    servers = [root, *(p.pid for p in descendants([root]) if p.pid not in inside)]
    try:
        results[f"{prefix}.sandboxes_mb"] = pss_mb(inside)
        results[f"{prefix}.server_mb"] = pss_mb(servers)
    except PermissionError:  # sandboxes run as other users: only root may look at their pages
        return results
    pss = results[f"{prefix}.sandboxes_mb"] + results[f"{prefix}.server_mb"]
    results[f"{prefix}.mb"] = max(pss, gone)
    return results
