import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.pool.output import MAX_EVENT, OutputSplitter


def frame(text: bytes) -> bytes:
    return struct.pack(">IIQ", 0xA55A0003, len(text), 1_700_000_000_000_000) + text


def events(*chunks: bytes) -> list[str]:
    splitter = OutputSplitter()
    found = [event for chunk in chunks for event in splitter.feed(chunk)]
    return found + list(splitter.flush())


def test_a_line_is_an_event_and_so_is_a_frame_of_several_lines():
    assert events(b"one\ntwo\n" + frame(b"three\nfour") + b"five") == [
        "one\n",
        "two\n",
        "three\nfour\n",
        "five\n",
    ]


def test_a_frame_ends_the_line_that_it_comes_in():
    assert events(b"no line end" + frame(b"a\nb\n") + b"c\n") == ["no line end\n", "a\nb\n", "c\n"]
    assert events(frame(b"a") + b"x" + frame(b"b")) == ["a\n", "x\n", "b\n"]


@pytest.mark.parametrize("length", [MAX_EVENT + 1, 2**32 - 1])
def test_what_only_begins_like_a_frame_is_text(length):
    start = struct.pack(">II", 0xA55A0003, length)
    ends = [each[-5:] for each in events(b"x" + start + b"12345678\n9\n")]
    assert ends == ["x\n", "5678\n", "9\n"]


@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.binary(max_size=20).map(frame),
            st.sampled_from([b"\n", b"\xa5", b"\xa5\x5a\x00\x03", b"\xa5\x5a\x00\x03\xff"]),
        )
    ),
    cuts=st.lists(st.integers(1, 40)),
)
def test_it_does_not_matter_in_which_pieces_output_arrives(pieces, cuts):
    whole = b"".join(pieces)
    chunks, rest = [], whole
    for cut in cuts:
        chunks.append(rest[:cut])
        rest = rest[cut:]
    assert events(*chunks, rest) == events(whole)


@pytest.mark.parametrize("ends", [b"", b"\n", b"\nnext\n"])
@pytest.mark.parametrize("character", ["y", "é", "€", "😀"])
@pytest.mark.parametrize("over", range(-5, 6))
@pytest.mark.parametrize("read", [65_536, MAX_EVENT - 1, MAX_EVENT, 4 * MAX_EVENT])
def test_a_line_that_is_too_long_is_cut_between_characters(read, over, character, ends):
    written = character * ((2 * MAX_EVENT + over) // len(character.encode()))
    whole = written.encode() + ends
    found = events(*(whole[at : at + read] for at in range(0, len(whole), read)))
    assert max(len(event.encode()) for event in found) <= MAX_EVENT
    assert "".join(found).replace("\n", "") == (written + ends.decode()).replace("\n", "")


def test_what_is_no_text_is_no_longer_once_it_is_replaced():
    found = events(b"\xff" * MAX_EVENT + b"\n")
    assert max(len(event.encode()) for event in found) <= MAX_EVENT
    assert "".join(found).count("\ufffd") == MAX_EVENT
