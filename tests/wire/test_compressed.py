"""Bodies that clients compress."""

import gzip

import pytest

from ingle.wire.compressed import plain_body
from ingle.wire.errors import RequestTooLarge, Serialization
from ingle.wire.http import Request


def request(body: bytes, coding: str = "gzip") -> Request:
    return Request("POST", "/", headers={"content-encoding": coding}, body=body)


def test_a_packed_body_is_unpacked_and_any_other_left_as_it_is() -> None:
    assert plain_body(request(gzip.compress(b"text"))) == b"text"
    assert plain_body(request(b"text", "aws-chunked")) == b"text"
    assert plain_body(Request("POST", "/", body=b"text")) == b"text"


@pytest.mark.parametrize(
    "body",
    [b"text", gzip.compress(b"text")[:-9], b""],
    ids=["not packed", "cut short", "empty"],  # bytes would name the test after the time
)
def test_what_is_not_packed_as_the_header_says_is_refused(body: bytes) -> None:
    with pytest.raises(Serialization):
        plain_body(request(body))


def test_a_body_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(RequestTooLarge):
        plain_body(request(gzip.compress(bytes(64 * 1024 * 1024))))
