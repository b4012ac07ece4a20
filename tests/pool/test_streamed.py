"""Answers that are read while they are written."""

import asyncio
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.pool.streamed import MOST_KEPT, StreamedAnswer


class Source:
    """What the answer holds back, and lets go on."""

    def __init__(self, answer: StreamedAnswer) -> None:
        self.paused = False
        self.times = 0
        answer.attach(self._pause, self._resume)

    def _pause(self) -> None:
        assert not self.paused
        self.paused = True
        self.times += 1

    def _resume(self) -> None:
        assert self.paused
        self.paused = False


async def rest(answer: StreamedAnswer) -> bytes:
    """All that is still to come."""
    pieces = []
    while (piece := await answer.next()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


@given(pieces=st.lists(st.binary(max_size=20)), limit=st.integers(0, 200))
async def test_pieces_come_in_their_order_up_to_the_limit(pieces: list[bytes], limit: int) -> None:
    answer = StreamedAnswer(limit)
    reader = asyncio.ensure_future(rest(answer))
    for number, piece in enumerate(pieces):
        answer.add(piece)
        if number % 3 == 0:
            await asyncio.sleep(0)
    answer.end()
    whole = b"".join(pieces)
    assert await reader == whole[:limit]
    assert bool(answer.error) == (len(whole) > limit)
    assert answer.whole() == b""


async def test_a_reader_has_a_piece_before_the_next_is_written() -> None:
    answer = StreamedAnswer()
    first = asyncio.ensure_future(answer.next())
    await asyncio.sleep(0)
    assert not first.done()
    answer.add(b"one")
    assert await first == b"one"
    answer.add(b"two")
    answer.end()
    assert await answer.next() == b"two"
    assert await answer.next() is None
    assert await answer.next() is None


async def test_it_has_started_with_its_type_a_piece_or_its_end() -> None:
    for begin in (
        lambda answer: answer.begin("text/plain"),
        lambda answer: answer.add(b"x"),
        lambda answer: answer.end(),
    ):
        answer = StreamedAnswer()
        started = asyncio.ensure_future(answer.started())
        await asyncio.sleep(0)
        assert not started.done()
        begin(answer)
        await started
    answer = StreamedAnswer()
    answer.begin("text/plain")
    assert (answer.content_type, answer.streamed) == ("text/plain", True)


async def test_what_nobody_reads_holds_the_source_back() -> None:
    answer = StreamedAnswer()
    source = Source(answer)
    answer.add(bytes(MOST_KEPT))
    assert not source.paused
    answer.add(b"x")
    assert source.paused
    answer.add(b"y")  # was on its way already
    assert await answer.next() == bytes(MOST_KEPT) + b"xy"
    assert not source.paused
    answer.add(b"z")
    assert (source.paused, source.times) == (False, 1)


@pytest.mark.parametrize("over", [StreamedAnswer.abandon, StreamedAnswer.end])
async def test_a_source_goes_on_when_nobody_reads_or_nothing_follows(
    over: Callable[[StreamedAnswer], None],
) -> None:
    answer = StreamedAnswer()
    source = Source(answer)
    answer.add(bytes(MOST_KEPT + 1))
    over(answer)
    assert not source.paused


async def test_an_answer_that_nobody_reads_is_dropped_and_still_has_a_limit() -> None:
    answer = StreamedAnswer(limit=10)
    source = Source(answer)
    answer.add(b"12345")
    answer.abandon()
    answer.add(bytes(MOST_KEPT * 2))
    assert (source.paused, answer.size) == (False, 5 + MOST_KEPT * 2)
    answer.end()
    assert await answer.next() is None
    assert orjson.loads(answer.error) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (10 bytes).",
    }
