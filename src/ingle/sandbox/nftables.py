"""Tables of the kernel's packet filter, nftables, as messages: one transaction, no `nft` program.

A rule is a list of expressions that work on register 1, in turn; the first that does not match ends
the rule. Sources: https://wiki.nftables.org/wiki-nftables/index.php/Portal:DeveloperDocs/nftables_internals
and the constants of https://github.com/torvalds/linux/blob/master/include/uapi/linux/netfilter/nf_tables.h
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Network

from ingle.runtimes.python.netlink import (
    CREATE,
    NETFILTER,
    Netlink,
    attribute,
    nest,
    table,
)

_SUBSYSTEM = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _GET_TABLE, _DELETE_TABLE = 0, 1, 2
_NEW_CHAIN, _GET_CHAIN = 3, 4
_NEW_RULE, _NEW_SET, _NEW_ELEMENTS = 6, 9, 12
_APPEND = 0x800
_INET = 1
_OWNER = 2
_ELEMENT = 1
_REGISTER, _VERDICT_REGISTER = 1, 0
_HOOKS = {"forward": 2, "input": 1, "postrouting": 4}
_EVALUATED = 0x20
_INTEGER_KEY = 4
DROP, ACCEPT = 0, 1
EQUAL, DIFFERENT = 0, 1
ESTABLISHED, RELATED, NEW = 2, 4, 8
_TRANSLATED = 1 << 5
_META_IN, _META_OUT, _META_FAMILY, _META_PROTOCOL = 4, 5, 15, 16
_CT_STATE, _CT_STATUS = 0, 2
_SOURCE, _DESTINATION = 12, 16
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_ICMPX, _PROHIBITED = 2, 3
_OVER = 1
_DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that is hooked into the way of packets.

    Attributes:
        hook: `input`, `forward` or `postrouting`.
        priority: those with lower ones see packets earlier.
        rules: lists of expressions.
        kind: `filter` or `nat`.
        policy: what becomes of packets that no rule decides.
    """

    hook: str
    priority: int
    rules: tuple[tuple[bytes, ...], ...]
    kind: str = "filter"
    policy: int = ACCEPT


@dataclass(frozen=True, slots=True)
class Set:
    """A set of four-byte keys.

    Attributes:
        name: the set's.
        elements: what is in it from the start.
        evaluated: whether packets add to it, at most this many elements; 0 where they do not.
    """

    name: str
    elements: tuple[bytes, ...] = ()
    evaluated: int = 0


def _number(value: int) -> bytes:
    return struct.pack(">I", value)


def _expression(name: str, *data: bytes) -> bytes:
    return attribute(1, name) + nest(2, *data)


def _value(kind: int, value: bytes) -> bytes:
    return nest(kind, attribute(1, value))


def compare(value: bytes, operation: int = EQUAL) -> bytes:
    """Match where the register holds the value, or where it does not."""
    register, how = attribute(1, _number(_REGISTER)), attribute(2, _number(operation))
    return _expression("cmp", register, how, _value(3, value))


def _meta(key: int) -> bytes:
    return _expression("meta", attribute(1, _number(_REGISTER)), attribute(2, _number(key)))


def _masked(mask: bytes) -> bytes:
    register = _number(_REGISTER)
    return _expression(
        "bitwise",
        attribute(1, register),
        attribute(2, register),
        attribute(3, _number(len(mask))),
        _value(4, mask),
        _value(5, bytes(len(mask))),
    )


def _payload(base: int, offset: int, length: int) -> bytes:
    numbers = (_REGISTER, base, offset, length)
    return _expression(
        "payload", *(attribute(kind, _number(n)) for kind, n in enumerate(numbers, 1))
    )


def enters(link: int, operation: int = EQUAL) -> tuple[bytes, ...]:
    """Match what comes from a link, or does not."""
    return _meta(_META_IN), compare(struct.pack("=I", link), operation)


def leaves(link: int, operation: int = EQUAL) -> tuple[bytes, ...]:
    """Match what goes to a link, or does not."""
    return _meta(_META_OUT), compare(struct.pack("=I", link), operation)


def enters_one_of(name: str) -> tuple[bytes, ...]:
    """Match what comes from a link whose number is in the set."""
    return _meta(_META_IN), _lookup(name)


def leaves_to_one_of(name: str) -> tuple[bytes, ...]:
    """Match what goes to a link whose number is in the set."""
    return _meta(_META_OUT), _lookup(name)


def is_ipv4() -> tuple[bytes, ...]:
    """Match IPv4."""
    return _meta(_META_FAMILY), compare(bytes([socket.AF_INET]))


def is_other_than_ipv4() -> tuple[bytes, ...]:
    """Match everything but IPv4."""
    return _meta(_META_FAMILY), compare(bytes([socket.AF_INET]), DIFFERENT)


def comes_from(network: IPv4Network, operation: int = EQUAL) -> tuple[bytes, ...]:
    """Match the source; `is_ipv4` must come before."""
    return _address(_SOURCE, network, operation)


def goes_to(network: IPv4Network) -> tuple[bytes, ...]:
    """Match the destination; `is_ipv4` must come before."""
    return _address(_DESTINATION, network, EQUAL)


def asks_names(protocol: int) -> tuple[bytes, ...]:
    """Match packets of this protocol, TCP or UDP, to a name server's port."""
    port = struct.pack(">H", _DNS_PORT)
    return (
        _meta(_META_PROTOCOL),
        compare(bytes([protocol])),
        _payload(_TRANSPORT_HEADER, 2, 2),
        compare(port),
    )


def belongs_to(states: int) -> tuple[bytes, ...]:
    """Match packets of connections in one of these states."""
    return _connection(_CT_STATE, states)


def is_redirected() -> tuple[bytes, ...]:
    """Match packets whose destination a rule has changed."""
    return _connection(_CT_STATUS, _TRANSLATED)


def exceeds(name: str, most: int) -> tuple[bytes, ...]:
    """Match what would give its source more than so many connections at a time.

    They are counted in the set of this name. https://wiki.nftables.org/wiki-nftables/index.php/Connlimits
    """
    count = _expression("connlimit", attribute(1, _number(most)), attribute(2, _number(_OVER)))
    return (
        _payload(_NETWORK_HEADER, _SOURCE, 4),
        _expression(
            "dynset",
            attribute(1, name),
            attribute(3, _number(0)),
            attribute(4, _number(_REGISTER)),
            nest(7, count),
        ),
    )


def decide(verdict: int) -> bytes:
    """DROP or ACCEPT."""
    code = nest(2, attribute(1, _number(verdict)))
    return _expression("immediate", attribute(1, _number(_VERDICT_REGISTER)), nest(2, code))


def refuse() -> bytes:
    """Drop, and let the sender know."""
    code = attribute(2, bytes([_PROHIBITED]))
    return _expression("reject", attribute(1, _number(_ICMPX)), code)


def masquerade() -> bytes:
    """Give the packet the address of the link that it leaves by; the answers find back."""
    return _expression("masq")


def install(
    sock: Netlink, name: str, sets: tuple[Set, ...], chains: tuple[Chain, ...], *, owned: bool
) -> None:
    """Make a table, whole or not at all; raise OSError.

    Args:
        sock: to the network namespace, of the family NETFILTER.
        name: the table's.
        sets: what its rules look things up in.
        chains: its chains.
        owned: whether the table ends with the socket, which Linux 5.12 and later can do.
    """
    flags = attribute(2, _number(_OWNER)) if owned else b""
    messages = [_message(_NEW_TABLE, CREATE, attribute(1, name) + flags)]
    for number, each in enumerate(sets, 1):
        messages += _set_messages(name, each, number)
    for chain in chains:
        messages.append(_message(_NEW_CHAIN, CREATE, _chain_body(name, chain)))
        for rule in chain.rules:
            listed = nest(4, *(nest(_ELEMENT, each) for each in rule))
            body = attribute(1, name) + attribute(2, chain.hook) + listed
            messages.append(_message(_NEW_RULE, CREATE | _APPEND, body))
    _send(sock, messages)


def remove(sock: Netlink, name: str) -> None:
    """Remove a table; raise OSError."""
    _send(sock, [_message(_DELETE_TABLE, 0, attribute(1, name))])


def tables(sock: Netlink) -> list[str]:
    """Return the names of the tables for packets of both families."""
    found = sock.dump(_SUBSYSTEM << 8 | _GET_TABLE, _head(_INET, 0))
    return [table(body[4:])[1].rstrip(b"\0").decode() for body in found]


def dropping_forward_chains(sock: Netlink) -> list[str]:
    """Return the tables that forward no IPv4 packet unless one of their rules allows it."""
    found = []
    for body in sock.dump(_SUBSYSTEM << 8 | _GET_CHAIN, _head(0, 0)):
        chain = table(body[4:])
        hook = table(chain.get(4, b""))
        forwards = hook.get(1) == _number(_HOOKS["forward"])
        if body[0] in (_INET, socket.AF_INET) and forwards and chain.get(5) == _number(DROP):
            found.append(chain[1].rstrip(b"\0").decode())
    return found


def _address(offset: int, network: IPv4Network, operation: int) -> tuple[bytes, ...]:
    wanted = compare(network.network_address.packed, operation)
    read = _payload(_NETWORK_HEADER, offset, 4)
    return (
        (read, wanted)
        if network.prefixlen == network.max_prefixlen
        else (read, _masked(network.netmask.packed), wanted)
    )


def _connection(key: int, bits: int) -> tuple[bytes, ...]:
    read = _expression("ct", attribute(1, _number(_REGISTER)), attribute(2, _number(key)))
    return read, _masked(struct.pack("=I", bits)), compare(bytes(4), DIFFERENT)


def _lookup(name: str) -> bytes:
    return _expression("lookup", attribute(1, name), attribute(2, _number(_REGISTER)))


def _set_messages(table_name: str, each: Set, number: int) -> list[tuple[int, int, bytes]]:
    body = attribute(1, table_name) + attribute(2, each.name)
    body += attribute(3, _number(_EVALUATED if each.evaluated else 0))
    body += attribute(4, _number(_INTEGER_KEY)) + attribute(5, _number(4))
    if each.evaluated:
        body += nest(9, attribute(1, _number(each.evaluated)))
    body += attribute(10, _number(number))
    messages = [_message(_NEW_SET, CREATE, body)]
    if each.elements:
        keys = (nest(_ELEMENT, _value(1, key)) for key in each.elements)
        listed = attribute(1, table_name) + attribute(2, each.name) + nest(3, *keys)
        messages.append(_message(_NEW_ELEMENTS, CREATE, listed))
    return messages


def _chain_body(table_name: str, chain: Chain) -> bytes:
    priority = attribute(2, struct.pack(">i", chain.priority))
    body = attribute(1, table_name) + attribute(3, chain.hook)
    body += nest(4, attribute(1, _number(_HOOKS[chain.hook])), priority)
    return body + attribute(5, _number(chain.policy)) + attribute(7, chain.kind)


def _head(family: int, resource: int) -> bytes:
    return struct.pack(">BBH", family, 0, resource)


def _message(kind: int, flags: int, body: bytes) -> tuple[int, int, bytes]:
    return _SUBSYSTEM << 8 | kind, flags, _head(_INET, 0) + body


def _send(sock: Netlink, messages: list[tuple[int, int, bytes]]) -> None:
    sock.transact(
        (_BATCH_BEGIN, 0, _head(0, _SUBSYSTEM)), messages, (_BATCH_END, 0, _head(0, _SUBSYSTEM))
    )


def connect() -> Netlink:
    """Return a socket to the packet filter of the network namespace that the caller is in."""
    return Netlink(NETFILTER)
