"""Messages to the kernel are packed as it reads them."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.runtimes.python import network
from ingle.runtimes.python.netlink import ROUTE, Netlink, attribute, attributes, nest, table

kinds = st.integers(1, 0x3FFF)
values = st.binary(max_size=300)


@given(st.lists(st.tuples(kinds, values)))
def test_attributes_are_read_as_they_were_written(written):
    packed = b"".join(attribute(kind, value) for kind, value in written)
    assert len(packed) % 4 == 0
    assert list(attributes(packed)) == written


@given(kinds, st.dictionaries(kinds, values, max_size=5))
def test_attributes_may_hold_attributes(kind, inner):
    packed = nest(kind, *(attribute(each, value) for each, value in inner.items()))
    assert table(table(packed)[kind]) == inner


@given(st.binary(max_size=200))
def test_bytes_that_are_no_attributes_are_read_to_an_end(data):
    for _, value in attributes(data):
        assert len(value) <= len(data)


def test_numbers_are_the_machine_s_and_text_ends_with_nul():
    assert attribute(4, 1400) == struct.pack("=HHI", 8, 4, 1400)
    assert attribute(3, "eth0") == struct.pack("=HH5s3x", 9, 3, b"eth0\0")


def test_a_refusal_names_its_reason_and_the_socket_can_be_used_again():
    sock = Netlink(ROUTE)
    missing = (network.DELETE_LINK, 0, network.LINK.pack(0, 0, 2**30, 0, 0))
    for _ in range(2):
        with pytest.raises(OSError) as caught:
            sock.change([missing, missing])
        assert caught.value.errno in (errno.ENODEV, errno.EPERM)
    every = [network.LINK.unpack_from(body)[2] for body in sock.dump(18, bytes(16))]
    assert 1 in every  # the loopback
    sock.close()
