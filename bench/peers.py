"""What the benchmark asks of every server that it measures."""

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from bench.endpoint import Endpoint
from bench.errors import BenchError
from bench.processes import Keeper, Managed

HOST = "127.0.0.1"
START_TIMEOUT_S = 30.0
POLL_S = 0.001


class Peer(ABC):
    """One server under measurement, in a folder of its own.

    Attributes:
        name: as it is shown and as its figures are filed.
    """

    name: ClassVar[str]

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        self.keeper = keeper
        self.folder = folder
        self.port = 0
        self.server: Managed | None = None

    def start(self) -> float:
        """Starts the server from nothing on a free port; returns the seconds until it serves.

        Raises:
            BenchError: it ended, or did not get ready within 30 s.
        """
        self.folder.mkdir(parents=True)
        self.port = free_port()
        started = time.perf_counter()
        self.server = self.launch()
        while not self.is_ready(self.server):
            self.server.check_running()
            if time.perf_counter() - started > START_TIMEOUT_S:
                raise BenchError(
                    f"{self.name} was not ready after {START_TIMEOUT_S:.0f} s:\n"
                    f"{self.server.log_tail()}"
                )
            time.sleep(POLL_S)
        return time.perf_counter() - started

    def stop(self) -> int:
        """Ends the server; returns how many processes outlived it and had to be killed."""
        return self.keeper.stop(self.running()) if self.server else 0

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Names this server, and shows the end of its log, in a failure of what is done with it."""
        try:
            yield
        except (BenchError, OSError) as error:
            log = self.server.log_tail() if self.server else ""
            raise BenchError(f"{self.name}: {error}\n{log}".rstrip()) from error

    def running(self) -> Managed:
        """The started server."""
        if self.server is None:
            raise BenchError(f"{self.name} was not started")
        return self.server

    @abstractmethod
    def launch(self) -> Managed:
        """Starts the server's process on `self.port`."""

    @abstractmethod
    def is_ready(self, server: Managed) -> bool:
        """Whether it takes requests now."""

    @abstractmethod
    def deploy(self, functions: Sequence[str]) -> None:
        """Makes these functions, all of the same code, ready to be invoked for the first time."""

    @abstractmethod
    def endpoint(self, function: str) -> Endpoint:
        """Where a deployed function is invoked."""

    @abstractmethod
    def cold_start(self, function: str) -> float:
        """Seconds that the first invocation of a deployed function takes."""

    @abstractmethod
    def environments(self) -> list[list[int]]:
        """The process ids of each warm execution environment: what runs a function's code."""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether a server takes connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
