"""The warden: the only process with the rights to make sandboxes.

It is started by the server before the server takes requests, speaks the protocol of
`ingle.sandbox.messages` with it over one socket, and keeps one zygote an interpreter. It parses
nothing that came from the network. When the server goes away, however it does, the warden ends
every sandbox and removes every control group before it exits.
"""

import contextlib
import json
import logging
import os
import re
import selectors
import signal
import socket
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ingle.runtimes.python import lock, zygote
from ingle.sandbox import cgroups, messages, root, seccomp
from ingle.sandbox.program import Program

FIRST_UID = 1_879_048_192
"""Sandboxes' users are counted up from here, 0x70000000, where no machine has users of its own."""
PROCESSES = 1024
"""Processes and threads a sandbox may have;
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_CODE = re.compile(r"[0-9a-zA-Z_-]{1,80}")
RUNTIME_FOLDER = "/var/runtime/ingle_runtime"
_TICK_S = 0.05
_logger = logging.getLogger("ingle.warden")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server tells the warden once, when it starts it.

    Attributes:
        code: the folder of unpacked packages.
        staging: an empty folder to mount over.
        programs: by runtime.
    """

    code: str
    staging: str
    programs: dict[str, Program]


@dataclass(slots=True)
class Sandbox:
    """One that was asked for and has not ended."""

    identity: int
    uid: int
    group: str
    pid: int | None = None
    pidfd: int | None = None
    killed: bool = False


@dataclass(slots=True)
class Zygote:
    """The warden's view of one."""

    sock: socket.socket
    pid: int
    sandboxes: set[int] = field(default_factory=set)


class Warden:
    """Serves one server until it goes away."""

    def __init__(self, server: socket.socket, settings: Settings, privileged: bool) -> None:
        self._server = server
        self._settings = settings
        self._privileged = privileged
        self._cgroups = cgroups.claim()
        try:
            self._filter = seccomp.compile_filter()
        except seccomp.SeccompUnavailable as error:
            _logger.warning("%s", error)
            self._filter = b""
        self._selector = selectors.DefaultSelector()
        self._zygotes: dict[str, Zygote] = {}
        self._sandboxes: dict[int, Sandbox] = {}
        self._free_uids: list[int] = []
        self._next_uid = FIRST_UID
        self._emptying: list[str] = []

    def serve(self) -> None:
        """Answer the server until its end of the socket is closed, then clean up."""
        self._selector.register(self._server, selectors.EVENT_READ, None)
        version = self._cgroups.version if self._cgroups else 0
        self._tell(messages.Hello(self._privileged, version, bool(self._filter)))
        try:
            while True:
                for key, _ in self._selector.select(_TICK_S if self._emptying else None):
                    if key.data is None:
                        if not self._hear_server():
                            return
                    else:
                        self._hear_zygote(key.data)
                self._remove_empty_groups()
        finally:
            self._clean_up()

    def _tell(
        self,
        message: messages.Started | messages.Ended | messages.Failed | messages.Hello,
        fds: tuple[int, ...] = (),
    ) -> None:
        messages.send(self._server, message.pack(), fds)

    def _hear_server(self) -> bool:
        data, fds = messages.receive(self._server)
        if not data:
            return False
        request = messages.unpack_request(data)
        if isinstance(request, messages.Spawn):
            try:
                self._spawn(request, fds)
            except (OSError, ValueError, KeyError) as error:
                self._forget(request.identity)
                self._tell(messages.Failed(request.identity, str(error)))
        elif isinstance(request, messages.Kill):
            self._kill(request.identity)
        else:
            try:
                self._zygote(request.runtime)
            except (OSError, ValueError, KeyError) as error:
                _logger.warning("no zygote for %s: %s", request.runtime, error)
        for fd in fds:
            os.close(fd)
        return True

    def _spawn(self, request: messages.Spawn, fds: list[int]) -> None:
        if len(fds) != 2 or not _CODE.fullmatch(request.code):
            raise ValueError("a malformed request to make a sandbox")
        keeper = self._zygote(request.runtime)
        uid = self._free_uids.pop() if self._free_uids else self._next_uid
        self._next_uid = max(self._next_uid, uid + 1)
        sandbox = Sandbox(request.identity, uid, str(request.identity))
        self._sandboxes[request.identity] = sandbox
        folders = []
        if self._cgroups:
            folders = self._cgroups.create(sandbox.group, request.memory_mb, PROCESSES)
        code = request.code.encode()
        head = zygote.SPAWN.pack(
            request.identity,
            uid if self._privileged else -1,
            request.descriptors,
            request.tmp_mb * cgroups.MB,
            len(code),
        )
        body = code + b"\0".join(folder.encode() for folder in folders)
        keeper.sandboxes.add(request.identity)
        socket.send_fds(keeper.sock, [head + body], fds)

    def _kill(self, identity: int) -> None:
        sandbox = self._sandboxes.get(identity)
        if sandbox is None:
            return
        sandbox.killed = True
        if sandbox.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):  # ENDED is on its way
                signal.pidfd_send_signal(sandbox.pidfd, signal.SIGKILL)

    def _zygote(self, runtime: str) -> Zygote:
        keeper = self._zygotes.get(runtime)
        if keeper is None:
            keeper = self._zygotes[runtime] = self._start_zygote(runtime)
            self._selector.register(keeper.sock, selectors.EVENT_READ, runtime)
        return keeper

    def _start_zygote(self, runtime: str) -> Zygote:
        program = self._settings.programs.get(runtime)
        if program is None:
            raise ValueError(f"no interpreter for {runtime} on this machine")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                lock.die_with_parent()
                if not self._privileged:
                    _enter_pid_namespace()
                self._become_zygote(theirs, program)
            except BaseException as error:
                os.write(failure_write, str(error).encode())
            finally:
                os._exit(70)
        theirs.close()
        os.close(failure_write)
        with os.fdopen(failure_read, "rb") as failure:
            reason = failure.read().decode()
        if reason:
            os.waitpid(pid, 0)
            ours.close()
            raise OSError(f"the zygote of {runtime} could not start: {reason}")
        return Zygote(ours, pid)

    def _become_zygote(self, sock: socket.socket, program: Program) -> None:
        root.enter(
            Path(self._settings.staging),
            home=program.home,
            shows={**program.shows, str(Path(zygote.__file__).parent): RUNTIME_FOLDER},
            code=Path(self._settings.code),
            cgroups=self._cgroups.binds if self._cgroups else {},
        )
        filter_fd = os.memfd_create("seccomp", 0)
        os.write(filter_fd, self._filter)
        os.lseek(filter_fd, 0, os.SEEK_SET)
        os.set_inheritable(sock.fileno(), True)
        launch = None if program.launch is None else asdict(program.launch)
        code = (
            "import sys; sys.path.insert(0, '/var/runtime'); "
            "from ingle_runtime.zygote import main; main()"
        )
        os.execve(  # noqa: S606 - there must be no shell
            program.python,
            [
                program.python,
                "-IS",
                "-X",
                "utf8",
                "-c",
                code,
                str(sock.fileno()),
                str(filter_fd),
                json.dumps(launch),
            ],
            {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )

    def _hear_zygote(self, runtime: str) -> None:
        keeper = self._zygotes[runtime]
        try:
            data, fds = messages.receive(keeper.sock)
        except ConnectionResetError:  # it ended with messages of ours unread
            data, fds = b"", []
        if not data:
            self._lose_zygote(runtime, keeper)
            return
        kind, identity, value = zygote.REPORT.unpack(data)
        sandbox = self._sandboxes.get(identity)
        if sandbox is None:
            return  # the zygote's own greeting
        if kind == zygote.FORKED:
            sandbox.pidfd = fds.pop()
            sandbox.pid = _pid_of(sandbox.pidfd)
            if sandbox.killed:
                self._kill(identity)
            peak = self._cgroups.open_peak(sandbox.group) if self._cgroups else None
            self._tell(messages.Started(identity, sandbox.pid), () if peak is None else (peak,))
            if peak is not None:
                os.close(peak)
        elif kind == zygote.ENDED:
            keeper.sandboxes.discard(identity)
            starved, peak = False, 0
            if self._cgroups:
                starved = self._cgroups.out_of_memory(sandbox.group)
                peak = self._cgroups.peak(sandbox.group)
            self._forget(identity)
            self._tell(messages.Ended(identity, value, starved, peak))
        else:
            keeper.sandboxes.discard(identity)
            self._forget(identity)
            self._tell(messages.Failed(identity, os.strerror(value)))

    def _lose_zygote(self, runtime: str, keeper: Zygote) -> None:
        # Its sandboxes die with it (PR_SET_PDEATHSIG); the next request starts another.
        self._selector.unregister(keeper.sock)
        keeper.sock.close()
        del self._zygotes[runtime]
        _, status = os.waitpid(keeper.pid, 0)
        _logger.error("the zygote of %s ended with wait status %d", runtime, status)
        for identity in keeper.sandboxes:
            sandbox = self._sandboxes[identity]
            started = sandbox.pid is not None
            self._kill(identity)
            self._forget(identity)
            if started:
                self._tell(messages.Ended(identity, signal.SIGKILL, out_of_memory=False, peak=0))
            else:
                self._tell(messages.Failed(identity, f"the zygote of {runtime} ended"))

    def _forget(self, identity: int) -> None:
        sandbox = self._sandboxes.pop(identity, None)
        if sandbox is None:
            return
        if sandbox.pidfd is not None:
            os.close(sandbox.pidfd)
        self._emptying.append(sandbox.group)
        self._free_uids.append(sandbox.uid)

    def _remove_empty_groups(self) -> None:
        if self._cgroups:
            self._emptying = [g for g in self._emptying if not self._cgroups.remove(g)]
        else:
            self._emptying.clear()

    def _clean_up(self) -> None:
        for keeper in self._zygotes.values():
            os.kill(keeper.pid, signal.SIGKILL)
        for sandbox in self._sandboxes.values():
            self._kill(sandbox.identity)
        for sandbox in self._sandboxes.values():
            if sandbox.pidfd is not None:
                with selectors.DefaultSelector() as wait:
                    wait.register(sandbox.pidfd, selectors.EVENT_READ)
                    wait.select(5)
        for keeper in self._zygotes.values():
            os.waitpid(keeper.pid, 0)
        if self._cgroups:
            self._cgroups.close()


def _enter_pid_namespace() -> None:
    """Go on as the first process of a pid namespace that belongs to our user namespace.

    A zygote returns to its own pid namespace after every fork, which takes rights over it.
    """
    lock.unshare(lock.CLONE_NEWPID)
    pid = os.fork()
    if pid != 0:
        os.closerange(3, 65536)  # others wait for the ends of what the zygote has
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    lock.die_with_parent()


def _pid_of(pidfd: int) -> int:
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            return int(value)
    return -1


def acquire_rights() -> bool:
    """Return True as root; enter a user namespace as its root and return False otherwise.

    Raises OSError where neither is to be had.
    """
    if os.geteuid() == 0:
        return True
    uid, gid = os.geteuid(), os.getegid()
    lock.unshare(lock.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    return False


def main() -> None:
    """Be the warden of the server at descriptor `argv[1]`, with the settings in `argv[2]`."""
    logging.basicConfig(format="ingle warden: %(message)s", level=logging.WARNING)
    server = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    told = json.loads(sys.argv[2])
    programs = {name: Program.unpack(packed) for name, packed in told["programs"].items()}
    settings = Settings(told["code"], told["staging"], programs)
    try:
        privileged = acquire_rights()
    except OSError as error:
        messages.send(server, messages.Failed(0, str(error)).pack())
        return
    Warden(server, settings, privileged).serve()
