"""The network that sandboxes are connected to: a router of their own, and its link to the machine.

The router is a network namespace with nothing in it but the cables of sandboxes, rules, and one
link to the machine. The warden and its zygotes are in it, so it ends with them, and every cable
with it. The machine sees one interface and one address.
"""

import contextlib
import os
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from ingle.runtimes.python import lock, network
from ingle.runtimes.python.netlink import ROUTE, Netlink, attribute
from ingle.sandbox import firewall, links, nftables
from ingle.sandbox.addresses import Addresses, AddressesExhausted, link_pair
from ingle.sandbox.forwarding import Forwarding, closed_links, description, others, turn
from ingle.sandbox.outbound import Outbound, Weakness
from ingle.sandbox.surroundings import LINK_NAME, Surroundings

_UPLINK, _LOOPBACK = 2, 1
_TABLE = re.compile(r"ingle_(\d+)")
_MISSING = "functions reach no network but the AWS endpoint"


@dataclass(frozen=True, slots=True)
class Cabling:
    """What a zygote needs to connect sandboxes.

    Attributes:
        gateway: the address that they send to.
        mtu: the longest packet, in bytes.
        ipv6: whether the kernel has IPv6.
    """

    gateway: str
    mtu: int
    ipv6: bool


class Network:
    """The router, or where there is none, an empty network namespace.

    Attributes:
        outbound: what sandboxes reach.
        cabling: how they are connected, or None.
        resolv_conf: what their resolv.conf holds.
    """

    def __init__(
        self,
        outbound: Outbound,
        cabling: Cabling | None = None,
        addresses: Addresses | None = None,
        resolv_conf: str = "",
        ends: contextlib.ExitStack | None = None,
    ) -> None:
        self.outbound = outbound
        self.cabling = cabling
        self.resolv_conf = resolv_conf
        self._addresses = addresses
        self._ends = ends or contextlib.ExitStack()

    def take_address(self) -> IPv4Address | None:
        """Return a new sandbox's address, None without a network; raise AddressesExhausted."""
        return None if self._addresses is None else self._addresses.take()

    def give_back(self, address: IPv4Address | None) -> None:
        """Have the address of a sandbox that ended used again, some day."""
        if self._addresses is not None and address is not None:
            self._addresses.give_back(address)

    def close(self) -> None:
        """Leave the machine as it was."""
        self._ends.close()


def enter(*, wanted: bool, privileged: bool, network_range: str, connections: int) -> Network:
    """Leave the machine's network for a router; raise OSError when not even that is possible.

    Args:
        wanted: whether sandboxes are to reach the outside.
        privileged: whether this process has root's rights.
        network_range: an IPv4 network to take addresses from.
        connections: the most outbound connections of a sandbox at a time.
    """
    missing: tuple[Weakness, ...] = ()
    if wanted and privileged:
        try:
            with contextlib.ExitStack() as ends:
                return _make(IPv4Network(network_range), connections, ends)
        except (OSError, AddressesExhausted) as error:
            missing = unavailable(str(error)).weaknesses
    elif wanted:
        missing = (_without_root(),)
    lock.unshare(lock.CLONE_NEWNET)
    return Network(Outbound(False, missing))


def unavailable(reason: str) -> Outbound:
    """Say that sandboxes reach no network because it could not be set up."""
    detail = f"it cannot be set up: {reason}"
    return Outbound(False, (Weakness("outbound network", detail, _advice()),))


def rehearse(network_range: str) -> Outbound:
    """Try it where it changes nothing, in a network namespace that stands for the machine's own.

    To be called in a process that ends afterwards.

    Args:
        network_range: an IPv4 network to take addresses from.
    """
    if os.geteuid() != 0:
        return Outbound(False, (_without_root(),))
    around = Surroundings.look(Netlink(ROUTE), nftables.connect())
    lock.unshare(lock.CLONE_NEWNET)
    tried = enter(wanted=True, privileged=True, network_range=network_range, connections=1)
    tried.close()
    weaknesses = (*tried.outbound.weaknesses, *around.weaknesses(IPv4Network(network_range)))
    return Outbound(tried.outbound.on, tuple({each.name: each for each in weaknesses}.values()))


def _make(network_range: IPv4Network, connections: int, ends: contextlib.ExitStack) -> Network:
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    ends.callback(os.close, namespace)
    machine, rules = Netlink(ROUTE), nftables.connect()
    ends.callback(machine.close)
    ends.callback(rules.close)
    with turn(namespace):
        _remove_stale(rules)
        around = Surroundings.look(machine, rules)
        outer, inner = link_pair(network_range, around.addresses)
        name = f"{LINK_NAME}{os.getpid()}"
        opened = closed_links(around.present, {each.link for each in around.routes})
        if opened:
            forwarding = Forwarding(opened, name)
            ends.callback(forwarding.close)
            forwarding.turn_on()
        lock.unshare(lock.CLONE_NEWNET)
        router = Netlink(ROUTE)
        ends.callback(router.close)
        ipv6 = Path("/proc/net/if_inet6").exists()
        end = network.veth_end(name, 0, around.mtu, namespace)
        router.change([network.veth("uplink", _UPLINK, end, around.mtu)])
        ends.callback(_delete_uplink, router)
        link = next(each.index for each in links.links(machine) if each.name == name)
        machine.change([_describe(link, opened), *_bring_up(link, outer, inner, ipv6)])
        router.change(
            [
                network.raise_link(_LOOPBACK),
                *_bring_up(_UPLINK, inner, outer, ipv6),
                network.default_route(_UPLINK, outer.packed),
            ]
        )
        guarded = firewall.Machine(link, inner, tuple(opened), others(around.present))
        table = f"ingle_{os.getpid()}"
        firewall.guard_machine(rules, table, guarded)
        ends.callback(_remove_table, rules, table)
    limited = _guard_router(around, network_range, connections)
    weaknesses = around.weaknesses(network_range)
    if not limited:
        weaknesses.append(
            Weakness(
                "outbound connections",
                "the kernel cannot count them (nft_connlimit)",
                "functions may open as many connections to the outside as they like",
            )
        )
    addresses = Addresses(network_range)
    return Network(
        Outbound(True, tuple(weaknesses)),
        Cabling(str(addresses.gateway), around.mtu, ipv6),
        addresses,
        around.resolvers.text,
        ends.pop_all(),
    )


def _guard_router(around: Surroundings, network_range: IPv4Network, connections: int) -> bool:
    sock = nftables.connect()
    try:
        router = firewall.Router(_UPLINK, network_range, around.resolvers.servers, connections)
        return firewall.guard_router(sock, "ingle", router)
    finally:
        sock.close()


def _bring_up(
    link: int, address: IPv4Address, other: IPv4Address, ipv6: bool
) -> list[tuple[int, int, bytes]]:
    return [
        network.shape(link, True, ipv6),
        network.own(link, address.packed, 31),
        network.raise_link(link),
        network.neighbour(link, other.packed),
    ]


def _describe(link: int, opened: list[int]) -> tuple[int, int, bytes]:
    head = network.LINK.pack(socket.AF_UNSPEC, 0, link, 0, 0)
    alias = attribute(network.LINK_ALIAS, description(opened))
    return network.SET_LINK, 0, head + alias


def _without_root() -> Weakness:
    return Weakness(
        "outbound network",
        "Ingle does not run as root",
        f"{_MISSING}; start Ingle as root, or choose --network none",
    )


def _delete_uplink(router: Netlink) -> None:
    with contextlib.suppress(OSError):  # the machine's end was deleted before, and both went
        router.change([(network.DELETE_LINK, 0, network.LINK.pack(0, 0, _UPLINK, 0, 0))])


def _remove_stale(rules: Netlink) -> None:
    """Remove what killed servers left behind, on kernels where it does not go by itself."""
    for name in nftables.tables(rules):
        match = _TABLE.fullmatch(name)
        if match and not Path("/proc", match[1]).exists():
            _remove_table(rules, name)


def _remove_table(rules: Netlink, name: str) -> None:
    with contextlib.suppress(OSError):  # somebody else was quicker
        nftables.remove(rules, name)


def _advice() -> str:
    return (
        f"{_MISSING}; Ingle needs the capability NET_ADMIN, and a kernel with veth, nf_tables, "
        "nft_ct, nft_masq and IPv4 forwarding; or choose --network none"
    )
