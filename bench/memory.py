"""Memory of processes, from /proc (proc(5)): PSS now, and the highest RSS so far."""

import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

from bench.errors import BenchError
from bench.load import invoke_once
from bench.peers import Peer
from bench.processes import descendants
from bench.stats import Results

KIB_PER_MB = 1_000_000 / 1024
AVAILABLE_READINGS = 5
AVAILABLE_INTERVAL_S = 0.1
WATCH_S = 0.02
"""How often `Watch` looks."""
SETTLE_S = 1.0
"""How long an environment idles before it is looked at."""


def pss_mb(pids: Iterable[int]) -> float:
    """The proportional set size of some processes together, in MB.

    A page that n processes share counts 1/n for each; processes that ended count nothing.

    Raises:
        PermissionError: a process belongs to another user and this one is not root.
    """
    return sum(_field(pid, "smaps_rollup", "Pss") for pid in pids) / KIB_PER_MB


def rss_mb(pid: int) -> float:
    """The memory that a process has resident now, in MB."""
    return _field(pid, "status", "VmRSS") / KIB_PER_MB


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process had resident at any time, in MB."""
    return _field(pid, "status", "VmHWM") / KIB_PER_MB


def available_mb() -> float:
    """The memory that this machine has left for programs to be started, in MB.

    The median of some readings, for others use the machine as well.
    """
    readings = []
    for _ in range(AVAILABLE_READINGS):
        readings.append(_value("meminfo", "MemAvailable"))
        time.sleep(AVAILABLE_INTERVAL_S)
    return median(readings) / KIB_PER_MB


def measure_idle(peers: Sequence[Peer], function: str) -> Results:
    """What one warm execution environment takes while it idles, as PSS.

    Every peer has then answered for one function only. Pages that an environment shares with
    the server count less the more environments there are, so a single one is the worst case.
    """
    for peer in peers:
        with peer.blamed():
            invoke_once(peer.endpoint(function))
    time.sleep(SETTLE_S)
    results: Results = {}
    for peer in peers:
        results |= _environments(f"memory.{peer.name}.idle", peer)
    return results


def measure_loaded(peers: Sequence[Peer]) -> Results:
    """What servers and their environments take at the end of a run.

    The peaks of a server's processes are added up, so pages that they share count repeatedly.
    """
    results: Results = {}
    for peer in peers:
        prefix = f"memory.{peer.name}"
        functions = {pid for pids in peer.environments() for pid in pids}
        root = peer.running().pid
        pids = [root, *(process.pid for process in descendants([root]))]
        servers = [pid for pid in pids if pid not in functions]
        results |= _environments(f"{prefix}.loaded", peer)
        results[f"{prefix}.server_peak_rss_mb"] = sum(peak_rss_mb(pid) for pid in servers)
        results[f"{prefix}.server_pss_mb"] = pss_mb(servers)
    return results


def _environments(prefix: str, peer: Peer) -> Results:
    """The median PSS of a peer's environments; nothing where this process may not see it."""
    found = peer.environments()
    if not found:
        raise BenchError(f"no warm execution environment of {peer.name} was found")
    try:
        figures = [pss_mb(pids) for pids in found]
    except PermissionError:  # sandboxes run as other users: only root may look at their pages
        return {}
    return {f"{prefix}.environment_mb": median(figures), f"{prefix}.environments": len(found)}


def _field(pid: int, file: str, name: str) -> int:
    """A field of a process's file, in KiB; 0 when the process ended."""
    try:
        return _value(f"{pid}/{file}", name)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _value(file: str, name: str) -> int:
    """A field of a file below /proc, in KiB; 0 when it is not there."""
    for line in Path(f"/proc/{file}").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


class Watch:
    """Looks at the resident memory of a process again and again.

    Attributes:
        first_mb: what it was at first, in MB.
        most_mb: the most that was seen.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.first_mb = self.most_mb = rss_mb(pid)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(WATCH_S):
            self.most_mb = max(self.most_mb, rss_mb(self._pid))
