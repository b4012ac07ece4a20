"""Sandboxes as the warden counts them, and what makes them."""

import collections
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ingle.runtimes.python import packets
from ingle.sandbox import messages
from ingle.sandbox.stock import Stock


@dataclass(slots=True, eq=False)
class Keeper:
    """A process that sandboxes are forked of.

    Attributes:
        name: what it is called where it is missed.
        sock: the socket to it.
        stock: how many sandboxes to keep ready.
        anonymous: whether its sandboxes are running programs before they are assigned.
        ready: the slots of those that are ready.
        begun: the slots that will be ready and are nobody's yet.
        slots: every slot that has not ended.
    """

    name: str
    sock: socket.socket
    stock: Stock
    anonymous: bool = False
    ready: "collections.deque[int]" = field(default_factory=collections.deque)
    begun: set[int] = field(default_factory=set)
    slots: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Slot:
    """A sandbox, from the moment it is begun, and who it is for.

    Attributes:
        number: identifies it, also to its keeper.
        keeper: what it is forked of.
        uid: the user of its own, where it has one.
        address: its own, or None where it has no network.
        own_uid: whether nobody else has that user.
        request: what it is for, once it is for something.
        announced: whether the server has its ends.
        killed: whether it is to end.
        pidfd: its first process, once there is one.
        ends: what the server is to get of it.
    """

    number: int
    keeper: Keeper
    uid: int
    address: IPv4Address | None
    own_uid: bool = True
    request: messages.Spawn | None = None
    announced: bool = False
    killed: bool = False
    pidfd: int | None = None
    ends: list[int] = field(default_factory=list)

    @property
    def packed_address(self) -> bytes:
        """Its address as zygotes are told it."""
        return packets.NO_ADDRESS if self.address is None else self.address.packed

    @property
    def group(self) -> str:
        """The name of its control group."""
        return str(self.number)
