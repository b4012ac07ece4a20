"""What the server tells the warden once, when it starts it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ingle.resources import FileSystem
from ingle.sandbox.program import Program


@dataclass(frozen=True, slots=True)
class Settings:
    """How sandboxes are made.

    Attributes:
        code: the folder of unpacked packages.
        staging: an empty folder to mount over.
        scratch: the folder for nameless files that hold what is written to /tmp.
        programs: by runtime.
        processes: the most processes and threads of a sandbox.
        descriptors: the most open files of one.
        memory: the most that all sandboxes use together, in bytes.
        quota: whether a sandbox's share of the processors holds on an idle machine too.
        port: where sandboxes find the AWS endpoint, on their own loopback.
        outbound: whether they reach the network, too.
        network_range: where their addresses are from.
        connections: the most outbound connections of a sandbox at a time.
        file_systems: the folders that sandboxes may mount.
    """

    code: str
    staging: str
    scratch: str
    programs: Mapping[str, Program]
    processes: int
    descriptors: int
    memory: int
    quota: bool
    port: int
    outbound: bool
    network_range: str
    connections: int
    file_systems: tuple[FileSystem, ...] = ()

    def pack(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> "Settings":
        """Return what `pack` gave; raise KeyError or TypeError when it is none."""
        programs = {name: Program.unpack(each) for name, each in packed["programs"].items()}
        shared = tuple(FileSystem(**each) for each in packed["file_systems"])
        return cls(**{**packed, "programs": programs, "file_systems": shared})
