"""Lets the machine pass on what sandboxes send and get, and puts it back as it was.

A link passes packets on when `net.ipv4.conf.<link>.forwarding` is 1. Where the machine's links do
not, Ingle turns on those that have routes. The one process that must not forget to turn them off
again is a keeper of their own: it does nothing but wait until the warden has ended, however it did.
Several servers may need the same links. So each writes those that it found off to the description
of its own link, and who ends last turns them off.
"""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingle.runtimes.python import network
from ingle.runtimes.python.netlink import ROUTE, Netlink
from ingle.sandbox.links import Link, links

_MARK = "ingle opened"
_MOST = 40
"""A description has room for 255 characters."""
_FAILED_STATUS = 70
_TURN_S, _RETRY_S = 3.0, 0.005


@contextlib.contextmanager
def turn(namespace: int) -> Iterator[None]:
    """Keep other servers in this network namespace waiting.

    Everybody on the machine can have this lock; whoever keeps it is not waited for.
    """
    deadline = time.monotonic() + _TURN_S
    while not _lock(namespace) and time.monotonic() < deadline:
        time.sleep(_RETRY_S)
    try:
        yield
    finally:
        fcntl.flock(namespace, fcntl.LOCK_UN)


def _lock(namespace: int) -> bool:
    try:
        fcntl.flock(namespace, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def closed_links(present: Iterable[Link], routed: set[int]) -> list[int]:
    """Return the links that must be turned on, and those that other servers turned on."""
    present = list(present)
    wanted = {each.index for each in present if each.index in routed and not each.loopback}
    closed = {each.index for each in present if each.index in wanted and not each.forwards}
    for each in present:
        if each.alias.startswith(_MARK):
            closed |= {int(number) for number in each.alias[len(_MARK) :].split()}
    return sorted(closed & {each.index for each in present})[:_MOST]


def others(present: Iterable[Link]) -> tuple[int, ...]:
    """Return the links that are no server's."""
    return tuple(each.index for each in present if not each.alias.startswith(_MARK))


def description(opened: Iterable[int]) -> str:
    """Return what a server's link says of the links that were off."""
    return " ".join([_MARK, *map(str, opened)])


class Forwarding:
    """Links that pass packets on until this is closed or its process ends.

    Args:
        opened: the numbers of the links.
        name: that of this server's own link.
    """

    def __init__(self, opened: list[int], name: str) -> None:
        self._opened = opened
        read, self._write = os.pipe2(os.O_CLOEXEC)
        self._keeper = os.fork()
        if self._keeper == 0:
            status = _FAILED_STATUS
            try:
                _keep(read, opened, name)
                status = 0
            finally:
                os._exit(status)
        os.close(read)

    def turn_on(self) -> None:
        """Have the links pass packets on; raise OSError where the settings cannot be written."""
        for index in self._opened:
            _set(index, True)

    def close(self) -> None:
        """Turn off what no other server needs; not in this server's `turn`, which that takes."""
        os.close(self._write)
        os.waitpid(self._keeper, 0)


def _keep(until: int, opened: list[int], name: str) -> None:
    os.dup2(until, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    os.read(3, 1)
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    sock = Netlink(ROUTE)
    with turn(namespace):
        for each in links(sock):
            if each.name == name:
                with contextlib.suppress(OSError):  # it goes by itself
                    head = network.LINK.pack(0, 0, each.index, 0, 0)
                    sock.change([(network.DELETE_LINK, 0, head)])
        if not any(each.alias.startswith(_MARK) for each in links(sock)):
            for index in opened:
                with contextlib.suppress(OSError):  # the link has gone
                    _set(index, False)


def _set(index: int, on: bool) -> None:
    name = socket.if_indextoname(index)
    Path(f"/proc/sys/net/ipv4/conf/{name}/forwarding").write_text("1" if on else "0")
