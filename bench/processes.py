"""Processes that a run starts, each with all of its descendants until none is left.

The benchmark declares itself a child subreaper (prctl(2)), so a process whose parent died is
handed to it rather than to init: nothing a server leaves behind can slip out of sight.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.errors import BenchError

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
STOP_GRACE_S = 10.0
LEAVE_GRACE_S = 1.0
KILL_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process as /proc/PID/stat shows it; `started` (clock ticks) tells reused ids apart."""

    pid: int
    parent: int
    session: int
    started: int
    ended: bool
    """Only its exit status is left."""


def read_process(pid: int) -> Process | None:
    """The process of that id, or None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name, in parentheses, may itself hold spaces and parentheses.
    state, parent, _, session, *rest = stat[stat.rindex(")") + 2 :].split()
    return Process(pid, int(parent), int(session), int(rest[15]), ended=state in "ZX")


def all_processes() -> list[Process]:
    """Every process that this one can see."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [found for pid in pids if (found := read_process(pid)) is not None]


def descendants(roots: Iterable[int]) -> list[Process]:
    """The live descendants of the given processes, without these themselves."""
    children: dict[int, list[Process]] = {}
    for process in all_processes():
        if not process.ended:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = list(roots)
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child.pid)
    return found


def _alive(processes: Iterable[Process]) -> list[Process]:
    living = []
    for process in processes:
        now = read_process(process.pid)
        if now is not None and now.started == process.started and not now.ended:
            living.append(process)
    return living


class Managed:
    """One started process with a session and a log file of its own."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.popen = popen
        self.log = log

    @property
    def pid(self) -> int:
        return self.popen.pid

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of what it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def check_running(self) -> None:
        """Raises BenchError, with the end of the log, when the process has ended."""
        status = self.popen.poll()
        if status is not None:
            raise BenchError(f"{self.name} ended with status {status}:\n{self.log_tail()}")


class Keeper:
    """Starts processes and ends them; leaving its context ends whatever is still there."""

    def __init__(self) -> None:
        self._running: dict[int, Managed] = {}
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        pipes: bool = False,
    ) -> Managed:
        """Starts a command in a session of its own, working in `folder`.

        Its output goes to a log in that folder; with `pipes` its standard input and output are
        pipes to the caller instead, and only its errors go to the log.
        """
        log = folder / f"{name}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else out,
                stderr=out,
                start_new_session=True,
            )
        managed = Managed(name, popen, log)
        self._running[popen.pid] = managed
        return managed

    def stop(self, managed: Managed) -> int:
        """Ends a process with all its descendants; returns how many had to be killed.

        It gets SIGTERM and time to end by itself; what is left of its tree after that, within
        or outside its process group, gets SIGKILL.

        Raises:
            BenchError: a process outlived SIGKILL.
        """
        if self._running.pop(managed.pid, None) is None:
            return 0
        tree = descendants([managed.pid])
        sessions = {managed.pid, *(process.session for process in tree)} - {os.getsid(0)}
        root = read_process(managed.pid)
        if root is not None:
            tree.append(root)
        killed = 0
        managed.popen.terminate()
        try:
            managed.popen.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            managed.popen.kill()
            managed.popen.wait()
            killed = 1
        for pipe in (managed.popen.stdin, managed.popen.stdout):
            if pipe is not None:
                pipe.close()
        return killed + self._end_rest(managed.name, tree, sessions)

    def close(self) -> None:
        """Ends everything that was started and everything that was adopted.

        Interrupts are held off meanwhile: an impatient second Ctrl-C must not leave servers
        behind, and the time this takes is bounded.

        Raises:
            BenchError: a process outlived SIGKILL; all others were ended.
        """
        held = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
        failures: list[str] = []
        try:
            for managed in reversed(list(self._running.values())):
                try:
                    self.stop(managed)
                except BenchError as error:
                    failures.append(str(error))
            self._end_rest("the benchmark", descendants([os.getpid()]), set())
            if failures:
                raise BenchError("\n".join(failures))
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)

    def _end_rest(self, name: str, tree: list[Process], sessions: set[int]) -> int:
        started = time.monotonic()
        killed: set[int] = set()
        while True:
            self._reap()
            left = {process.pid: process for process in _alive(tree)}
            left |= {process.pid: process for process in descendants(left)}
            left |= {p.pid: p for p in self._adopted() if p.session in sessions and not p.ended}
            if not left:
                return len(killed)
            elapsed = time.monotonic() - started
            if elapsed > LEAVE_GRACE_S + KILL_GRACE_S:
                raise BenchError(f"{name} left processes that cannot be ended: {sorted(left)}")
            if elapsed > LEAVE_GRACE_S:
                for pid in left:
                    _kill(pid)
                killed |= left.keys()
            tree = list(left.values())
            time.sleep(0.01)

    def _adopted(self) -> list[Process]:
        own = os.getpid()
        return [p for p in all_processes() if p.parent == own and p.pid not in self._running]

    def _reap(self) -> None:
        """Collects the exit status of adopted processes; those started here keep their Popen."""
        for process in self._adopted():
            if process.ended:
                os.waitpid(process.pid, os.WNOHANG)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def plain_environment(folder: Path) -> dict[str, str]:
    """The environment a server is started with: nothing of the user's that would configure it.

    Temporary files go below `folder`, so that they are gone with it.
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    return {**kept, "TMPDIR": str(folder)}
