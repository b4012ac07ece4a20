"""A real server that starts fast: it is forked from a process that has loaded the program.

Loading the program takes most of a start. A test that kills servers again and again kills a
multiple of them in its seconds where it is loaded only once.

As a program, it takes the options of `ingle serve`. For each line that it reads it runs a server,
and prints that one's process id first, and its exit status last.
"""

import gc
import os
import signal
import subprocess
import sys
from typing import IO, ClassVar

import ingle.server  # noqa: F401 - what a server would load by itself
from ingle.cli.main import app
from tests.e2e.server import Process, Server


class ForkedServer(Server):
    """Starts, stops and kills such servers, one after another."""

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tests.e2e.forked")
    stdin: ClassVar[int | None] = subprocess.PIPE
    _loaded: "subprocess.Popen[str] | None" = None

    def close(self) -> None:
        """End the process that has loaded the program."""
        if self.running:
            self.kill()
        if self._loaded is not None:
            self._loaded.communicate(timeout=10)

    def _launched(self) -> Process:
        if self._loaded is None:
            self._loaded = self._run()
        return _Fork(self._loaded)

    def _forget(self) -> None:
        self._process = None


class _Fork:
    """A server's process, which another one has forked."""

    def __init__(self, loaded: "subprocess.Popen[str]") -> None:
        assert loaded.stdin is not None
        assert loaded.stdout is not None
        self.stdout: IO[str] | None = loaded.stdout
        self._told = loaded.stdout
        loaded.stdin.write("start\n")
        loaded.stdin.flush()
        self.pid = int(self._told.readline())

    def send_signal(self, sig: int) -> None:
        os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        return int(self._told.readline())


def main(arguments: list[str]) -> None:
    """Run a server for each line of the standard input."""
    gc.freeze()  # what is loaded stays
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            print(os.getpid(), flush=True)
            sys.exit(app(["serve", *arguments]))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
