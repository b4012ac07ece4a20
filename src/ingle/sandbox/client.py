"""The server's side of the warden."""

import asyncio
import collections
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ingle.sandbox import messages
from ingle.sandbox.process import Listener, LockedProcess
from ingle.sandbox.program import Program

_HELLO_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 10.0
_PROGRAM = "import sys; sys.path[:] = {path!r}; from ingle.sandbox.warden import main; main()"


class WardenError(Exception):
    """The warden could not start, or is gone; the message says why and what to do."""


class WardenClient:
    """Asks the warden for sandboxes.

    Attributes:
        privileged: whether the warden has root's rights; else it works in a user namespace, where
            all sandboxes have the operator's own user id.
        cgroup_version: 1 or 2; 0 where sandboxes have no control group and so no memory limit.
        filtered: whether sandboxes have a filter of system calls.
        lost: set once the warden has gone away without being asked to.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        hello: messages.Hello,
        programs: Mapping[str, Program],
        on_lost: Callable[[], None],
    ) -> None:
        self.privileged = hello.privileged
        self.cgroup_version = hello.cgroup_version
        self.filtered = hello.filtered
        self._process = process
        self._sock = sock
        self._programs = programs
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._next = 1
        self._live: dict[int, LockedProcess] = {}
        self._unsent: collections.deque[tuple[bytes, tuple[int, ...]]] = collections.deque()
        self._closing = False
        self._loop.add_reader(sock, self._readable)

    @classmethod
    async def start(
        cls,
        *,
        code: Path,
        staging: Path,
        programs: Mapping[str, Program],
        on_lost: Callable[[], None],
    ) -> "WardenClient":
        """Start a warden and wait until it is ready; raise WardenError.

        Args:
            code: the folder of unpacked packages.
            staging: an empty folder, the warden's to mount over in its own namespace.
            programs: by runtime.
            on_lost: called when the warden goes away by itself.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "code": str(code),
            "staging": str(staging),
            "programs": {name: program.pack() for name, program in programs.items()},
        }
        program = _PROGRAM.format(path=[str(Path(__file__).parents[2]), *sys.path])
        process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-IS", "-c", program, str(theirs.fileno()), json.dumps(settings)],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C is the server's to handle
        )
        theirs.close()
        ours.setblocking(False)
        try:
            hello = await asyncio.wait_for(_first_message(ours), _HELLO_DEADLINE_S)
        except (TimeoutError, WardenError) as error:
            process.kill()
            await asyncio.to_thread(process.wait)
            ours.close()
            reason = str(error) or "it did not answer"
            raise WardenError(
                f"no sandboxes can be made on this machine: {reason}; run `ingle doctor` to see "
                "what is missing"
            ) from error
        return cls(process, ours, hello, programs, on_lost)

    def prepare(self, runtime: str) -> None:
        """Have the runtime's zygote started, so that its first sandbox need not wait."""
        self._send(messages.Prepare(runtime).pack(), ())

    def spawn(
        self,
        listener: Listener,
        *,
        runtime: str,
        code: str,
        memory_mb: int,
        tmp_mb: int,
        descriptors: int,
    ) -> LockedProcess:
        """Ask for a sandbox; the listener learns what becomes of it.

        What is sent to the process before it runs waits in its channel.
        """
        identity = self._next
        self._next += 1
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        read, write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(read, False)
        program = self._programs.get(runtime)
        process = LockedProcess(
            self._loop,
            identity,
            ours,
            read,
            listener,
            speaks_http=program is not None and program.speaks_http,
        )
        self._live[identity] = process
        request = messages.Spawn(identity, runtime, code, memory_mb, tmp_mb, descriptors)
        self._send(request.pack(), (theirs.detach(), write))
        return process

    def kill(self, process: LockedProcess) -> None:
        """Have a sandbox ended with everything in it; its listener's `on_end` follows."""
        if not process.ended:
            self._send(messages.Kill(process.identity).pack(), ())

    async def close(self) -> None:
        """End every sandbox and the warden."""
        self._closing = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        try:
            await asyncio.to_thread(self._process.wait, _STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._end_all("the server is stopping")

    def _send(self, data: bytes, fds: tuple[int, ...]) -> None:
        self._unsent.append((data, fds))
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._unsent:
            data, fds = self._unsent[0]
            try:
                messages.send(self._sock, data, fds)
            except BlockingIOError:
                self._loop.add_writer(self._sock, self._flush)
                return
            except OSError:
                self._lose()
                return
            self._unsent.popleft()
            for fd in fds:
                os.close(fd)
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
                process.started(report.pid, fds[0] if fds else None)
            elif isinstance(report, messages.Ended):
                del self._live[report.identity]
                process.finish(report.status, report.out_of_memory, report.peak, "")
            else:
                del self._live[report.identity]
                process.finish(None, False, 0, report.reason)

    def _lose(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._end_all("the warden is gone")
        self._on_lost()

    def _end_all(self, reason: str) -> None:
        for _, fds in self._unsent:
            for fd in fds:
                os.close(fd)
        self._unsent.clear()
        for process in list(self._live.values()):
            process.finish(int(signal.SIGKILL), False, 0, reason)
        self._live.clear()


async def _first_message(sock: socket.socket) -> messages.Hello:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sock)
    data, _ = messages.receive(sock)
    report = messages.unpack_report(data) if data else None
    if isinstance(report, messages.Hello):
        return report
    if isinstance(report, messages.Failed):
        raise WardenError(report.reason)
    raise WardenError("the warden ended at once")
