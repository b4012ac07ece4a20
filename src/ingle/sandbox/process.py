"""A locked-in process as the server holds it: its channel, its output, its end."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Protocol

from ingle.runtimes.python import pipes
from ingle.runtimes.python.frames import HEADER, SETUP_FAILED
from ingle.sandbox import openfiles
from ingle.sandbox.pace import Pace

MAX_FRAME = 6_291_556 + 4096
"""Bytes; no managed runtime sends more, so whoever does is not one."""
_READ_SIZE = 262_144
_MOST_DESCRIPTORS = 16


class Listener(Protocol):
    """What is told of a process's doings."""

    def on_frame(self, kind: int, body: bytes) -> bool:
        """A whole frame came; False where the process must not be listened to any more."""
        ...

    def on_channel_end(self) -> None:
        """The process closed its end, is ending, or broke the protocol."""
        ...

    def on_descriptors(self, fds: list[int]) -> None:
        """Descriptors came: first those of an ENDPOINT frame, then, where there are extensions,
        those of an EXTENSIONS frame. They are the listener's to close."""
        ...

    def on_output(self, data: bytes) -> bool:
        """The process wrote to its standard output or error; False pauses the reading."""
        ...

    def on_end(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        """The process is gone.

        Args:
            status: its wait status, or None when it could not be started.
            out_of_memory: whether the kernel ended it for want of memory.
            peak: the most memory it used, in bytes; 0 where it is not measured.
            reason: why it could not be started, else "".
        """
        ...


class LockedProcess:
    """The server's ends of one sandbox's channel and log pipe.

    Attributes:
        identity: the server's number for it.
        pid: its first process, once there is one.
        ended: whether it is gone.
        unmounted: whether it is gone because its file system could not be mounted.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        identity: int,
        listener: Listener,
        *,
        extensions: bool = False,
    ) -> None:
        self.identity = identity
        self.pid: int | None = None
        self.ended = False
        self.unmounted = False
        self._loop = loop
        self._channel: socket.socket | None = None
        self._output: int | None = None
        self._listener = listener
        self._awaited_descriptors = 2 if extensions else 1
        self._paused = False
        self._finishing = False
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._pace = Pace()
        self._peak: int | None = None
        self._freezer: int | None = None

    def send(self, kind: int, body: bytes) -> None:
        """Send one frame; what the socket does not take at once follows when it does."""
        channel = self._channel
        data = HEADER.pack(len(body), kind) + body
        if self._outgoing or self.pid is None:
            self._outgoing += data
            return
        if channel is None:
            return
        try:
            sent = channel.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # it is ending; on_end says how
        if sent < len(data):
            self._outgoing += data[sent:]
            self._loop.add_writer(channel, self._channel_writable)

    def read_output(self) -> None:
        """Hand over everything that the process has written so far."""
        # No more than there can be now: whoever writes on, or has enlarged the pipe where no filter
        # keeps it from that, would keep us here for long.
        left = pipes.CAPACITY
        while self._output is not None and left > 0:
            try:
                data = os.read(self._output, left)
            except BlockingIOError:
                return
            if not data:
                self._close_output()
                return
            left -= len(data)
            self._listener.on_output(data)

    def resume_output(self) -> None:
        """Read on after `on_output` had paused it."""
        if self._output is not None:
            self._loop.add_reader(self._output, self._output_readable)

    def pause_channel(self) -> None:
        """Hand over no more frames, so that a process that goes on sending waits at last.

        Those that were received already may still follow.
        """
        if self._channel is not None and not self._paused and not self._finishing:
            self._paused = True
            self._loop.remove_reader(self._channel)

    def resume_channel(self) -> None:
        """Hand frames over again."""
        if self._paused:
            self._paused = False
            if self._channel is not None:
                self._loop.add_reader(self._channel, self._channel_readable)

    def peak_memory(self) -> int:
        """The most memory the sandbox has used, in bytes; 0 where it is not measured."""
        if self._peak is not None:
            return int(os.pread(self._peak, 32, 0))
        return 0 if self.pid is None else _peak_of(self.pid)

    def freeze(self) -> bool:
        """Stop every process of the sandbox; False where the machine cannot."""
        if self._freezer is None:
            return False
        os.write(self._freezer, b"1")
        return True

    def thaw(self) -> None:
        """Let them run on."""
        if self._freezer is not None:
            os.write(self._freezer, b"0")

    def started(
        self, pid: int, channel: int, output: int, peak: int | None, freezer: int | None
    ) -> None:
        """The warden made the process; these are its descriptors, now ours."""
        self.pid = pid
        self._peak = peak
        self._freezer = freezer
        self._output = output
        self._channel = socket.socket(fileno=channel)
        self._channel.setblocking(False)
        os.set_blocking(output, False)
        self._loop.add_reader(self._channel, self._channel_readable)
        self._loop.add_reader(output, self._output_readable)
        if self._outgoing:
            self._loop.add_writer(self._channel, self._channel_writable)
            self._channel_writable()

    def finish(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        """The warden says that the process is gone."""
        if self.ended:
            return
        self._finishing = True
        self.resume_channel()
        self._read_channel()
        self.read_output()
        self.ended = True
        self._listener.on_end(status, out_of_memory, peak, reason)
        self.close()

    def close(self) -> None:
        """Let go of every descriptor."""
        self._close_channel()
        self._close_output()
        for fd in (self._peak, self._freezer):
            if fd is not None:
                os.close(fd)
        self._peak = self._freezer = None

    def _channel_readable(self) -> None:
        self._read_channel()

    def _read_channel(self) -> None:
        while self._channel is not None and not self._paused:
            awaited = self._awaited_descriptors
            try:
                data = self._receive(self._channel)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data or not self._take(data):
                self._close_channel()
                self._listener.on_channel_end()
                return
            # The kernel hands over what comes with descriptors by itself, whatever follows.
            if len(data) < _READ_SIZE and awaited == self._awaited_descriptors:
                return

    def _receive(self, channel: socket.socket) -> bytes:
        if not self._awaited_descriptors:
            return channel.recv(_READ_SIZE)
        data, fds, flags, _ = socket.recv_fds(
            channel, _READ_SIZE, _MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
        )
        if flags & socket.MSG_CTRUNC:  # the kernel kept some back
            for fd in fds:
                os.close(fd)
            self._listener.on_frame(SETUP_FAILED, openfiles.TOO_MANY.encode())
            return b""
        if fds:
            self._awaited_descriptors -= 1
            self._listener.on_descriptors(fds)
        return data

    def _take(self, data: bytes) -> bool:
        incoming = self._incoming
        incoming += data
        start = 0
        while len(incoming) - start >= 5:
            length, kind = HEADER.unpack_from(incoming, start)
            if length > MAX_FRAME:
                return False
            end = start + 5 + length
            if len(incoming) < end:
                break
            body = bytes(incoming[start + 5 : end])
            start = end
            if not self._listener.on_frame(kind, body):
                return False
        del incoming[:start]
        return True

    def _channel_writable(self) -> None:
        channel = self._channel
        if channel is None or not self._outgoing:
            return
        try:
            sent = channel.send(self._outgoing)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._outgoing)  # it is ending; on_end says how
        del self._outgoing[:sent]
        if not self._outgoing:
            self._loop.remove_writer(channel)

    def _output_readable(self) -> None:
        if self._output is None:
            return
        try:
            data = os.read(self._output, self._pace.size)
        except BlockingIOError:
            return
        if not data:
            self._close_output()
        elif not self._pace.take(self._listener.on_output, data) and self._output is not None:
            self._loop.remove_reader(self._output)

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()
            self._channel = None

    def _close_output(self) -> None:
        if self._output is not None:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = None


def _peak_of(pid: int) -> int:
    """The most memory one process has used, in bytes, where no control group counts it."""
    try:
        with Path(f"/proc/{pid}/status").open(encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return 0  # it has ended
    return 0
