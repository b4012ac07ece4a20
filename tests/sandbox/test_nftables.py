"""Rules are packed as nftables reads them; whether the kernel takes them is for the e2e tests."""

import struct
from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from ingle.runtimes.python.netlink import table
from ingle.sandbox import nftables as nft


def opened(expression):
    """The name of an expression, and its data by kind."""
    parts = table(expression)
    return parts[1].rstrip(b"\0").decode(), table(parts[2])


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_an_address_is_compared_under_its_network_s_mask(number, prefix):
    network = IPv4Network((number, prefix), strict=False)
    rule = [opened(each) for each in nft.goes_to(network)]
    name, read = rule[0]
    assert (name, read[3], read[4]) == ("payload", struct.pack(">I", 16), struct.pack(">I", 4))
    name, compared = rule[-1]
    assert (name, compared[2]) == ("cmp", bytes(4))
    assert table(compared[3])[1] == network.network_address.packed
    masks = [table(data[4])[1] for name, data in rule if name == "bitwise"]
    assert masks == ([] if prefix == 32 else [network.netmask.packed])


def test_the_source_is_where_the_header_has_it():
    read = opened(nft.comes_from(IPv4Network("10.0.0.0/8"))[0])[1]
    assert read[3] == struct.pack(">I", 12)


def test_a_connection_s_states_are_bits_of_the_machine_s_order():
    name, masked = opened(nft.belongs_to(nft.ESTABLISHED | nft.RELATED)[1])
    assert (name, table(masked[4])[1]) == ("bitwise", struct.pack("=I", 6))


def test_connections_are_counted_by_source_and_match_above_the_limit():
    read, counted = map(opened, nft.exceeds("connections", 1024))
    assert read[1][3] == struct.pack(">I", 12)
    assert counted[0] == "dynset"
    assert counted[1][1] == b"connections\0"
    name, limit = opened(counted[1][7])
    assert (name, limit[1], limit[2]) == (
        "connlimit",
        struct.pack(">I", 1024),
        struct.pack(">I", 1),
    )
