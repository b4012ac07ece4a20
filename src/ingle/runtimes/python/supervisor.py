"""The first process of a sandbox that has extensions: it starts them, and outlives the runtime.

It hears the server on a socket that no other process of the sandbox can reach, and has no more
rights than they. Every message is JSON, one a packet.

To the supervisor:

- `{"start": [names], "environment": {variables}}`: start these executables of `/opt/extensions`.
- `{"signal": number}`: send a signal to the runtime.

From it:

- `{"runtime": status}` and `{"extension": name, "status": status}`: a process ended.
- `{"extension": name, "reason": text, "permission": bool}`: it could not be started.
"""

from __future__ import annotations

import _socket
import json
import os
import select
import signal

from . import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = "/opt/extensions"
MOST = 10
"""https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-reg"""
_MESSAGE_SIZE = 131_072
_ERRNO_SIZE = 4


def extensions_in(folder: str) -> list[str]:
    """Return the names of the files in a folder of extensions, in order; it need not exist."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


class Supervisor:
    """Serves the server until it closes its end.

    Args:
        channel_fd: the runtime's socket to the server, which is used once and closed.
        runtime: the runtime's process, a child of this one.
        count: how many extensions there are.
        output: the pipe for what they write, both ends.
    """

    def __init__(self, channel_fd: int, runtime: int, count: int, output: tuple[int, int]) -> None:
        self._runtime: int | None = runtime
        self._extensions: dict[int, str] = {}
        self._wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._server, outer = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        output_read, self._output = output
        # One for each extension that may subscribe to telemetry, and one for the runtime's own,
        # which came already.
        inner = [_socket.socket() for _ in range(min(count, MOST) + 1)]
        descriptors = [outer.fileno(), output_read, *(each.fileno() for each in inner)]
        frames.Channel(channel_fd).send_descriptors(frames.EXTENSIONS, descriptors)
        for sock in (outer, *inner):
            sock.close()
        os.close(output_read)
        os.close(channel_fd)

    def run(self) -> int:
        """Start, watch and reap; return the exit status."""
        poller = select.poll()
        poller.register(self._server, select.POLLIN)
        poller.register(self._wake, select.POLLIN)
        self._reap()  # the runtime may have ended before its end could wake anybody
        while True:
            for fd, _ in poller.poll():
                if fd == self._wake:
                    os.read(fd, 4096)
                    self._reap()
                    continue
                message = self._server.recv(_MESSAGE_SIZE)
                if not message:
                    return 0
                self._obey(json.loads(message))

    def _obey(self, message: dict[str, Any]) -> None:
        if "signal" in message:
            if self._runtime is not None:
                os.kill(self._runtime, message["signal"])
            return
        for name in message["start"]:
            self._start(name, message["environment"])

    def _start(self, name: str, environment: dict[str, str]) -> None:
        path = f"{FOLDER}/{name}"
        failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            self._become(path, environment, failure_write)
        os.close(failure_write)
        failure = os.read(failure_read, _ERRNO_SIZE)
        os.close(failure_read)
        if not failure:
            self._extensions[pid] = name
            return
        os.waitpid(pid, 0)
        number = int.from_bytes(failure, "little")
        reason = f"fork/exec {path}: {os.strerror(number).lower()}"
        permission = isinstance(OSError(number, ""), PermissionError)
        self._tell({"extension": name, "reason": reason, "permission": permission})

    def _become(self, path: str, environment: dict[str, str], failure: int) -> None:
        number = 0
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(self._output, 1)
            os.dup2(self._output, 2)
            for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, not by programs
                signal.signal(ignored, signal.SIG_DFL)
            os.execve(path, [path], environment)  # noqa: S606 - there must be no shell
        except OSError as error:
            number = error.errno or 0
        finally:
            os.write(failure, number.to_bytes(_ERRNO_SIZE, "little"))
            os._exit(1)

    def _reap(self) -> None:
        while self._runtime is not None or self._extensions:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._runtime:
                self._runtime = None
                self._tell({"runtime": status})
            elif pid in self._extensions:
                self._tell({"extension": self._extensions.pop(pid), "status": status})

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._server.send(json.dumps(message).encode("ascii"))
        except OSError:
            return  # the server is gone, which the next look at the socket shows
