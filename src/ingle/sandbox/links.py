"""The links, addresses and routes of the network namespace behind a socket."""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ingle.runtimes.python import network
from ingle.runtimes.python.netlink import Netlink, table

_LOOPBACK = 0x8
_MAIN_TABLE = 254


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface.

    Attributes:
        index: its number.
        name: its name.
        mtu: the longest packet, in bytes.
        alias: its description, or "".
        forwards: whether packets that come from it may go on to other links.
        loopback: whether it is the machine's own.
    """

    index: int
    name: str
    mtu: int
    alias: str
    forwards: bool
    loopback: bool


@dataclass(frozen=True, slots=True)
class Route:
    """An entry of the main table: the link that leads to a network."""

    network: IPv4Network
    link: int


def links(sock: Netlink) -> list[Link]:
    """Return all links; raise OSError."""
    found = []
    for body in sock.dump(network.GET_LINK, network.LINK.pack(0, 0, 0, 0, 0)):
        _, _, index, flags, _ = network.LINK.unpack_from(body)
        each = table(body[network.LINK.size :])
        inet = table(table(each.get(network.LINK_FAMILIES, b"")).get(socket.AF_INET, b""))
        numbers = inet.get(network.INET_CONFIGURATION, bytes(4))
        found.append(
            Link(
                index,
                _text(each.get(network.LINK_NAME, b"")),
                struct.unpack("=I", each.get(network.LINK_MTU, bytes(4)))[0],
                _text(each.get(network.LINK_ALIAS, b"")),
                struct.unpack_from("=I", numbers, 4 * (network.FORWARDING - 1))[0] != 0,
                bool(flags & _LOOPBACK),
            )
        )
    return found


def addresses(sock: Netlink) -> set[IPv4Address]:
    """Return all IPv4 addresses; raise OSError."""
    head = network.ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)
    found = set()
    for body in sock.dump(network.GET_ADDRESS, head):
        local = table(body[network.ADDRESS.size :]).get(network.ADDRESS_LOCAL)
        if local is not None:
            found.add(IPv4Address(local))
    return found


def routes(sock: Netlink) -> list[Route]:
    """Return the IPv4 routes of the main table that lead to a link; raise OSError."""
    head = network.ROUTING.pack(socket.AF_INET, 0, 0, 0, 0, 0, 0, 0, 0)
    found = []
    for body in sock.dump(network.GET_ROUTE, head):
        _, prefix, _, _, which, *_ = network.ROUTING.unpack_from(body)
        each = table(body[network.ROUTING.size :])
        link = each.get(network.ROUTE_LINK)
        if which == _MAIN_TABLE and link is not None:
            to = each.get(network.ROUTE_TO, bytes(4))
            found.append(Route(IPv4Network((to, prefix)), struct.unpack("=I", link)[0]))
    return found


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")
