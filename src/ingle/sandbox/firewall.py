"""The rules between sandboxes, this machine and the world.

Two tables: the router's, in the network namespace that all sandboxes are connected to, and the
machine's, which lets the router out and keeps it from the machine itself.
"""

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ingle.runtimes.python.netlink import Netlink
from ingle.sandbox import nftables as nft
from ingle.sandbox.nftables import ACCEPT, DROP, Chain, Set

METADATA = tuple(
    map(
        IPv4Network,
        (
            "169.254.0.0/16",  # AWS, Google, Azure, Oracle and others
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure's agent
        ),
    )
)
"""Where clouds tell a machine its secrets."""
_NAT_PRIORITY = 100
_LINK_LOCAL_PROTOCOLS = (socket.IPPROTO_UDP, socket.IPPROTO_TCP)


@dataclass(frozen=True, slots=True)
class Router:
    """What the router's rules depend on.

    Attributes:
        uplink: the number of the link to the machine.
        network: the range of addresses, all links included.
        servers: the name servers, which may be where the metadata are.
        connections: the most outbound connections of a sandbox at a time.
    """

    uplink: int
    network: IPv4Network
    servers: tuple[IPv4Address, ...]
    connections: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine's rules depend on.

    Attributes:
        link: the number of the link to the router.
        router: the router's address on it.
        opened: links that pass packets on for Ingle only.
        present: all links there were then but servers' own; nothing passes from the former to
            these.
    """

    link: int
    router: IPv4Address
    opened: tuple[int, ...]
    present: tuple[int, ...]


def guard_router(sock: Netlink, name: str, router: Router) -> bool:
    """Install the router's rules; raise OSError.

    Args:
        sock: to the router's packet filter.
        name: the table's.
        router: what the rules depend on.

    Returns:
        Whether the kernel can bound the number of connections.
    """
    for limited, refused in ((True, True), (True, False), (False, True)):
        try:
            _install_router(sock, name, router, limited, refused)
        except OSError:
            continue  # this kernel lacks one of them
        return limited
    _install_router(sock, name, router, limited=False, refused=False)
    return False


def guard_machine(sock: Netlink, name: str, machine: Machine) -> None:
    """Install the machine's rules, to vanish with the socket where the kernel can; raise OSError.

    Args:
        sock: to the machine's packet filter.
        name: the table's.
        machine: what the rules depend on.
    """
    for owned, refused in ((True, True), (True, False), (False, True)):
        try:
            _install_machine(sock, name, machine, owned, refused)
        except OSError:
            continue  # tables of an owner came with Linux 5.12
        return
    _install_machine(sock, name, machine, owned=False, refused=False)


def _install_machine(
    sock: Netlink, name: str, machine: Machine, owned: bool, refused: bool
) -> None:
    inward, outward = nft.enters(machine.link), nft.leaves(machine.link)
    no = (nft.refuse() if refused else nft.decide(DROP),)
    drop, accept = (nft.decide(DROP),), (nft.decide(ACCEPT),)
    router = IPv4Network(machine.router)
    forward = (
        inward + nft.is_other_than_ipv4() + drop,
        inward + nft.comes_from(router, nft.DIFFERENT) + drop,
        inward + nft.is_redirected() + no,  # to a container that the machine publishes
        inward + accept,
        outward + nft.belongs_to(nft.ESTABLISHED | nft.RELATED) + accept,
        outward + drop,
        nft.enters_one_of("opened") + nft.leaves_to_one_of("present") + drop,
    )
    leaving = nft.is_ipv4() + nft.comes_from(router) + nft.leaves(machine.link, nft.DIFFERENT)
    chains = (
        Chain("input", 0, (inward + no,)),
        Chain("forward", 0, forward),
        Chain("postrouting", _NAT_PRIORITY, ((*leaving, nft.masquerade()),), kind="nat"),
    )
    sets = (Set("opened", _keys(machine.opened)), Set("present", _keys(machine.present)))
    nft.install(sock, name, sets, chains, owned=owned)


def _install_router(sock: Netlink, name: str, router: Router, limited: bool, refused: bool) -> None:
    outward = nft.enters(router.uplink, nft.DIFFERENT) + nft.leaves(router.uplink) + nft.is_ipv4()
    no = (nft.refuse() if refused else nft.decide(DROP),)
    accept = (nft.decide(ACCEPT),)
    fresh = nft.belongs_to(nft.NEW)
    forward = [nft.belongs_to(nft.ESTABLISHED | nft.RELATED) + accept]
    forward += [
        outward + nft.goes_to(IPv4Network(server)) + nft.asks_names(protocol) + fresh + accept
        for server in router.servers
        if any(server in network for network in METADATA)
        for protocol in _LINK_LOCAL_PROTOCOLS
    ]
    forward += [outward + nft.goes_to(each) + no for each in (*METADATA, router.network)]
    sets: tuple[Set, ...] = ()
    if limited:
        forward.append(outward + fresh + nft.exceeds("connections", router.connections) + no)
        sets = (Set("connections", evaluated=router.network.num_addresses),)
    forward += [outward + fresh + accept, nft.enters(router.uplink, nft.DIFFERENT) + no]
    masquerading = (*nft.leaves(router.uplink), nft.masquerade())
    chains = (
        Chain("input", 0, (), policy=DROP),
        Chain("forward", 0, tuple(forward), policy=DROP),
        Chain("postrouting", _NAT_PRIORITY, (masquerading,), kind="nat"),
    )
    nft.install(sock, name, sets, chains, owned=False)


def _keys(links: Iterable[int]) -> tuple[bytes, ...]:
    return tuple(struct.pack("=I", link) for link in links)
