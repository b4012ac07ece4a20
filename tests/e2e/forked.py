"""Servers that are forked from a process that has loaded Ingle.

Loading it is most of what a start costs, and tests start servers some hundred times.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, ClassVar

from tests.e2e.server import ROOT, Process, Server

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["ingle.cli.main", "ingle.server"])


def ingle(arguments: list[str]) -> None:
    """Run `ingle` with these arguments."""
    from ingle.cli.main import run

    sys.argv = ["ingle", *arguments]
    run()


class _Forked:
    """The process of such a server.

    Attributes:
        pid: its number.
        stdout: what it prints.
    """

    def __init__(
        self,
        program: Callable[[list[str]], None],
        arguments: list[str],
        environment: dict[str, str],
        log: IO[str],
    ) -> None:
        printed, output = _FORKS.Pipe(duplex=False)
        errors = Connection(os.dup(log.fileno()), readable=False)
        self._process = _FORKS.Process(
            target=_run, args=(program, arguments, environment, output, errors)
        )
        with printed, output, errors:
            self._process.start()
            self.stdout = os.fdopen(os.dup(printed.fileno()))
        assert self._process.pid is not None
        self.pid = self._process.pid
        self._status: int | None = None

    def send_signal(self, number: int) -> None:
        if self._status is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        if self._status is None:
            self._process.join(timeout)
            self._status = self._process.exitcode
            assert self._status is not None, f"it still runs after {timeout} s"
            self._process.close()
        return self._status


class ForkedServer(Server):
    """Starts, stops and kills such a server.

    Attributes:
        program: what runs in it, a module's function.
    """

    program: ClassVar[Callable[[list[str]], None]] = staticmethod(ingle)

    def _launch(self, arguments: list[str], environment: dict[str, str], log: IO[str]) -> Process:
        return _Forked(self.program, arguments, environment, log)

    def _tell(self, arguments: list[str]) -> str:
        with self._open_log() as log:
            process = _Forked(ingle, arguments, dict(os.environ), log)
        with process.stdout:
            printed = process.stdout.read()
        assert process.wait(40) == 0
        return printed


@contextlib.contextmanager
def starting(folder: Path) -> Iterator[Callable[..., Server]]:
    """Start servers with these flags, each with a data folder of its own; kill those left."""
    started: list[Server] = []

    def start(*flags: str) -> Server:
        started.append(ForkedServer(folder / f"server{len(started)}" / "data", *flags))
        return started[-1].start()

    try:
        yield start
    finally:
        for each in started:
            if each.running:
                each.kill()


def _run(
    program: Callable[[list[str]], None],
    arguments: list[str],
    environment: dict[str, str],
    output: Connection,
    errors: Connection,
) -> None:
    for stream, number in ((output, 1), (errors, 2)):
        with stream:
            os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    program(arguments)
