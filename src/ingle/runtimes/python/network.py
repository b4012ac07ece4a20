"""How a sandbox connects its network to the one that its zygote is in, the router's.

The cable is a veth pair. Nobody asks for addresses over it: both ends have the same hardware
address, each knows the other's, and the router's end has no address at all. So there is nothing at
the other end that a sandbox could speak with.

Sources: https://man7.org/linux/man-pages/man7/rtnetlink.7.html and
https://man7.org/linux/man-pages/man4/veth.4.html
"""

from __future__ import annotations

import _socket
import errno
import os
import struct

from . import lock, packets
from .netlink import CREATE, EXCLUSIVE, REPLACE, ROUTE, Netlink, attribute, nest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .netlink import Change

NEW_LINK, DELETE_LINK, GET_LINK, SET_LINK = 16, 17, 18, 19
NEW_ADDRESS, GET_ADDRESS = 20, 22
NEW_ROUTE, GET_ROUTE = 24, 26
_NEW_NEIGHBOUR = 28
LINK = struct.Struct("=BxHiII")
"""Family, type, index, flags, and which flags to change."""
ADDRESS = struct.Struct("=BBBBI")
"""Family, length of the prefix, flags, scope, index of the link."""
ROUTING = struct.Struct("=BBBBBBBBI")
"""Family, prefix's and source prefix's lengths, service, table, protocol, scope, type, flags."""
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
LINK_ADDRESS, LINK_NAME, LINK_MTU, LINK_ALIAS = 1, 3, 4, 20
LINK_FAMILIES, LINK_NAMESPACE_FD = 26, 28
_LINK_INFO, _INFO_KIND, _INFO_DATA, _PEER = 18, 1, 2, 1
_LINK_TX_QUEUES, _LINK_RX_QUEUES = 31, 32
ADDRESS_LOCAL = 2
ROUTE_TO, ROUTE_LINK, ROUTE_GATEWAY = 1, 4, 5
_NEIGHBOUR_ADDRESS, _NEIGHBOUR_HARDWARE = 1, 2
UP, _NO_ARP = 0x1, 0x80
_MAIN_TABLE, _STATIC, _UNICAST, _ON_LINK = 254, 4, 1, 4
_EVERYWHERE, _THIS_LINK = 0, 253
_PERMANENT = 0x80
INET_CONFIGURATION, FORWARDING, _STRICT_SOURCE = 1, 1, 8
_INET6_ADDRESSES, _NO_ADDRESSES = 8, 1
_HARDWARE = b"\x02\x00\x00\x00\x00\x01"
_LOOPBACK_INDEX, _INNER_INDEX = 1, 2
_OWN_NAMESPACE = lock.INNER + "/proc/self/ns/net"
FIRST_OUTER_INDEX = 16
"""The router's ends are numbered from here; below are its own links."""


def veth(name: str, index: int, peer: bytes, mtu: int) -> Change:
    """Make a pair of links; `peer` is what `veth_end` gave for the other end."""
    pair = nest(_INFO_DATA, nest(_PEER, peer))
    info = nest(_LINK_INFO, attribute(_INFO_KIND, "veth"), pair)
    return NEW_LINK, CREATE | EXCLUSIVE, veth_end(name, index, mtu) + info


def veth_end(name: str, index: int, mtu: int, namespace: int | None = None) -> bytes:
    """Describe one end, and the namespace that it is to be in, where that is not the caller's."""
    end = LINK.pack(0, 0, index, _NO_ARP, _NO_ARP)
    end += attribute(LINK_NAME, name) + attribute(LINK_ADDRESS, _HARDWARE)
    end += attribute(LINK_MTU, mtu)
    end += attribute(_LINK_TX_QUEUES, 1) + attribute(_LINK_RX_QUEUES, 1)
    return end if namespace is None else end + attribute(LINK_NAMESPACE_FD, namespace)


def raise_link(index: int) -> Change:
    """Let a link carry packets."""
    return SET_LINK, 0, LINK.pack(0, 0, index, UP, UP)


def shape(index: int, router: bool, ipv6: bool) -> Change:
    """Prepare a link that is not up yet: no IPv6 address by itself, where there is IPv6 at all.

    Args:
        index: the link's.
        router: whether packets may go on from it to other links, those only whose source lies
            where the link leads.
        ipv6: whether the kernel has IPv6.
    """
    families = []
    if ipv6:
        none = attribute(_INET6_ADDRESSES, struct.pack("B", _NO_ADDRESSES))
        families.append(nest(_socket.AF_INET6, none))
    if router:
        forward = attribute(FORWARDING, 1) + attribute(_STRICT_SOURCE, 1)
        families.append(nest(_socket.AF_INET, nest(INET_CONFIGURATION, forward)))
    return SET_LINK, 0, LINK.pack(0, 0, index, 0, 0) + nest(LINK_FAMILIES, *families)


def own(index: int, address: bytes, prefix: int) -> Change:
    """Give a link an IPv4 address."""
    head = ADDRESS.pack(_socket.AF_INET, prefix, 0, _EVERYWHERE, index)
    return NEW_ADDRESS, CREATE | EXCLUSIVE, head + attribute(ADDRESS_LOCAL, address)


def default_route(index: int, gateway: bytes) -> Change:
    """Send to a gateway behind a link what is for nobody nearer."""
    head = (_socket.AF_INET, 0, 0, 0, _MAIN_TABLE, _STATIC, _EVERYWHERE, _UNICAST, _ON_LINK)
    body = ROUTING.pack(*head) + attribute(ROUTE_LINK, index) + attribute(ROUTE_GATEWAY, gateway)
    return NEW_ROUTE, CREATE | EXCLUSIVE, body


def host_route(index: int, address: bytes) -> Change:
    """Send to a link what is for one address."""
    head = (_socket.AF_INET, 32, 0, 0, _MAIN_TABLE, _STATIC, _THIS_LINK, _UNICAST, 0)
    body = ROUTING.pack(*head) + attribute(ROUTE_LINK, index) + attribute(ROUTE_TO, address)
    return NEW_ROUTE, CREATE | REPLACE, body  # one who had the address may not be quite gone


def neighbour(index: int, address: bytes) -> Change:
    """Tell for good that an address is at the other end of one of our cables.

    The kernel's table of neighbours is one for all namespaces; what is permanent is not counted
    against its bound.
    """
    head = _NEIGHBOUR.pack(_socket.AF_INET, index, _PERMANENT, 0, 0)
    body = head + attribute(_NEIGHBOUR_ADDRESS, address)
    return _NEW_NEIGHBOUR, CREATE | REPLACE, body + attribute(_NEIGHBOUR_HARDWARE, _HARDWARE)


def isolate() -> None:
    """Leave the network for one that has a loopback and nothing else; raise OSError."""
    try:
        lock.unshare(lock.CLONE_NEWNET)
        raise_loopback()
    except PermissionError:  # root without NET_ADMIN, as in containers
        _join_borrowed()


def raise_loopback() -> None:
    """Let the calling process's loopback carry packets; raise OSError."""
    sock = Netlink(ROUTE)
    try:
        sock.change([raise_link(_LOOPBACK_INDEX)])
    finally:
        sock.close()


def _join_borrowed() -> None:
    """Have a network made in a user namespace, where one has all rights, and go there without."""
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            lock.unshare(lock.CLONE_NEWUSER | lock.CLONE_NEWNET)
            raise_loopback()
            packets.send(theirs, packets.DONE, [os.open(_OWN_NAMESPACE, os.O_RDONLY)])
        finally:
            os._exit(0)
    theirs.close()
    _, made = packets.receive(ours)
    ours.close()
    os.waitpid(pid, 0)
    if not made:
        raise PermissionError(errno.EPERM, "a network takes NET_ADMIN or a user namespace")
    lock.enter_namespace(made[0], lock.CLONE_NEWNET)
    os.close(made[0])


class Router:
    """The way from a new sandbox to the network namespace that its zygote is in.

    Args:
        gateway: the IPv4 address that sandboxes send to; nobody needs to have it.
        mtu: the longest packet, in bytes.
        ipv6: whether the kernel has IPv6.
    """

    def __init__(self, gateway: str, mtu: int, ipv6: bool) -> None:
        self.namespace = os.open(_OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
        self._gateway = _socket.inet_aton(gateway)
        self._mtu = mtu
        self._ipv6 = ipv6

    def approach(self) -> Netlink:
        """Return a socket to the router; to be called before leaving its namespace."""
        return Netlink(ROUTE)

    def connect(self, router: Netlink, slot: int, address: bytes) -> None:
        """Connect the namespace that the caller is in now; raise OSError.

        Args:
            router: what `approach` gave.
            slot: the sandbox's number.
            address: its IPv4 address.
        """
        sandbox = Netlink(ROUTE)
        index = FIRST_OUTER_INDEX + slot
        outer = veth_end(f"s{slot}", index, self._mtu, self.namespace)
        # The router's end first, so that the way back is there when the sandbox's comes up.
        sandbox.change([veth("eth0", _INNER_INDEX, outer, self._mtu)])
        router.change(
            [
                shape(index, True, self._ipv6),
                raise_link(index),
                host_route(index, address),
                neighbour(index, address),
            ]
        )
        inner: list[Change] = [shape(_INNER_INDEX, False, True)] if self._ipv6 else []
        inner += [
            own(_INNER_INDEX, address, 32),
            raise_link(_INNER_INDEX),
            default_route(_INNER_INDEX, self._gateway),
            neighbour(_INNER_INDEX, self._gateway),
        ]
        sandbox.change(inner)
        sandbox.close()
