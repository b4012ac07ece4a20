"""How long servers take from nothing to ready, and functions to their first answer."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.peers import Peer
from bench.processes import Keeper
from bench.settings import Settings
from bench.stats import Results, summarise

INTERPRETER = "interpreter"
INTERPRETER_COMMAND = (str(Path(sys.executable).parent / "python3"), "-c", "pass")
"""In the environment that runs this."""


def run_time(command: Sequence[str]) -> float:
    """Seconds from starting a command to its end; its output goes nowhere.

    Raises:
        BenchError: it failed, or took longer than 30 s.
    """
    started = time.perf_counter()
    try:
        subprocess.run(command, check=True, timeout=30, stdout=subprocess.DEVNULL)
    except subprocess.SubprocessError as error:
        raise BenchError(str(error)) from error
    return time.perf_counter() - started


def measure_ready(
    kinds: Sequence[type[Peer]],
    keeper: Keeper,
    folder: Path,
    settings: Settings,
    step: Callable[[], None],
) -> Results:
    """Times every server from the start of its process, in an empty folder, to readiness."""
    seconds: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    for number in range(settings.ready_samples):
        for kind in kinds:
            peer = kind(keeper, folder / f"{kind.name}-{number}")
            seconds[kind.name].append(peer.start())
            peer.stop()
            step()
    results: Results = {}
    for name, samples in seconds.items():
        results |= summarise(f"ready.{name}", samples)
    return results


def measure_cold(peers: Sequence[Peer], settings: Settings, step: Callable[[], None]) -> Results:
    """Times first answers, and between them interpreter starts, so that noise hits all alike."""
    for peer in peers:
        with peer.blamed():
            peer.deploy([f"cold-{number}" for number in range(settings.cold_samples)])
    names = [*(peer.name for peer in peers), INTERPRETER]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(settings.cold_samples):
        for peer in peers:
            time.sleep(settings.pause_s)
            with peer.blamed():
                seconds[peer.name].append(peer.cold_start(f"cold-{number}"))
        time.sleep(settings.pause_s)
        seconds[INTERPRETER].append(run_time(INTERPRETER_COMMAND))
        step()
    results: Results = {}
    for name, samples in seconds.items():
        results |= summarise(f"cold.{name}", samples)
    return results
