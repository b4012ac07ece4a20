"""A real server that is there again in a moment after it was killed.

Most of what a start takes is loading the program. This one is loaded once, in a process that forks
at each start; the fork does all that `ingle serve` does, from reading its options on, and nothing
but what was loaded is older than it.

As a program, it takes the options of `ingle serve`, and for each line that it reads it starts one
server, which writes its process id and then what it always does; after its end its status follows.
"""

import os
import signal
import subprocess
import sys
from typing import IO, Any, ClassVar

import ingle.cli.main
import ingle.server
from tests.e2e.server import Server


class Fork:
    """One of the servers, as far as `subprocess.Popen` has the same.

    Args:
        loaded: the process that forks.
    """

    def __init__(self, loaded: "subprocess.Popen[str]") -> None:
        assert loaded.stdin is not None
        assert loaded.stdout is not None
        loaded.stdin.write("\n")
        loaded.stdin.flush()
        self.stdout: IO[str] = loaded.stdout
        self.pid = int(self.stdout.readline())
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it was waited for."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """`kill -9` it."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return its status; what it wrote until then is skipped."""
        while self.returncode is None:
            line = self.stdout.readline()
            assert line, "the process that forks is gone"
            word, _, status = line.partition(" ")
            if word == "ended":
                self.returncode = int(status)
        return self.returncode


class ForkedServer(Server):
    """Starts, stops and kills such a server."""

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tests.e2e.forked")
    _loaded: "subprocess.Popen[str] | None" = None

    def _launch(self, command: list[str], **settings: Any) -> Fork:
        if self._loaded is None:
            self._loaded = super()._launch(command, stdin=subprocess.PIPE, **settings)
        return Fork(self._loaded)

    def _forget(self) -> None:
        self._process = None

    def close(self) -> None:
        """Kill what is left of it."""
        if self.running:
            self.kill()
        if self._loaded is not None:
            with self._loaded:  # which ends once there is nothing more to read
                self._loaded.communicate()


def main(arguments: list[str]) -> None:
    """Start servers until there is nothing more to read."""
    sys.argv = ["ingle", "serve", *arguments]
    while sys.stdin.readline():
        child = os.fork()
        if not child:
            print(os.getpid(), flush=True)
            ingle.cli.main.run()
            return
        _, status = os.waitpid(child, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
