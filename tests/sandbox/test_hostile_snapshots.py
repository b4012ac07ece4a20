"""Snapshots that attack the warden, the machine and their own forks harm nobody but themselves."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.runtimes.python import frames
from tests.sandbox.wardens import Wardened, warden

ATTEMPTS = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    return getattr(libc, name)(*arguments) != -1

NEWPID, NEWNET, NEWUSER, NEWNS = 0x20000000, 0x40000000, 0x10000000, 0x20000
ATTEMPTS = {
    "a user namespace": lambda: call("unshare", NEWUSER),
    "a user namespace by clone": lambda: call("syscall", 56, NEWUSER | 17, 0, 0, 0, 0),
    "a mount namespace alone": lambda: call("unshare", NEWNS),
    "setns into a network": lambda: call("setns", os.open("/proc/self/ns/net", 0), NEWNET),
    "setns into anything": lambda: call("setns", os.open("/proc/self/ns/mnt", 0), 0),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: call("mount", None, b"/", None, 32 | 4096, None),
    "umount": lambda: call("umount2", b"/tmp", 2),
    "fsopen": lambda: call("syscall", 430, b"tmpfs", 0),
    "move_mount": lambda: call("syscall", 429, -100, b"/tmp", -100, b"/var/task", 0),
    "open_tree": lambda: call("syscall", 428, -100, b"/", 1),
    "pivot_root": lambda: call("syscall", 155, b"/tmp", b"/tmp"),
    "chroot": lambda: call("chroot", b"/tmp"),
    "ptrace": lambda: call("ptrace", 16, 1, 0, 0),
    "a key": lambda: call("syscall", 250, 0, -3, 1),
    "bpf": lambda: call("syscall", 321, 0, 0, 0),
    "perf events": lambda: call("syscall", 298, 0, 0, 0, 0, 0),
    "the host name": lambda: call("sethostname", b"x", 1),
    "a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "a device": lambda: call("mknod", b"/tmp/mem", 0o20666, 0x101),
    "more capabilities": lambda: call(
        "capset", b"\\x22\\x05\\x08\\x20" + bytes(4), b"\\xff" * 24
    ),
    "another user": lambda: os.setuid(0 if os.getuid() else 1),
    "the memory of the first process": lambda: open("/proc/1/mem", "rb"),
    "a sysctl": lambda: open("/proc/sys/kernel/core_pattern", "w"),
    "a sysctl of the namespace": lambda: open("/proc/sys/kernel/hostname", "w"),
    "the code": lambda: open("/var/task/mine", "w"),
    "the control groups": lambda: open("/.ingle/cgroup", "w"),
}

def attempt():
    done = []
    for name, each in ATTEMPTS.items():
        try:
            if each() not in (False,):
                done.append(name)
        except OSError:
            pass
    return done

at_init = attempt()

def handler(event, context):
    if event == "at init":
        return at_init
    if event == "kill":
        killed = []
        for pid in range(2, 5000):
            try:
                os.kill(pid, 9)
                killed.append(pid)
            except OSError:
                pass
        return killed
    return attempt()
"""

TOOLS = """
import os, socket, struct, time
def sockets(kind):
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            sock = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        if sock.type == kind:
            found.append((int(name), sock))
    return sorted(found, key=lambda each: each[0])
def to_warden():
    return sockets(socket.SOCK_SEQPACKET)[0][1]
def handshake():
    return sockets(socket.SOCK_SEQPACKET)[-1][1]
def send(*numbers):
    to_warden().send(struct.pack("<BIi", *numbers))
def handler(event, context):
    return "fine"
"""


@pytest.fixture
async def sandboxes(tmp_path: Path) -> AsyncIterator[Wardened]:
    async with warden(tmp_path) as running:
        bystander = await running.snapshot("def handler(event, context): return event\n")
        before = await running.restore(bystander)
        yield running
        assert await before.invoke(1) == 1
        assert await (await running.restore(bystander)).invoke(2) == 2


async def test_a_snapshot_gets_no_further_with_its_right_than_empty_namespaces(
    sandboxes: Wardened,
) -> None:
    snapshot = await sandboxes.snapshot(ATTEMPTS)
    fork = await sandboxes.restore(snapshot)
    assert await fork.invoke("at init") == []
    own = ["the memory of the first process"]  # which the fork is
    assert await fork.invoke("in the fork") == own


async def test_a_fork_sees_nobody_whom_it_could_kill(sandboxes: Wardened) -> None:
    snapshot = await sandboxes.snapshot(ATTEMPTS)
    one, other = [await sandboxes.restore(snapshot) for _ in range(2)]
    assert await one.invoke("kill") == []
    assert await other.invoke("at init") == []


ATTACKS = {
    "garbage": "to_warden().send(bytes(range(256)))",
    "an empty packet": "to_warden().send(b'')",
    "an unknown kind": "send(99, 1, 0)",
    "READY twice": "send(1, 0, 0); send(1, 0, 0)",
    "the end of another's sandbox": "[send(3, number, 0) for number in range(200)]",
    "failures of others' sandboxes": "[send(4, number, 1) for number in range(200)]",
    "sandboxes furnished": "[send(5, number, 0) for number in range(200)]",
    "a hundred descriptors": "[socket.send_fds(to_warden(), [b'x'], [1] * 100) for _ in range(9)]",
    "a closed socket": "[os.close(fd) for fd, _ in sockets(socket.SOCK_SEQPACKET)]",
    "a socket shut down": "to_warden().shutdown(2)",
    "a flood": (
        "w = to_warden(); w.setblocking(False)\n"
        "for _ in range(100_000):\n"
        "    try: w.send(struct.pack('<BIi', 3, 1, 0))\n"
        "    except OSError: break"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_snapshot_that_attacks_the_warden_ends_at_most_itself(
    sandboxes: Wardened, attack: str
) -> None:
    snapshot = sandboxes.spawn(f"{TOOLS}\n{ATTACKS[attack]}\n", snapshot=True)
    await sandboxes.settle(snapshot)
    fork = sandboxes.spawn(of=snapshot)
    kind, _ = await sandboxes.settle(fork)
    if kind == frames.READY:
        assert await fork.invoke() == "fine"
    sandboxes.client.kill(snapshot.held)
    await snapshot.end()


IMPOSTORS = {
    "the first process": "1",
    "the snapshot": "2",
    "nobody": "0",
    "another number": "4_000_000",
}


@pytest.mark.parametrize("impostor", IMPOSTORS)
async def test_a_fork_that_claims_to_be_another_process_gets_at_no_other_sandbox(
    sandboxes: Wardened, impostor: str
) -> None:
    forged = (
        "def forge():\n"
        f"    credentials = struct.pack('iII', {IMPOSTORS[impostor]}, os.getuid(), os.getgid())\n"
        "    ancillary = [(socket.SOL_SOCKET, 2, credentials)]\n"
        "    try: handshake().sendmsg([b'.'], ancillary)\n"
        "    except OSError: pass\n"
        "os.register_at_fork(after_in_child=forge)\n"
    )
    snapshot = sandboxes.spawn(TOOLS + forged, snapshot=True)
    await sandboxes.settle(snapshot)
    await sandboxes.settle(sandboxes.spawn(of=snapshot))
    sandboxes.client.kill(snapshot.held)
    await snapshot.end()


@pytest.mark.parametrize("deed", ["os._exit(0)", "time.sleep(600)"])
async def test_forks_that_never_report_are_given_up(sandboxes: Wardened, deed: str) -> None:
    snapshot = sandboxes.spawn(
        f"{TOOLS}\nforks = []\ndef evil():\n    {deed}\n"
        "import threading\nos.register_at_fork(before=lambda: forks.append(1), "
        "after_in_child=lambda: len(forks) > 1 and evil())\n",
        snapshot=True,
    )
    kind, body = await snapshot.start()
    assert kind == frames.READY, body
    fork = sandboxes.spawn(of=snapshot)
    status, _, reason = await fork.end()
    assert status is None
    assert "snapshot" in reason
    sandboxes.client.kill(snapshot.held)
    await snapshot.end()


async def test_a_snapshot_that_stops_reading_holds_nobody_up(sandboxes: Wardened) -> None:
    snapshot = sandboxes.spawn(
        f"{TOOLS}\nimport snapshot_restore_py\n"
        "sent = []\n"
        "os.register_at_fork(before=lambda: sent.append(1),"
        " after_in_parent=lambda: len(sent) > 1 and time.sleep(600))\n",
        snapshot=True,
    )
    kind, body = await snapshot.start()
    assert kind == frames.READY, body
    forks = [sandboxes.spawn(of=snapshot) for _ in range(5)]
    for each in forks:
        each.held.send(frames.INIT, json.dumps({"handler": "", "environment": {}}).encode())
    await snapshot.end()
