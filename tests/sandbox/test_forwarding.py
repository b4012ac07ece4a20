"""Which links must be turned on, and what servers tell each other about it."""

import fcntl
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox import forwarding
from ingle.sandbox.forwarding import closed_links, description, others
from ingle.sandbox.links import Link


def link(index, *, alias="", forwards=False, loopback=False):
    return Link(index, f"eth{index}", 1500, alias, forwards, loopback)


def test_links_with_routes_that_pass_nothing_on_are_turned_on():
    present = [link(1, loopback=True), link(2), link(3, forwards=True), link(4)]
    assert closed_links(present, {1, 2, 3}) == [2]


@given(st.sets(st.integers(2, 30), max_size=20))
def test_a_server_learns_from_another_which_links_were_off(off):
    alias = description(sorted(off))
    assert len(alias) <= 255
    present = [link(index, forwards=True) for index in range(2, 31)]
    present.append(link(99, alias=alias, forwards=True))
    assert closed_links(present, {2, 3}) == sorted(off)
    assert 99 not in others(present)


def test_a_link_that_is_gone_is_left_alone():
    present = [link(2, forwards=True), link(99, alias="ingle opened 2 3")]
    assert closed_links(present, {2}) == [2]


def test_servers_take_turns_but_wait_for_nobody_for_ever(monkeypatch):
    monkeypatch.setattr(forwarding, "_TURN_S", 0.02)
    first, second = (os.open("/proc/self/ns/net", os.O_RDONLY) for _ in range(2))
    with forwarding.turn(first):
        with pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with forwarding.turn(second):
            pass
    fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(first)
    os.close(second)


def test_what_links_say_of_others_has_room():
    assert len(description([1_000_000 + index for index in range(30)])) <= 255
