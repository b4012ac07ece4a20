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
import subprocess
import sys
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from ingle.runtimes.python import packets
from ingle.sandbox import cgroups, messages, networks, seccomp, zygotes
from ingle.sandbox.abilities import Abilities
from ingle.sandbox.rights import acquire_rights
from ingle.sandbox.scratch import Scratch, ScratchUnavailable
from ingle.sandbox.settings import Settings
from ingle.sandbox.stock import Stock
from ingle.sandbox.zygotes import Surroundings, Zygote

FIRST_UID = 1_879_048_192
"""Sandboxes' users are counted up from here, 0x70000000, where no machine has users of its own."""
DEFAULT_TMP_MB = 512
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"""
_CODE = re.compile(r"[0-9a-zA-Z_-]{1,80}")
_TICK_S = 0.05
_QUIET_S = 0.003
"""Sandboxes are made ahead when nothing was asked for this long, not in the middle of a burst."""
_SHRINK_S = 5.0
_READY_AT_LEAST = 2
_READY_AT_MOST = 16
_READY_PROGRAMS_AT_MOST = 8
"""Programs that wait take more memory than forks of a zygote."""
_DEMAND_WINDOW_S = 60.0
_PROBLEMS = (OSError, ValueError, KeyError, subprocess.SubprocessError)
_logger = logging.getLogger("ingle.warden")


@dataclass(slots=True)
class Slot:
    """A sandbox, from the moment it is begun, and who it is for."""

    number: int
    runtime: str
    uid: int
    address: IPv4Address | None
    request: messages.Spawn | None = None
    announced: bool = False
    killed: bool = False
    pidfd: int | None = None
    ends: list[int] = field(default_factory=list)

    @property
    def group(self) -> str:
        """The name of its control group."""
        return str(self.number)


class Warden:
    """Serves one server until it goes away."""

    def __init__(
        self,
        server: socket.socket,
        settings: Settings,
        privileged: bool,
        network: networks.Network,
    ) -> None:
        self._server = server
        self._settings = settings
        self._privileged = privileged
        self._network = network
        self._cgroups = cgroups.claim()
        self._scratch = self._open_scratch() if privileged else None
        try:
            self._filter = seccomp.compile_filter()
        except seccomp.SeccompUnavailable as error:
            _logger.warning("%s", error)
            self._filter = b""
        self._surroundings = Surroundings(
            privileged=privileged,
            staging=Path(settings.staging),
            code=Path(settings.code),
            cgroups=self._cgroups.binds if self._cgroups else {},
            seccomp=self._filter,
            descriptors=settings.descriptors,
            port=settings.port,
            cabling=network.cabling,
            resolv_conf=network.resolv_conf,
        )
        self._selector = selectors.DefaultSelector()
        self._zygotes: dict[str, Zygote] = {}
        self._slots: dict[int, Slot] = {}
        self._assigned: dict[int, Slot] = {}
        self._next_slot = 1
        self._free_uids: list[int] = []
        self._next_uid = FIRST_UID
        self._emptying: list[str] = []

    def serve(self) -> None:
        """Answer the server until its end of the socket is closed, then clean up."""
        self._selector.register(self._server, selectors.EVENT_READ, None)
        try:
            self._tell(messages.Hello(self._abilities(), self._network.outbound))
            while True:
                events = self._selector.select(self._patience())
                for key, _ in events:
                    if key.data is None:
                        if not self._hear_server():
                            return
                    else:
                        self._hear_zygote(key.data)
                if not events:
                    self._level_stocks()
                self._remove_empty_groups()
        except BrokenPipeError:
            return  # the server is gone
        finally:
            self._clean_up()

    def _abilities(self) -> Abilities:
        groups = self._cgroups
        return Abilities(
            cgroup_version=groups.version if groups else 0,
            privileged=self._privileged,
            filtered=bool(self._filter),
            shares=groups is not None and groups.shares,
            freezes=groups is not None and groups.freezes,
            disk=self._scratch is not None,
        )

    def _open_scratch(self) -> Scratch | None:
        try:
            return Scratch(Path(self._settings.scratch))
        except ScratchUnavailable as error:
            _logger.warning("%s", error)
            return None

    def _patience(self) -> float | None:
        """How long to wait for a message before there is something else to do."""
        now = time.monotonic()
        surplus = False
        for keeper in self._zygotes.values():
            wanted = keeper.stock.wanted(now)
            if len(keeper.ready) + len(keeper.begun) < wanted:
                return _QUIET_S
            surplus = surplus or wanted > _READY_AT_LEAST or len(keeper.ready) > wanted
        if self._emptying:
            return _TICK_S
        return _SHRINK_S if surplus else None

    def _level_stocks(self) -> None:
        now = time.monotonic()
        for runtime, keeper in self._zygotes.items():
            wanted = keeper.stock.wanted(now)
            if len(keeper.ready) > wanted:
                self._kill(self._slots[keeper.ready.popleft()])
            elif len(keeper.ready) + len(keeper.begun) < wanted:
                try:
                    self._make(runtime, keeper)
                except _PROBLEMS:
                    keeper.stock.fail()

    def _tell(
        self,
        message: messages.Started | messages.Ended | messages.Failed | messages.Hello,
        fds: tuple[int, ...] = (),
    ) -> None:
        messages.send(self._server, message.pack(), fds)

    def _hear_server(self) -> bool:
        data, fds = messages.receive(self._server)
        for fd in fds:
            os.close(fd)  # none is ever sent
        if not data:
            return False
        request = messages.unpack_request(data)
        if isinstance(request, messages.Spawn):
            try:
                self._spawn(request)
            except _PROBLEMS as error:
                slot = self._assigned.get(request.identity)
                if slot is None:
                    self._tell(messages.Failed(request.identity, str(error)))
                else:
                    self._give_up(slot, str(error))
        elif isinstance(request, messages.Kill):
            slot = self._assigned.get(request.identity)
            if slot is not None:
                self._kill(slot)
        else:
            try:
                self._zygote(request.runtime)
            except _PROBLEMS as error:
                _logger.warning("%s is not ready: %s", request.runtime, error)
        return True

    def _spawn(self, request: messages.Spawn) -> None:
        names = (request.code, request.layers) if request.layers else (request.code,)
        if not all(_CODE.fullmatch(name) for name in names):
            raise ValueError("a malformed request to make a sandbox")
        keeper = self._zygote(request.runtime)
        keeper.stock.take(time.monotonic())
        if keeper.ready:
            slot = self._slots[keeper.ready.popleft()]
        else:
            slot = self._make(request.runtime, keeper)
        slot.request = request
        keeper.begun.discard(slot.number)
        self._assigned[request.identity] = slot
        if slot.pidfd is not None:
            self._assign(slot, request)

    def _make(self, runtime: str, keeper: Zygote) -> Slot:
        """Have a sandbox begun that is nobody's yet."""
        address = self._network.take_address()
        uid = self._free_uids.pop() if self._free_uids else self._next_uid
        self._next_uid = max(self._next_uid, uid + 1)
        slot = Slot(self._next_slot, runtime, uid, address)
        self._next_slot += 1
        self._slots[slot.number] = slot
        keeper.slots.add(slot.number)
        keeper.begun.add(slot.number)
        try:
            files: list[str] = []
            if self._cgroups:
                files = self._cgroups.create(slot.group, self._settings.processes)
            packed = packets.NO_ADDRESS if address is None else address.packed
            head = packets.MAKE_HEAD.pack(packets.MAKE, slot.number, self._uid(slot), packed)
            message = head + "\0".join(files).encode()
            self._send(keeper, message, self._tmp(slot, DEFAULT_TMP_MB))
        except _PROBLEMS:
            self._forget(slot)
            raise
        return slot

    def _assign(self, slot: Slot, request: messages.Spawn) -> None:
        """Give a slot that is ready to the function that it is for."""
        keeper = self._zygotes[slot.runtime]
        if self._cgroups:
            self._cgroups.limit(slot.group, request.memory_mb, quota=self._settings.quota)
        code = request.code.encode()
        in_memory = 0 if self._scratch else request.tmp_mb * cgroups.MB
        head = packets.ASSIGN_HEAD.pack(packets.ASSIGN, slot.number, in_memory, len(code))
        other = request.tmp_mb != DEFAULT_TMP_MB
        mounts = self._tmp(slot, request.tmp_mb) if other else []
        self._send(keeper, head + code + request.layers.encode(), mounts)
        if not keeper.anonymous:
            self._announce(slot, request)

    def _tmp(self, slot: Slot, size_mb: int) -> list[int]:
        if self._scratch is None:
            return []
        return [self._scratch.mount(size_mb, slot.uid if self._privileged else None)]

    def _uid(self, slot: Slot) -> int:
        return slot.uid if self._privileged else -1

    @staticmethod
    def _send(keeper: Zygote, message: bytes, mounts: list[int]) -> None:
        try:
            messages.send(keeper.sock, message, tuple(mounts))
        finally:
            for mount in mounts:
                os.close(mount)

    def _announce(self, slot: Slot, request: messages.Spawn) -> None:
        """Hand the server its ends of a sandbox."""
        if slot.announced:
            return
        slot.announced = True
        groups = self._cgroups
        peak = groups.open_peak(slot.group) if groups else None
        freezer = groups.open_freezer(slot.group) if groups else None
        fds = slot.ends + [fd for fd in (peak, freezer) if fd is not None]
        slot.ends = []
        pid = -1 if slot.pidfd is None else _pid_of(slot.pidfd)
        started = messages.Started(request.identity, pid, peak is not None, freezer is not None)
        try:
            self._tell(started, tuple(fds))
        finally:
            for fd in fds:
                os.close(fd)

    def _kill(self, slot: Slot) -> None:
        slot.killed = True
        if slot.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):  # ENDED is on its way
                signal.pidfd_send_signal(slot.pidfd, signal.SIGKILL)

    def _zygote(self, runtime: str) -> Zygote:
        keeper = self._zygotes.get(runtime)
        if keeper is None:
            program = self._settings.programs.get(runtime)
            if program is None:
                raise ValueError(f"no interpreter for {runtime} on this machine")
            most = _READY_AT_MOST if program.launch is None else _READY_PROGRAMS_AT_MOST
            stock = Stock(_READY_AT_LEAST, most, _DEMAND_WINDOW_S)
            keeper = zygotes.start(program, stock, self._surroundings)
            self._zygotes[runtime] = keeper
            self._selector.register(keeper.sock, selectors.EVENT_READ, runtime)
        return keeper

    def _hear_zygote(self, runtime: str) -> None:
        keeper = self._zygotes[runtime]
        try:
            data, fds = messages.receive(keeper.sock)
        except ConnectionResetError:  # it ended with messages of ours unread
            data, fds = b"", []
        if not data:
            self._lose_zygote(runtime, keeper)
            return
        kind, number, value = packets.REPORT.unpack(data)
        slot = self._slots.get(number)
        if slot is None:  # it was given up
            for fd in fds:
                os.close(fd)
        elif kind == packets.READY:
            slot.pidfd, *slot.ends = fds
            self._take_ready(keeper, slot)
        elif kind == packets.ASSIGNED:
            if slot.request is not None:
                self._announce(slot, slot.request)
        elif kind == packets.ENDED:
            self._end(slot, value)
        else:
            self._give_up(slot, os.strerror(value))

    def _take_ready(self, keeper: Zygote, slot: Slot) -> None:
        keeper.begun.discard(slot.number)
        if slot.killed:
            self._kill(slot)
        if slot.request is None:
            keeper.ready.append(slot.number)
            return
        try:
            self._assign(slot, slot.request)
        except _PROBLEMS as error:
            self._kill(slot)
            self._give_up(slot, str(error))

    def _end(self, slot: Slot, status: int) -> None:
        request = slot.request
        if request is None:
            if not slot.killed:
                self._zygotes[slot.runtime].stock.fail()
            self._forget(slot)
            return
        self._announce(slot, request)  # what it wrote says why
        starved, peak = False, 0
        if self._cgroups:
            starved = self._cgroups.out_of_memory(slot.group)
            peak = self._cgroups.peak(slot.group)
        self._forget(slot)
        self._tell(messages.Ended(request.identity, status, starved, peak))

    def _give_up(self, slot: Slot, reason: str) -> None:
        self._forget(slot)
        if slot.request is not None:
            self._tell(messages.Failed(slot.request.identity, reason))
        else:
            self._zygotes[slot.runtime].stock.fail()

    def _lose_zygote(self, runtime: str, keeper: Zygote) -> None:
        # Its sandboxes die with it (PR_SET_PDEATHSIG); the next request starts another.
        self._selector.unregister(keeper.sock)
        keeper.sock.close()
        _, status = os.waitpid(keeper.pid, 0)
        _logger.error("the zygote of %s ended with wait status %d", runtime, status)
        for number in list(keeper.slots):
            slot = self._slots[number]
            self._kill(slot)
            self._forget(slot)
            if slot.request is None:
                continue
            if slot.announced:
                self._tell(messages.Ended(slot.request.identity, signal.SIGKILL, False, 0))
            else:
                reason = f"the zygote of {runtime} ended"
                self._tell(messages.Failed(slot.request.identity, reason))
        del self._zygotes[runtime]

    def _forget(self, slot: Slot) -> None:
        if self._slots.pop(slot.number, None) is None:
            return
        keeper = self._zygotes[slot.runtime]
        keeper.slots.discard(slot.number)
        keeper.begun.discard(slot.number)
        with contextlib.suppress(ValueError):  # most are not waiting
            keeper.ready.remove(slot.number)
        if slot.request is not None:
            self._assigned.pop(slot.request.identity, None)
        for fd in slot.ends:
            os.close(fd)
        slot.ends = []
        if slot.pidfd is not None:
            os.close(slot.pidfd)
            slot.pidfd = None
        self._emptying.append(slot.group)
        self._free_uids.append(slot.uid)
        self._network.give_back(slot.address)

    def _remove_empty_groups(self) -> None:
        if self._cgroups:
            self._emptying = [g for g in self._emptying if not self._cgroups.remove(g)]
        else:
            self._emptying.clear()

    def _clean_up(self) -> None:
        for keeper in self._zygotes.values():
            os.kill(keeper.pid, signal.SIGKILL)
        for slot in self._slots.values():
            self._kill(slot)
        for slot in self._slots.values():
            if slot.pidfd is not None:
                with selectors.DefaultSelector() as wait:
                    wait.register(slot.pidfd, selectors.EVENT_READ)
                    wait.select(5)
        for keeper in self._zygotes.values():
            os.waitpid(keeper.pid, 0)
        if self._cgroups:
            self._cgroups.close()
        self._network.close()


def _pid_of(pidfd: int) -> int:
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            return int(value)
    return -1


def main() -> None:
    """Be the warden of the server at descriptor `argv[1]`; `argv[2]` is that of the settings."""
    logging.basicConfig(format="ingle warden: %(message)s", level=logging.WARNING)
    server = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with os.fdopen(int(sys.argv[2]), "rb") as told:
        settings = Settings.unpack(json.load(told))
    try:
        privileged = acquire_rights()
        network = networks.enter(
            wanted=settings.outbound,
            privileged=privileged,
            network_range=settings.network_range,
            connections=settings.connections,
        )
    except OSError as error:
        messages.send(server, messages.Failed(0, str(error)).pack())
        return
    Warden(server, settings, privileged, network).serve()
