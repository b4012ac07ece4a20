"""The machine's own network, as far as it matters to sandboxes."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ingle.runtimes.python.netlink import Netlink
from ingle.sandbox import links, nftables, resolvers
from ingle.sandbox.outbound import Weakness

LINK_NAME = "ingle"
"""Servers' links are named so, with a number behind."""
_ALLOW = (
    "iptables -I FORWARD -i ingle+ -j ACCEPT; "
    "iptables -I FORWARD -o ingle+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the network that the caller is in is like.

    Attributes:
        present: its links.
        routes: its routes.
        addresses: its own addresses.
        resolvers: the name servers that can be reached from outside it.
        dropping: the tables that forward nothing unless a rule of theirs allows it.
    """

    present: list[links.Link]
    routes: list[links.Route]
    addresses: set[IPv4Address]
    resolvers: resolvers.Resolvers
    dropping: list[str]

    @classmethod
    def look(cls, routing: Netlink, rules: Netlink) -> "Surroundings":
        """Read them from the kernel; raise OSError."""
        addresses = links.addresses(routing)
        return cls(
            links.links(routing),
            links.routes(routing),
            addresses,
            resolvers.find(addresses),
            nftables.dropping_forward_chains(rules),
        )

    @property
    def mtu(self) -> int:
        """The longest packet that every link can carry on which a default route lies."""
        ways = {each.link for each in self.routes if each.network.prefixlen == 0}
        return min([each.mtu for each in self.present if each.index in ways], default=1500)

    def weaknesses(self, network_range: IPv4Network) -> list[Weakness]:
        """Say what of the machine's network is in the way."""
        found = []
        own = {each.index for each in self.present if each.name.startswith(LINK_NAME)}
        for route in self.routes:
            if route.network.prefixlen == 0 or route.link in own:
                continue
            if route.network.overlaps(network_range):
                found.append(
                    Weakness(
                        "network range",
                        f"{network_range} overlaps {route.network}, to which there is a way",
                        "functions do not reach what is in both; choose another --network-range",
                    )
                )
                break
        if self.dropping:
            found.append(
                Weakness(
                    "firewall",
                    "this machine forwards nothing that its tables do not allow: "
                    + ", ".join(sorted(set(self.dropping))),
                    "functions may reach no network until one of them allows it, for instance: "
                    + _ALLOW,
                )
            )
        if not self.resolvers.servers:
            found.append(
                Weakness(
                    "name resolution",
                    "/etc/resolv.conf names no IPv4 server outside this machine",
                    "functions cannot resolve names; name a server there that they can reach",
                )
            )
        return found
