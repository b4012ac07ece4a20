"""The `ingle` command, as a test runs it."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.server import INGLE, Server


@dataclass(frozen=True)
class Ran:
    """How a command came out."""

    status: int
    output: str
    error: str


@dataclass(frozen=True)
class Ingle:
    """Runs `ingle` in a folder of its own, for one server."""

    server: Server
    folder: Path

    def __call__(self, *arguments: str, event: str = "", **variables: str) -> Ran:
        done = subprocess.run(
            [INGLE, *arguments],
            cwd=self.folder,
            env=self.environment(**variables),
            input=event,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, **variables: str) -> dict[str, str]:
        """What a command sees; it finds the server by its data folder. "" unsets a variable."""
        own = {"HOME": str(self.folder), "INGLE_DATA_DIR": str(self.server.data_dir)}
        code = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        every = {"PATH": os.environ["PATH"], "COLUMNS": "120", **code, **own, **variables}
        return {key: value for key, value in every.items() if value}


class Terminal:
    """A command on a terminal of 100 columns and 30 lines.

    Args:
        master: the terminal's other end.
        process: the command.
    """

    def __init__(self, master: int, process: "subprocess.Popen[bytes]") -> None:
        self._master = master
        self._process = process
        self.seen = ""

    def wait_for(self, text: str, within_s: float = 30.0) -> None:
        """Read until this text was shown; what was shown before it counts no more then."""
        deadline = time.monotonic() + within_s
        while text not in self.seen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._master], [], [], max(0.0, left))
            assert ready, f"no {text!r} in {self.seen!r}"
            self.seen += self._read()
        self.seen = self.seen.partition(text)[2]

    def press(self, keys: str) -> None:
        """Type something."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read the rest; return the exit status."""
        with contextlib.suppress(EOFError):
            while True:
                self.seen += self._read()
        return self._process.wait(30)

    def _read(self) -> str:
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # as Linux has it at the end of a terminal
            data = b""
        if not data:
            raise EOFError
        return data.decode(errors="replace")


@contextlib.contextmanager
def on_terminal(
    ingle: Ingle, *arguments: str, rows: int = 30, **variables: str
) -> Iterator[Terminal]:
    """Run `ingle` on a terminal, and end it at last."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
    environment = ingle.environment(COLUMNS="", TERM="xterm-256color", **variables)
    with subprocess.Popen(
        [INGLE, *arguments],
        cwd=ingle.folder,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        try:
            yield Terminal(master, process)
        finally:
            process.kill()
            os.close(master)
