"""Answers that come in pieces, for a caller who waits for the whole."""

import orjson

from ingle.pool.answer import Answer
from ingle.pool.runtime_api.limits import MAX_ANSWER


def test_pieces_are_put_together_in_their_order() -> None:
    answer = Answer()
    for piece in (b"[1,", b"", b"2", b"]"):
        answer.add(piece)
    assert (answer.whole(), answer.error) == (b"[1,2]", b"")


def test_the_largest_answer_is_taken_and_one_byte_more_is_an_error() -> None:
    answer = Answer()
    answer.add(bytes(MAX_ANSWER - 1))
    answer.add(b"x")
    assert (len(answer.whole()), answer.error) == (MAX_ANSWER, b"")
    answer.add(b"x")
    answer.add(b"y")
    assert orjson.loads(answer.error) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({MAX_ANSWER} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert answer.whole() == b""
