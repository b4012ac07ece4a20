"""Which IPv4 addresses sandboxes and the router have."""

import collections
from ipaddress import IPv4Address, IPv4Network

SHORTEST_PREFIX, LONGEST_PREFIX = 12, 20
_LINKS = 256


class AddressesExhausted(ValueError):
    """All addresses of the range are in use; the message says which range."""


class Addresses:
    """Hands out a range's addresses, each time the one that has been free for longest.

    So that what the world still sends to a sandbox that has ended does not reach another.

    Attributes:
        gateway: where sandboxes send to; nobody has this address.

    Args:
        network: the range; its last 256 addresses are kept for links (`link_pairs`).
    """

    def __init__(self, network: IPv4Network) -> None:
        self.gateway = network[1]
        self._network = network
        self._next = 2
        self._free: collections.deque[IPv4Address] = collections.deque()

    def take(self) -> IPv4Address:
        """Return an address that nobody has; raise AddressesExhausted."""
        if self._next < self._network.num_addresses - _LINKS:
            self._next += 1
            return self._network[self._next - 1]
        if not self._free:
            raise AddressesExhausted(
                f"all addresses in {self._network} are in use; give a larger --network-range"
            )
        return self._free.popleft()

    def give_back(self, address: IPv4Address) -> None:
        """Have an address handed out again, after all others that are free."""
        self._free.append(address)


def link_pair(network: IPv4Network, taken: set[IPv4Address]) -> tuple[IPv4Address, IPv4Address]:
    """Return two neighbouring addresses for the two ends of a server's link.

    Args:
        network: the range, whose last 256 addresses are for links.
        taken: what other servers' links have.

    Raises:
        AddressesExhausted: there are 128 servers already.
    """
    for offset in range(-_LINKS, 0, 2):
        pair = network[offset], network[offset + 1]
        if taken.isdisjoint(pair):
            return pair
    raise AddressesExhausted(f"all links in {network} are in use; give another --network-range")
