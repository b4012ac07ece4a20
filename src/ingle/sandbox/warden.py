"""The warden: the only process with the rights to make sandboxes.

It is started by the server before the server takes requests, speaks the protocol of
`ingle.sandbox.messages` with it over one socket, and keeps one zygote an interpreter. It parses
nothing that came from the network. When the server goes away, however it does, the warden ends
every sandbox and removes every control group before it exits.
"""

import contextlib
import functools
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
from pathlib import Path

from ingle.runtimes.python import packets
from ingle.sandbox import cgroups, messages, networks, seccomp, zygotes
from ingle.sandbox.abilities import Abilities
from ingle.sandbox.restorer import Restorer, Snapshot, pid_of
from ingle.sandbox.rights import acquire_rights, can_nest
from ingle.sandbox.scratch import Scratch, ScratchUnavailable
from ingle.sandbox.settings import Settings
from ingle.sandbox.shares import Shares, ShareUnavailable
from ingle.sandbox.slots import Keeper, Slot
from ingle.sandbox.stock import Stock
from ingle.sandbox.sweeper import Sweeper
from ingle.sandbox.users import Users
from ingle.sandbox.zygotes import Surroundings, Zygote

DEFAULT_TMP_MB = 512
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"""
_CODE = re.compile(r"[0-9a-zA-Z_-]{1,80}")
_PLACE = re.compile(r"/mnt/(?!\.{1,2}$)[0-9a-zA-Z._-]{1,155}")
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


class Warden:
    """Serves one server until it goes away."""

    def __init__(
        self,
        server: socket.socket,
        settings: Settings,
        privileged: bool,
        network: networks.Network,
        users: Users,
    ) -> None:
        self._server = server
        self._settings = settings
        self._privileged = privileged
        self._network = network
        self._cgroups = cgroups.claim()
        self._sweeper = Sweeper(self._cgroups) if self._cgroups else None
        self._scratch = self._open_scratch() if privileged else None
        self._shares = Shares(settings.file_systems, privileged)
        try:
            self._filter = seccomp.compile_filter()
            forking_filter = seccomp.compile_filter(forks=True)
        except seccomp.SeccompUnavailable as error:
            _logger.warning("%s", error)
            self._filter = forking_filter = b""
        self._surroundings = Surroundings(
            privileged=privileged,
            staging=Path(settings.staging),
            code=Path(settings.code),
            cgroups=self._cgroups.binds if self._cgroups else {},
            seccomp=self._filter,
            forking_seccomp=forking_filter,
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
        self._users = users
        self._emptying: list[str] = []
        self._waits = False
        self._snapshots: dict[int, Snapshot] = {}
        self._restorer = Restorer(
            self, self._selector, self._cgroups, self._scratch, settings, privileged
        )

    def serve(self) -> None:
        """Answer the server until its end of the socket is closed, then clean up."""
        self._selector.register(self._server, selectors.EVENT_READ, None)
        try:
            self._greet()
            while True:
                events = self._selector.select(self._patience())
                for key, _ in events:
                    if key.data is None:
                        if not self._hear_server():
                            return
                    else:
                        key.data()
                if not events:
                    self._level_stocks()
                self._waits = self._restorer.overdue()
                self._remove_empty_groups()
        except ConnectionError:
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
            snapshots=can_nest(),
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
        for keeper in self._keepers():
            wanted = keeper.stock.wanted(now)
            if len(keeper.ready) + len(keeper.begun) < wanted:
                return _QUIET_S
            surplus = surplus or wanted > _READY_AT_LEAST or len(keeper.ready) > wanted
        if self._emptying or self._waits:
            return _TICK_S
        return _SHRINK_S if surplus else None

    def _level_stocks(self) -> None:
        now = time.monotonic()
        for keeper in self._keepers():
            wanted = keeper.stock.wanted(now)
            if len(keeper.ready) > wanted:
                self.kill(self._slots[keeper.ready.popleft()])
            elif len(keeper.ready) + len(keeper.begun) < wanted:
                try:
                    self._make(keeper)
                except _PROBLEMS:
                    keeper.stock.fail()

    def _keepers(self) -> list[Keeper]:
        """All that keep sandboxes ready."""
        serving = (each for each in self._snapshots.values() if each.serving)
        return [*self._zygotes.values(), *serving]

    def _greet(self) -> None:
        memory, usage = 0, tuple[int, ...]()
        if self._cgroups is not None:
            memory = self._cgroups.bound(self._settings.memory)
            usage = self._cgroups.open_usage()
        self._tell(messages.Hello(self._abilities(), self._network.outbound, memory), usage)
        for fd in usage:
            os.close(fd)

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
                    self.kill(slot)
                    self.give_up(slot, str(error), unmounted=_is_share(error))
        elif isinstance(request, messages.Kill):
            slot = self._assigned.get(request.identity)
            if slot is not None:
                self.kill(slot)
        else:
            try:
                self._zygote(request.runtime)
            except _PROBLEMS as error:
                _logger.warning("%s is not ready: %s", request.runtime, error)
        return True

    def _spawn(self, request: messages.Spawn) -> None:
        names = (request.code, request.layers) if request.layers else (request.code,)
        is_code = all(_CODE.fullmatch(name) for name in names)
        if not is_code or (request.file_system and not _PLACE.fullmatch(request.place)):
            raise ValueError("a malformed request to make a sandbox")
        keeper = self._source(request)
        keeper.stock.take(time.monotonic())
        slot = self._slots[keeper.ready.popleft()] if keeper.ready else self._make(keeper)
        slot.request = request
        keeper.begun.discard(slot.number)
        self._assigned[request.identity] = slot
        if slot.pidfd is not None:
            self._assign(slot, request)

    def _source(self, request: messages.Spawn) -> Keeper:
        if not request.source:
            return self._zygote(request.runtime)
        snapshot = self._snapshots.get(request.source)
        if snapshot is None:
            raise ValueError("the snapshot has ended")
        return snapshot

    def _make(self, keeper: Keeper) -> Slot:
        """Have a sandbox begun that is nobody's yet."""
        address = self._network.take_address()
        if isinstance(keeper, Snapshot):
            slot = Slot(self._next_slot, keeper, keeper.slot.uid, address, own_uid=False)
        else:
            slot = Slot(self._next_slot, keeper, self._users.take(), address)
        self._next_slot += 1
        self._slots[slot.number] = slot
        keeper.slots.add(slot.number)
        keeper.begun.add(slot.number)
        try:
            if isinstance(keeper, Snapshot):
                self._restorer.make(keeper, slot)
            else:
                self._make_plain(keeper, slot)
        except _PROBLEMS:
            self._forget(slot)
            raise
        return slot

    def _make_plain(self, keeper: Keeper, slot: Slot) -> None:
        files: list[str] = []
        if self._cgroups:
            files = self._cgroups.create(slot.group, self._settings.processes)
        head = packets.MAKE_HEAD.pack(
            packets.MAKE, slot.number, self._uid(slot), slot.packed_address
        )
        message = head + "\0".join(files).encode()
        self._send(keeper, message, self._tmp(slot, DEFAULT_TMP_MB))

    def _assign(self, slot: Slot, request: messages.Spawn) -> None:
        """Give a slot that is ready to the function that it is for."""
        keeper = slot.keeper
        if not isinstance(keeper, Zygote):
            self._announce(slot, request)  # it was made for just this
            return
        if self._cgroups:
            self._cgroups.limit(slot.group, request.memory_mb, quota=self._settings.quota)
        code = request.code.encode()
        in_memory = 0 if self._scratch else request.tmp_mb * cgroups.MB
        layers, place = request.layers.encode(), request.place.encode()
        kind = (packets.ASSIGN, slot.number, in_memory, request.snapshot)
        head = packets.ASSIGN_HEAD.pack(*kind, len(code), len(layers))
        shared = [self._shares.mount(request.file_system, slot.uid)] if request.file_system else []
        fds = self._adopt(slot, keeper, request) if request.snapshot else []
        fds += shared
        if request.tmp_mb != DEFAULT_TMP_MB:
            fds += self._tmp(slot, request.tmp_mb)
        self._send(keeper, head + code + layers + place, fds)
        if not keeper.anonymous:
            self._announce(slot, request)

    def _adopt(self, slot: Slot, zygote: Zygote, request: messages.Spawn) -> list[int]:
        """Make a slot a snapshot; return the descriptor on which that is told what to fork."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stock = Stock(_READY_AT_LEAST, _READY_AT_MOST, _DEMAND_WINDOW_S)
        name = f"a snapshot of {request.runtime}"
        snapshot = Snapshot(name, ours, stock, slot=slot, zygote=zygote, request=request)
        self._snapshots[request.identity] = snapshot
        self._restorer.adopt(snapshot)
        return [theirs.detach()]

    def _tmp(self, slot: Slot, size_mb: int) -> list[int]:
        if self._scratch is None:
            return []
        return [self._scratch.mount(size_mb, slot.uid if self._privileged else None)]

    def _uid(self, slot: Slot) -> int:
        return slot.uid if self._privileged else -1

    @staticmethod
    def _send(keeper: Keeper, message: bytes, fds: list[int]) -> None:
        try:
            messages.send(keeper.sock, message, tuple(fds))
        finally:
            for fd in fds:
                os.close(fd)

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
        pid = -1 if slot.pidfd is None else pid_of(slot.pidfd)
        started = messages.Started(request.identity, pid, peak is not None, freezer is not None)
        try:
            self._tell(started, tuple(fds))
        finally:
            for fd in fds:
                os.close(fd)

    def kill(self, slot: Slot) -> None:
        """End a sandbox."""
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
            keeper = zygotes.start(runtime, program, stock, self._surroundings)
            self._zygotes[runtime] = keeper
            listen = functools.partial(self._hear_zygote, keeper)
            self._selector.register(keeper.sock, selectors.EVENT_READ, listen)
        return keeper

    def _hear_zygote(self, keeper: Zygote) -> None:
        try:
            data, fds = messages.receive(keeper.sock)
        except ConnectionResetError:  # it ended with messages of ours unread
            data, fds = b"", []
        if not data:
            self._lose_zygote(keeper)
            return
        kind, number, value = packets.REPORT.unpack(data)
        slot = self._slots.get(number)
        if slot is None:  # it was given up
            for fd in fds:
                os.close(fd)
        elif kind == packets.READY:
            slot.pidfd, *slot.ends = fds
            self.take_ready(slot)
        elif kind == packets.ASSIGNED:
            if slot.request is not None:
                self._announce(slot, slot.request)
        elif kind == packets.FURNISHED:
            self._restorer.furnished(slot)
        elif kind == packets.ENDED:
            self.end(slot, value)
        else:
            self.kill(slot)
            self.give_up(slot, os.strerror(value))

    def take_ready(self, slot: Slot) -> None:
        """A sandbox can be assigned."""
        keeper = slot.keeper
        keeper.begun.discard(slot.number)
        if slot.killed:
            self.kill(slot)
        if slot.request is None:
            keeper.ready.append(slot.number)
            return
        try:
            self._assign(slot, slot.request)
        except _PROBLEMS as error:
            self.kill(slot)
            self.give_up(slot, str(error), unmounted=_is_share(error))

    def end(self, slot: Slot, status: int) -> None:
        """A sandbox has ended, with this wait status."""
        request = slot.request
        if request is None:
            if not slot.killed:
                slot.keeper.stock.fail()
            self._forget(slot)
            return
        if request.snapshot:
            self._lose_snapshot(request)
        self._announce(slot, request)  # what it wrote says why
        starved, peak = False, 0
        if self._cgroups:
            starved = self._cgroups.out_of_memory(slot.group)
            peak = self._cgroups.peak(slot.group)
        self._forget(slot)
        self._tell(messages.Ended(request.identity, status, starved, peak))

    def give_up(self, slot: Slot, reason: str, *, unmounted: bool = False) -> None:
        """A sandbox could not be made, perhaps because its file system was not mounted."""
        if slot.request is not None and slot.request.snapshot:
            self._lose_snapshot(slot.request)
        self._forget(slot)
        if slot.request is not None:
            self._tell(messages.Failed(slot.request.identity, reason, unmounted))
        else:
            slot.keeper.stock.fail()

    def _lose_zygote(self, keeper: Zygote) -> None:
        # Its sandboxes die with it (PR_SET_PDEATHSIG); the next request starts another.
        self._selector.unregister(keeper.sock)
        keeper.sock.close()
        _, status = os.waitpid(keeper.pid, 0)
        _logger.error("the zygote of %s ended with wait status %d", keeper.name, status)
        self._lose_slots(keeper)
        del self._zygotes[keeper.name]

    def _lose_snapshot(self, request: messages.Spawn) -> None:
        # Its forks die with it: their pid namespaces are inside of its own.
        snapshot = self._snapshots.pop(request.identity, None)
        if snapshot is not None:
            self._lose_slots(snapshot)
            self._restorer.release(snapshot)

    def _lose_slots(self, keeper: Keeper) -> None:
        for number in list(keeper.slots):
            slot = self._slots.get(number)
            if slot is None:  # it was lost with a snapshot
                continue
            self.kill(slot)
            if slot.request is not None and slot.request.snapshot:
                self._lose_snapshot(slot.request)
            self._forget(slot)
            if slot.request is None:
                continue
            if slot.announced:
                self._tell(messages.Ended(slot.request.identity, signal.SIGKILL, False, 0))
            else:
                reason = f"the zygote of {keeper.name} ended"
                if isinstance(keeper, Snapshot):
                    reason = f"{keeper.name} ended"
                self._tell(messages.Failed(slot.request.identity, reason))

    def _forget(self, slot: Slot) -> None:
        if self._slots.pop(slot.number, None) is None:
            return
        keeper = slot.keeper
        self._restorer.forget(slot)
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
        if slot.own_uid:
            self._users.give_back(slot.uid)
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
            self.kill(slot)
        for slot in self._slots.values():
            if slot.pidfd is not None:
                with selectors.DefaultSelector() as wait:
                    wait.register(slot.pidfd, selectors.EVENT_READ)
                    wait.select(5)
        for keeper in self._zygotes.values():
            os.waitpid(keeper.pid, 0)
        if self._sweeper:
            self._sweeper.close()
        self._network.close()
        self._users.close()
        self._shares.close()


def _is_share(error: Exception) -> bool:
    return isinstance(error, ShareUnavailable)


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
        users = Users()  # before this process leaves the machine's network
        network = networks.enter(
            wanted=settings.outbound,
            privileged=privileged,
            network_range=settings.network_range,
            connections=settings.connections,
        )
    except OSError as error:
        with contextlib.suppress(ConnectionError):
            messages.send(server, messages.Failed(0, str(error)).pack())
        return
    Warden(server, settings, privileged, network, users).serve()
