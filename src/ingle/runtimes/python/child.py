"""What a fork of the zygote does to become a sandbox.

It gives itself what needs no knowledge of the function (namespaces, control groups, /tmp), waits
until it is assigned, shows itself the function's code, gives up its rights, and becomes the
runtime. Where the runtime is a program of its own, or there are extensions, the fork stays behind
as the first process of the pid namespace: it holds on to its rights until it is assigned, and reaps
orphans afterwards. Where the function is to become a snapshot, the fork stays behind as well,
outside of the user namespace's pid namespace, and reports how the snapshot ended.
"""

from __future__ import annotations

import _socket
import os
import select
import signal
import traceback

from . import (
    bootstrap,
    endpoint,
    frames,
    image_root,
    launcher,
    lock,
    network,
    packets,
    pipes,
    snapshot,
    supervisor,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    Assignment = tuple[bytes, list[int]]

SETUP_FAILED_STATUS = 70
_TASK = "/var/task"
# By the warden, or by whoever started the server (nohup does). What ignores them here, and every
# program that it starts, could not be ended with them.
_IGNORED_ABOVE = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)


class Child:
    """Becomes a sandbox, in the fork.

    Args:
        runtime: what to become.
        descriptors: the most open files.
        port: where the AWS endpoint is found on the sandbox's own loopback.
        seccomp: a BPF program, or b"" for none.
        forking_seccomp: the same for snapshots.
        router: what to connect to, or None.

    Attributes:
        port: the same.
        router: the same.
    """

    def __init__(
        self,
        runtime: bootstrap.Runtime | launcher.Launcher,
        descriptors: int,
        port: int,
        seccomp: bytes,
        forking_seccomp: bytes,
        router: network.Router | None,
    ) -> None:
        self._runtime = runtime
        self._descriptors = descriptors
        self.port = port
        self._seccomp = seccomp
        self._forking_seccomp = forking_seccomp
        self.router = router

    def run(
        self,
        control_fd: int,
        channel_fd: int,
        log_fd: int,
        uid: int | None,
        slot: int,
        address: bytes,
        groups: list[str],
        mounts: list[int],
    ) -> int:
        """Be a sandbox; return the exit status.

        Args:
            control_fd: the socket to the zygote.
            channel_fd: the socket to the server.
            log_fd: the pipe that what is printed goes to.
            uid: the user and group id to take, or None.
            slot: the sandbox's number.
            address: its IPv4 address, or NO_ADDRESS.
            groups: files of control groups to join.
            mounts: a detached mount for /tmp, or nothing.
        """
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number in _IGNORED_ABOVE:
                signal.signal(number, signal.SIG_DFL)
            cables = [] if self.router is None else [self.router.namespace]
            _close_others(control_fd, channel_fd, log_fd, *mounts, *cables)
            control = _socket.socket(fileno=control_fd)
            failure = self._prepare(channel_fd, uid, slot, address, groups, mounts)
            runtime = self._runtime
            if isinstance(runtime, launcher.Launcher):
                return self._supervise(runtime, control, channel_fd, log_fd, uid, failure)
            assignment = packets.receive(control)
            if not assignment[0]:
                return 0
            forks_fd = self._settle(assignment, uid, failure)
            if forks_fd is not None:
                return self._enclose(runtime, control, channel_fd, log_fd, forks_fd, uid)
            control.close()
            count = len(supervisor.extensions_in(supervisor.FOLDER))
            if count:
                pid = os.fork()
                if pid != 0:
                    return self._accompany(pid, count, channel_fd, log_fd, uid)
            lock.drop_rights(uid, self._descriptors, self._seccomp)
        except BaseException as error:
            return _fail(channel_fd, error)
        return _run(runtime, channel_fd, log_fd)

    def _prepare(
        self,
        channel_fd: int,
        uid: int | None,
        slot: int,
        address: bytes,
        groups: list[str],
        mounts: list[int],
    ) -> BaseException | None:
        """Do what needs no knowledge of the function; return what went wrong."""
        try:
            self._isolate(slot, address)
            lock.join_groups(groups)
            if uid is not None:
                lock.name_user(uid)
            for mount in mounts:
                lock.place_tmp(mount)
                os.close(mount)
            endpoint.offer(channel_fd, self.port)
        except BaseException as error:  # whoever is given this sandbox is told
            return error
        return None

    def _isolate(self, slot: int, address: bytes) -> None:
        router = self.router
        lock.isolate()
        if router is None:
            network.isolate()
            return
        way = router.approach()
        network.isolate()
        if address != packets.NO_ADDRESS:
            router.connect(way, slot, address)
        way.close()
        os.close(router.namespace)

    def _settle(
        self, assignment: Assignment, uid: int | None, failure: BaseException | None
    ) -> int | None:
        """Take the function's code, its file system and /tmp; raise what went wrong so far.

        Returns the socket on which a snapshot hears what to fork, or None.
        """
        message, mounts = assignment
        _, _, tmp_bytes, forks, code_length, layers_length = packets.ASSIGN_HEAD.unpack_from(
            message
        )
        if failure is not None:
            raise failure
        forks_fd = mounts.pop(0) if forks else None
        names = message[packets.ASSIGN_HEAD.size :].decode("ascii")
        code_end, layers_end = code_length, code_length + layers_length
        place = names[layers_end:]
        if place:
            file_system = mounts.pop(0)
            lock.place_file_system(file_system, place)
            os.close(file_system)
        for mount in mounts:
            lock.place_tmp(mount)
            os.close(mount)
        if tmp_bytes:
            lock.mount_tmp(tmp_bytes, uid)
        code, layers = names[:code_end], names[code_end:layers_end]
        if self._has_image:
            image_root.enter(code, shared=bool(place))
        else:
            lock.show_code(code, layers)
        return forks_fd

    @property
    def _has_image(self) -> bool:
        return isinstance(self._runtime, launcher.Launcher) and self._runtime.image

    def _enclose(
        self,
        runtime: bootstrap.Runtime,
        control: _socket.socket,
        channel_fd: int,
        log_fd: int,
        forks_fd: int,
        uid: int | None,
    ) -> int:
        """Have a snapshot run in a user and a pid namespace of its own, and outlive it."""
        lock.nest(uid)
        guard = os.fork()
        if guard == 0:
            control.close()
            _close_others()
            lock.drop_rights(None, self._descriptors, self._seccomp)
            lock.hide()
            _reap_for_ever()
        # Not the first process of its namespace, as its forks will be: libraries that look at
        # their process id to find out whether they were forked must see another one.
        pid = os.fork()
        if pid == 0:
            control.close()
            try:
                lock.mount_proc()
                forker = snapshot.Forker(forks_fd, self._seccomp)
                lock.keep_right_to_fork(self._descriptors, self._forking_seccomp)
            except BaseException as error:
                os._exit(_fail(channel_fd, error))
            os._exit(_run(runtime, channel_fd, log_fd, forker))
        for fd in (channel_fd, log_fd, forks_fd):
            os.close(fd)
        lock.drop_rights(None, self._descriptors, self._seccomp)
        lock.hide()
        status = os.waitpid(pid, 0)[1]
        os.kill(guard, signal.SIGKILL)
        return _report(control, status)

    def _supervise(
        self,
        program: launcher.Launcher,
        control: _socket.socket,
        channel_fd: int,
        log_fd: int,
        uid: int | None,
        failure: BaseException | None,
    ) -> int:
        """Start a program, before the assignment if it is anonymous, and outlive it."""

        def start() -> int:
            # A program that is running already cannot be told to go to another folder, but it
            # goes where we go.
            pid = lock.fork_with_our_folder()
            if pid == 0:
                control.close()
                os._exit(self._become(program, channel_fd, log_fd, uid))
            return pid

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        pid: int | None = None
        if program.anonymous and failure is None:
            pid = start()
            if not _await_message(control, lock.open_pidfd(pid)):
                return _report(control, os.waitpid(pid, 0)[1])
        assignment = packets.receive(control)
        if not assignment[0]:
            return 0
        self._settle(assignment, uid, failure)
        os.chdir("/" if self._has_image else _TASK)
        if pid is None:
            pid = start()
        else:
            control.send(packets.DONE)
        count = len(supervisor.extensions_in(supervisor.FOLDER))
        if count:
            return self._accompany(pid, count, channel_fd, log_fd, uid)
        os.close(channel_fd)
        os.close(log_fd)
        lock.drop_rights(uid, self._descriptors, self._seccomp)
        lock.hide()
        while True:
            ended, status = os.waitpid(-1, 0)
            if ended == pid:
                return _report(control, status)

    def _accompany(
        self, runtime: int, count: int, channel_fd: int, log_fd: int, uid: int | None
    ) -> int:
        """Start the extensions beside a runtime, and outlive it."""
        os.close(log_fd)
        output = pipes.open_output()
        lock.drop_rights(uid, self._descriptors, self._seccomp)
        lock.hide()
        return supervisor.Supervisor(channel_fd, runtime, count, output).run()

    def _become(
        self, program: launcher.Launcher, channel_fd: int, log_fd: int, uid: int | None
    ) -> int:
        try:
            lock.drop_rights(uid, self._descriptors, self._seccomp)
        except BaseException as error:
            return _fail(channel_fd, error)
        return _run(program, channel_fd, log_fd)


def _run(
    runtime: bootstrap.Runtime | launcher.Launcher,
    channel_fd: int,
    log_fd: int,
    forker: snapshot.Forker | None = None,
) -> int:
    try:
        if forker is not None and isinstance(runtime, bootstrap.Runtime):
            return runtime.run_snapshot(channel_fd, log_fd, forker)
        return runtime.run(channel_fd, log_fd)
    except EOFError:
        return 0
    except SystemExit as stop:
        return bootstrap.exit_status(stop.code)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        bootstrap.flush()


def _fail(channel_fd: int, error: BaseException) -> int:
    frames.Channel(channel_fd).send(frames.SETUP_FAILED, str(error).encode("utf-8", "replace"))
    return SETUP_FAILED_STATUS


def _report(control: _socket.socket, status: int) -> int:
    control.send(packets.STATUS.pack(status))
    return 0


def _await_message(control: _socket.socket, pidfd: int) -> bool:
    """Wait for a message; False when the process behind the pidfd ends first."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    poller.register(pidfd, select.POLLIN)
    ready = [fd for fd, _ in poller.poll()]
    os.close(pidfd)
    return control.fileno() in ready


def _reap_for_ever() -> None:
    """Be the first process of a pid namespace: take in orphans until the last process ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        signal.pause()


def _close_others(*kept: int) -> None:
    start = 3
    for fd in sorted(kept):
        os.closerange(start, fd)
        start = fd + 1
    lock.close_from(start)
