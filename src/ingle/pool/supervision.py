"""The server's side of the process that starts a sandbox's extensions."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import orjson

from ingle.runtimes.python import pipes
from ingle.sandbox.pace import Pace

_MESSAGE_SIZE = 65_536


class Watcher(Protocol):
    """What is told of the processes of a sandbox that has extensions."""

    def runtime_ended(self, status: int) -> None:
        """The runtime's process ended with this wait status."""
        ...

    def extension_ended(self, name: str, status: int) -> None:
        """An extension's process ended with this wait status."""
        ...

    def extension_not_launched(self, name: str, reason: str, *, permission: bool) -> None:
        """An extension could not be started, perhaps for want of permission."""
        ...


class Supervision:
    """Speaks with a `runtimes.python.supervisor`, and reads what extensions write.

    Args:
        control: descriptor of the socket to it.
        output: descriptor of the pipe that extensions write to.
        watcher: is told what it says.
        on_output: takes what they wrote; False pauses the reading.
    """

    def __init__(
        self, control: int, output: int, watcher: Watcher, on_output: Callable[[bytes], bool]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._watcher = watcher
        self._on_output = on_output
        self._pace = Pace()
        self._control = socket.socket(fileno=control)
        self._control.setblocking(False)
        self._output: int | None = output
        os.set_blocking(output, False)
        self._loop.add_reader(self._control, self._hear)
        self._loop.add_reader(output, self._read)

    def start(self, names: Iterable[str], environment: Mapping[str, str]) -> None:
        """Have extensions started."""
        self._tell({"start": list(names), "environment": dict(environment)})

    def signal(self, number: int) -> None:
        """Have a signal sent to the runtime, if it still runs."""
        self._tell({"signal": number})

    def resume_output(self) -> None:
        """Read on after `on_output` had paused it."""
        if self._output is not None:
            self._loop.add_reader(self._output, self._read)

    def finish(self) -> None:
        """Take what is left, then let go of both descriptors."""
        self._hear()
        while data := self._next_output(pipes.CAPACITY):
            self._on_output(data)
        self._close_output()
        self._loop.remove_reader(self._control)
        self._control.close()

    def _tell(self, message: dict[str, object]) -> None:
        try:
            self._control.send(orjson.dumps(message))
        except OSError:
            return  # it has ended, and so has the sandbox

    def _hear(self) -> None:
        while True:
            try:
                packet = self._control.recv(_MESSAGE_SIZE)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._loop.remove_reader(self._control)
                return
            told = orjson.loads(packet)
            if "runtime" in told:
                self._watcher.runtime_ended(told["runtime"])
            elif "status" in told:
                self._watcher.extension_ended(told["extension"], told["status"])
            else:
                self._watcher.extension_not_launched(
                    told["extension"], told["reason"], permission=told["permission"]
                )

    def _read(self) -> None:
        if self._output is None:
            return
        data = self._next_output(self._pace.size)
        if data is None:
            return
        if not data:
            self._close_output()
        elif not self._pace.take(self._on_output, data):
            self._loop.remove_reader(self._output)

    def _next_output(self, size: int) -> bytes | None:
        """Return so many bytes at most, none at the end, or None where there are none yet."""
        if self._output is None:
            return None
        try:
            return os.read(self._output, size)
        except BlockingIOError:
            return None

    def _close_output(self) -> None:
        if self._output is not None:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = None
