"""The server's side of the warden."""

import asyncio
import collections
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingle.sandbox import messages, openfiles
from ingle.sandbox.process import Listener, LockedProcess
from ingle.sandbox.settings import Settings

_HELLO_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 10.0
_logger = logging.getLogger("ingle.sandbox")
_PROGRAM = "import sys; sys.path[:] = {path!r}; from ingle.sandbox.warden import main; main()"


class WardenError(Exception):
    """The warden could not start, or is gone; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class LaunchedWarden:
    """A warden's process, and the socket to it."""

    process: subprocess.Popen[bytes]
    sock: socket.socket


def launch(settings: Settings) -> LaunchedWarden:
    """Start a warden with the rights of this process; `WardenClient.connect` goes on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = _PROGRAM.format(path=[str(Path(__file__).parents[2]), *sys.path])
    # In a file without a name, because there is more of it than fits on a command line.
    with theirs, os.fdopen(os.memfd_create("settings"), "wb") as told:
        told.write(json.dumps(settings.pack()).encode())
        told.seek(0)
        fds = (theirs.fileno(), told.fileno())
        process = subprocess.Popen(  # noqa: S603 - it is this very program
            [sys.executable, "-IS", "-c", program, *map(str, fds)],
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C is the server's to handle
        )
    return LaunchedWarden(process, ours)


class WardenClient:
    """Asks the warden for sandboxes.

    Attributes:
        abilities: what it can give sandboxes on this machine.
        outbound: what they reach of the network.
        memory: the most that all of them may use together, in bytes; 0 for no limit.
        usage: descriptors of the files with what they do use of it, where there is a limit.
        time: of the file with the processor time that they used, where there is one.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        hello: messages.Hello,
        usage: Sequence[int],
        on_lost: Callable[[], None],
    ) -> None:
        self.abilities = hello.abilities
        self.outbound = hello.outbound
        self.memory = hello.memory
        self.usage, self.time = usage[:2], usage[2:]
        self._process = process
        self._sock = sock
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._next = 1
        self._live: dict[int, LockedProcess] = {}
        self._unsent: collections.deque[bytes] = collections.deque()
        self._closing = False
        self._loop.add_reader(sock, self._readable)

    @classmethod
    async def connect(
        cls, launched: "LaunchedWarden", settings: Settings, on_lost: Callable[[], None]
    ) -> "WardenClient":
        """Wait until a warden is ready; raise WardenError.

        Args:
            launched: the warden, which is ended where it is not.
            settings: what it was launched with.
            on_lost: called when the warden goes away by itself.
        """
        process, sock = launched.process, launched.sock
        sock.setblocking(False)
        try:
            hello, usage = await asyncio.wait_for(_first_message(sock), _HELLO_DEADLINE_S)
        except (TimeoutError, WardenError) as error:
            sock.close()
            await asyncio.to_thread(_end, process)
            reason = str(error) or "it did not answer"
            raise WardenError(
                f"no sandboxes can be made on this machine: {reason}; run `ingle doctor` to see "
                "what is missing"
            ) from error
        return cls(process, sock, hello, usage, on_lost)

    def prepare(self, runtime: str) -> None:
        """Have the runtime's zygote started, so that its first sandbox need not wait."""
        self._send(messages.Prepare(runtime).pack())

    def spawn(
        self,
        listener: Listener,
        *,
        runtime: str,
        code: str,
        layers: str,
        memory_mb: int,
        tmp_mb: int,
        snapshot: bool = False,
        source: LockedProcess | None = None,
        extensions: bool = False,
        mount: tuple[str, str] | None = None,
    ) -> LockedProcess:
        """Ask for a sandbox; the listener learns what becomes of it.

        What is sent to the process before it runs waits for it.

        Args:
            listener: what is told.
            runtime: whose zygote to fork.
            code: the name of the package's folder below the code folder.
            layers: the name of the layers' folder there, or "".
            memory_mb: the most memory.
            tmp_mb: the size of /tmp.
            snapshot: whether others are to be forked of it.
            source: the snapshot to fork, made with the same values.
            mount: the ARN of the access point whose folder it mounts, and where it does.
        """
        identity = self._next
        self._next += 1
        process = LockedProcess(self._loop, identity, listener, extensions=extensions)
        self._live[identity] = process
        forked = 0 if source is None else source.identity
        request = messages.Spawn(
            identity,
            runtime,
            code,
            layers,
            memory_mb,
            tmp_mb,
            snapshot,
            forked,
            *(mount or ("", "")),
        )
        self._send(request.pack())
        return process

    def kill(self, process: LockedProcess) -> None:
        """Have a sandbox ended with everything in it; its listener's `on_end` follows."""
        if not process.ended:
            self._send(messages.Kill(process.identity).pack())

    async def close(self) -> None:
        """End every sandbox and the warden."""
        self._closing = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        await asyncio.to_thread(_end, self._process)
        self._end_all("the server is stopping")
        for fd in (*self.usage, *self.time):
            os.close(fd)

    def _send(self, data: bytes) -> None:
        self._unsent.append(data)
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._unsent:
            try:
                messages.send(self._sock, self._unsent[0])
            except BlockingIOError:
                self._loop.add_writer(self._sock, self._flush)
                return
            except OSError:
                self._lose()
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._sock)

    def _readable(self) -> None:
        while True:
            try:
                data, fds = messages.receive(self._sock)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not data:
                self._lose()
                return
            report = messages.unpack_report(data)
            if isinstance(report, messages.Hello):
                continue
            process = self._live.get(report.identity)
            if process is None:
                for fd in fds:
                    os.close(fd)
            elif isinstance(report, messages.Started):
                self._begin(process, report, fds)
            elif isinstance(report, messages.Ended):
                del self._live[report.identity]
                process.finish(report.status, report.out_of_memory, report.peak, "")
            else:
                del self._live[report.identity]
                process.unmounted = report.unmounted
                process.finish(None, False, 0, report.reason)

    def _begin(self, process: LockedProcess, started: messages.Started, fds: list[int]) -> None:
        if len(fds) < 2 + started.measured + started.freezable:  # the kernel kept some back
            for fd in fds:
                os.close(fd)
            del self._live[process.identity]
            self.kill(process)
            process.finish(None, False, 0, openfiles.TOO_MANY)
            return
        channel, output, *files = fds
        peak = files.pop(0) if started.measured else None
        freezer = files.pop(0) if started.freezable else None
        process.started(started.pid, channel, output, peak, freezer)

    def _lose(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._end_all("the warden is gone")
        self._on_lost()

    def _end_all(self, reason: str) -> None:
        self._unsent.clear()
        for process in list(self._live.values()):
            process.finish(int(signal.SIGKILL), False, 0, reason)
        self._live.clear()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a warden whose socket was closed; kill it where it takes too long and we may."""
    try:
        process.wait(_STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        try:
            process.kill()
        except PermissionError:  # it is root's and this process is not, any more
            _logger.critical("the warden, process %d, does not end; kill it", process.pid)
            return
        process.wait()


async def _first_message(sock: socket.socket) -> tuple[messages.Hello, list[int]]:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sock)
    data, usage = messages.receive(sock)
    report = messages.unpack_report(data) if data else None
    if isinstance(report, messages.Hello):
        return report, usage
    if isinstance(report, messages.Failed):
        raise WardenError(report.reason)
    raise WardenError("the warden ended at once")
