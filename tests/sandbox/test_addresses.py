"""Which addresses sandboxes and servers' links get."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox.addresses import Addresses, AddressesExhausted, link_pair

SMALL = IPv4Network("198.19.0.0/20")
networks = st.builds(
    lambda number, prefix: IPv4Network((number, prefix), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(12, 20),
)


@given(networks, st.lists(st.booleans(), max_size=200))
def test_nobody_has_an_address_that_somebody_else_has(network, steps):
    addresses = Addresses(network)
    taken = []
    for take in steps:
        if take or not taken:
            new = addresses.take()
            assert new in network
            assert new not in taken
            assert new not in (addresses.gateway, network.network_address)
            taken.append(new)
        else:
            addresses.give_back(taken.pop(0))


def test_an_address_is_used_again_after_all_others_that_are_free():
    addresses = Addresses(SMALL)
    first, second = addresses.take(), addresses.take()
    addresses.give_back(second)
    addresses.give_back(first)
    rest = [addresses.take() for _ in range(4096 - 256 - 4)]
    assert len({first, second, *rest}) == len(rest) + 2
    assert [addresses.take(), addresses.take()] == [second, first]
    with pytest.raises(AddressesExhausted, match=r"198\.19\.0\.0/20 are in use"):
        addresses.take()


@given(networks, st.integers(0, 127))
def test_links_have_pairs_that_no_sandbox_and_no_other_link_has(network, servers):
    taken = set()
    for _ in range(servers):
        pair = link_pair(network, taken)
        assert taken.isdisjoint(pair)
        assert int(pair[0]) % 2 == 0
        assert int(pair[1]) == int(pair[0]) + 1
        taken |= set(pair)
    assert all(network[-256] <= each <= network[-1] for each in taken)


def test_there_is_room_for_128_servers():
    taken = {SMALL[index] for index in range(-256, -2)}
    assert link_pair(SMALL, taken) == (SMALL[-2], SMALL[-1])
    with pytest.raises(AddressesExhausted):
        link_pair(SMALL, {*taken, SMALL[-1]})
