import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs.chunks import Encoding, event_bytes, open_lines, pack, unpack
from ingle.services.logs.limits import CHUNK

EVENTS = st.lists(st.tuples(st.integers(0, 3 * CHUNK.span_ms), st.text(max_size=30)), max_size=40)


@given(EVENTS)
def test_what_is_packed_comes_back_in_order_of_time(events: list[tuple[int, str]]) -> None:
    chunks = pack(events)
    back = [event for chunk in chunks for event in unpack(chunk.encoding, chunk.data)]
    assert back == sorted(events, key=lambda event: event[0])
    assert sum(chunk.size for chunk in chunks) == sum(event_bytes(text) for _, text in events)
    for chunk in chunks:
        inside = unpack(chunk.encoding, chunk.data)
        assert (chunk.first_ms, chunk.last_ms) == (inside[0][0], inside[-1][0])
        assert chunk.last_ms - chunk.first_ms <= CHUNK.span_ms


def test_many_events_are_packed_small_and_split_at_the_limit() -> None:
    chunks = pack([(number, "x" * 1000) for number in range(1000)])
    assert len(chunks) > 1
    assert all(chunk.size <= CHUNK.bytes for chunk in chunks)
    assert all(chunk.encoding is Encoding.ZSTD_TEXT for chunk in chunks)
    assert sum(len(chunk.data) for chunk in chunks) < 100_000


def test_one_event_larger_than_a_chunk_is_kept_whole() -> None:
    (chunk,) = pack([(1, "x" * (CHUNK.bytes + 1))])
    assert unpack(chunk.encoding, chunk.data) == [(1, "x" * (CHUNK.bytes + 1))]


def test_a_message_that_has_no_utf_8_loses_only_what_cannot_be_written() -> None:
    (chunk,) = pack([(1, "a\ud800b"), (2, "fine")])
    assert unpack(chunk.encoding, chunk.data) == [(1, "a?b"), (2, "fine")]


@pytest.mark.parametrize("encoding", [Encoding.ZLIB_JSON, Encoding.TEXT, Encoding.ZSTD_TEXT, 7])
def test_damaged_or_unknown_data_is_an_error(encoding: int) -> None:
    with pytest.raises(ValueError):
        unpack(encoding, b"[]")


def test_rows_that_an_older_ingle_wrote_are_read() -> None:
    events = [(1, "héllo"), (3, "bye")]
    data = orjson.dumps(events)
    assert unpack(Encoding.JSON, data) == events
    assert unpack(Encoding.ZLIB_JSON, zlib.compress(data)) == events


@given(EVENTS, st.text(min_size=1, max_size=2), st.integers(0, 100), st.integers(0, 100))
def test_every_message_that_holds_some_bytes_is_found(
    events: list[tuple[int, str]], needle: str, start: int, count: int
) -> None:
    for chunk in pack(events):
        lines = open_lines(chunk.encoding, chunk.data)
        among = range(min(start, len(lines)), min(start + count, len(lines)))
        found = list(lines.holding(needle.encode(), among))
        assert found == sorted(set(found))
        assert set(found) <= set(among)
        assert {index for index in among if needle in lines.message(index)} <= set(found)


@given(EVENTS, st.integers(0, 3 * CHUNK.span_ms), st.integers(0, 3 * CHUNK.span_ms))
def test_the_events_of_a_time_are_found(
    events: list[tuple[int, str]], start: int, end: int
) -> None:
    for chunk in pack(events):
        lines = open_lines(chunk.encoding, chunk.data)
        assert list(lines.between(start, end)) == [
            index for index in range(len(lines)) if start <= lines.timestamp(index) < end
        ]


def test_messages_that_begin_or_end_with_what_is_looked_for_are_found_too() -> None:
    (chunk,) = pack([(1, "ab"), (2, "a"), (3, "ba"), (4, "xx"), (5, "a")])
    lines = open_lines(chunk.encoding, chunk.data)
    assert list(lines.holding(b"a", range(5))) == [0, 1, 2, 4]
    assert list(lines.holding(b"a", range(1, 4))) == [1, 2]
    # In the text, "ab" also stands where one message ends and the next begins.
    assert list(lines.holding(b"ab", range(5))) == [0, 1]
