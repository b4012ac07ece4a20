"""A machine with a network of its own, connected to nothing but an outside of the tests' own."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingle.runtimes.python import lock
from tests.e2e.outside import GATEWAY, INTERNET, METADATA

MACHINE = "203.0.113.2"

needs_network = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None,
    reason="networks are made as root, with iproute2",
)


def ip(*words: str) -> str:
    """Run iproute2's `ip`."""
    done = subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    return done.stdout


@contextlib.contextmanager
def machine() -> Iterator[None]:
    """Have the calling thread, and what it starts, in the machine's network.

    The outside is the machine's gateway and has the Internet's address, and the metadata service's.
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    outside = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.outside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert outside.stdout is not None
        assert outside.stdin is not None
        assert outside.stdout.readline() == b"alone\n"
        lock.unshare(lock.CLONE_NEWNET)
        pid = str(outside.pid)
        ip("link", "set", "lo", "up")
        ip("link", "add", "world", "type", "veth", "peer", "name", "eth0", "netns", pid)
        ip("addr", "add", f"{MACHINE}/24", "dev", "world")
        ip("link", "set", "world", "up")
        there = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip"]
        for words in (
            ["addr", "add", f"{GATEWAY}/24", "dev", "eth0"],
            ["addr", "add", f"{INTERNET}/32", "dev", "lo"],
            ["addr", "add", f"{METADATA}/32", "dev", "lo"],
            ["link", "set", "lo", "up"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "198.19.0.0/16", "via", MACHINE],
            ["route", "add", "10.9.9.0/24", "via", MACHINE],
        ):
            subprocess.run([*there, *words], check=True)
        ip("route", "add", "default", "via", GATEWAY)
        Path("/proc/sys/net/ipv4/conf/all/forwarding").write_text("0")
        outside.stdin.write(b"ready\n")
        outside.stdin.flush()
        assert outside.stdout.readline() == b"serving\n"
        yield
    finally:
        lock.enter_namespace(before, lock.CLONE_NEWNET)
        os.close(before)
        outside.communicate(timeout=10)


def forwarding() -> bool:
    """Whether the machine passes packets on that come from the outside."""
    return Path("/proc/sys/net/ipv4/conf/world/forwarding").read_text() == "1\n"


def interfaces() -> set[str]:
    """The names of the machine's network interfaces."""
    return {line.split()[1].rstrip(":").partition("@")[0] for line in ip("-o", "link").splitlines()}


def namespaces(among: set[tuple[int, int]] | None = None) -> set[str]:
    """The network namespaces that these processes, or any, are in."""
    folders = (
        Path("/proc").glob("[0-9]*") if among is None else (Path(f"/proc/{p}") for p, _ in among)
    )
    found = set()
    for folder in folders:
        with contextlib.suppress(OSError):  # it ended meanwhile
            found.add(str((folder / "ns/net").readlink()))
    return found
