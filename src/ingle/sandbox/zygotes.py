"""Starts zygotes, inside the root that their sandboxes see."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ingle.runtimes.python import bootstrap, lock, snapshot_restore_py, wrapped, zygote
from ingle.sandbox import rights, root
from ingle.sandbox.networks import Cabling
from ingle.sandbox.program import Program
from ingle.sandbox.slots import Keeper
from ingle.sandbox.stock import Stock

RUNTIME_FOLDER = "/var/runtime/ingle_runtime"
_HOOKS = "/var/runtime/snapshot_restore_py.py"
"""Where functions find the module to register hooks for SnapStart with."""
_START = (
    "import sys; sys.path.insert(0, '/var/runtime'); from ingle_runtime.zygote import main; main()"
)
_LIBRARIES = (
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)
"""Where functions' native code finds libraries; the dynamic linker heeds it only at the start. A
sandbox that can see the function's code must not load a library before it has given up its rights:
this might find one of the function's."""
_FAILED_STATUS = 70


@dataclass(slots=True, eq=False)
class Zygote(Keeper):
    """The warden's view of one.

    Attributes:
        pid: its process.
    """

    pid: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all zygotes have in common.

    Attributes:
        privileged: whether the warden has root's rights.
        staging: an empty folder to mount over.
        code: the folder of unpacked packages.
        cgroups: the folders of control groups, by the name under which a zygote sees them.
        seccomp: a BPF program, or b"" for none.
        forking_seccomp: the same for snapshots.
        descriptors: the most open files of a sandbox.
        port: where sandboxes find the AWS endpoint.
        cabling: how they are connected to the network, or None.
        resolv_conf: what their resolv.conf holds.
    """

    privileged: bool
    staging: Path
    code: Path
    cgroups: Mapping[str, Path]
    seccomp: bytes
    forking_seccomp: bytes
    descriptors: int
    port: int
    cabling: Cabling | None
    resolv_conf: str


def start(name: str, program: Program, stock: Stock, around: Surroundings) -> Zygote:
    """Start the zygote of a runtime's program; raise OSError where it cannot be."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            lock.die_with_parent()
            rights.enter_pid_namespace()
            _become(theirs, program, around)
        except BaseException as error:
            os.write(failure_write, str(error).encode())
        finally:
            os._exit(_FAILED_STATUS)
    theirs.close()
    os.close(failure_write)
    with os.fdopen(failure_read, "rb") as failure:
        reason = failure.read().decode()
    if reason:
        os.waitpid(pid, 0)
        ours.close()
        raise OSError(f"its zygote could not start: {reason}")
    anonymous = program.launch is not None and program.launch.anonymous
    return Zygote(name, ours, stock, anonymous, pid=pid)


def _become(sock: socket.socket, program: Program, around: Surroundings) -> None:
    root.enter(
        around.staging,
        home=program.home,
        links=program.links,
        shows={
            **program.shows,
            str(Path(zygote.__file__).parent): RUNTIME_FOLDER,
            snapshot_restore_py.__file__: _HOOKS,
            wrapped.__file__: bootstrap.WRAPPED,
        },
        code=around.code,
        cgroups=around.cgroups,
        resolv_conf=around.resolv_conf,
    )
    filters = []
    for each in (around.seccomp, around.forking_seccomp):
        filters.append(os.memfd_create("seccomp", 0))
        os.write(filters[-1], each)
        os.lseek(filters[-1], 0, os.SEEK_SET)
    os.set_inheritable(sock.fileno(), True)
    settings = {
        "descriptors": around.descriptors,
        "port": around.port,
        "cabling": None if around.cabling is None else asdict(around.cabling),
        "launch": None if program.launch is None else asdict(program.launch),
    }
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    if program.launch is None:
        environment["LD_LIBRARY_PATH"] = _LIBRARIES
    os.execve(  # noqa: S606 - there must be no shell
        program.python,
        [
            program.python,
            "-IS",
            "-X",
            "utf8",
            "-c",
            _START,
            str(sock.fileno()),
            *map(str, filters),
            json.dumps(settings),
        ],
        environment,
    )
