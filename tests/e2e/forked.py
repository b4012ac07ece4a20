"""Servers that are forked from a process that has loaded Ingle: twenty kills are twenty starts.

Loading it is most of what a start costs, and a test of many kills has seconds, not minutes.
"""

import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from typing import IO

from tests.e2e.server import ROOT, Process, Server

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["ingle.cli.main", "ingle.server"])


class _Forked:
    """The process of such a server.

    Attributes:
        pid: its number.
        stdout: what it prints.
    """

    def __init__(self, arguments: list[str], environment: dict[str, str], log: IO[str]) -> None:
        printed, output = _FORKS.Pipe(duplex=False)
        errors = Connection(os.dup(log.fileno()), readable=False)
        self._process = _FORKS.Process(target=_serve, args=(arguments, environment, output, errors))
        with printed, output, errors:
            self._process.start()
            self.stdout = os.fdopen(os.dup(printed.fileno()))
        assert self._process.pid is not None
        self.pid = self._process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        status = self._process.exitcode
        assert status is not None, f"it still runs after {timeout} s"
        self._process.close()
        return status


class ForkedServer(Server):
    """Starts, stops and kills such a server."""

    def _launch(self, arguments: list[str], environment: dict[str, str], log: IO[str]) -> Process:
        return _Forked(arguments, environment, log)


def _serve(
    arguments: list[str], environment: dict[str, str], output: Connection, errors: Connection
) -> None:
    from ingle.cli.main import run

    for stream, number in ((output, 1), (errors, 2)):
        with stream:
            os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["ingle", "serve", *arguments]
    run()
