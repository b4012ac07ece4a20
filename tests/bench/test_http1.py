"""The load generator's reading of responses."""

from itertools import pairwise

import pytest
from bench.errors import BenchError
from bench.http1 import Response, ResponseParser
from hypothesis import given
from hypothesis import strategies as st


def with_length(body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (headers, len(body), body)


def in_chunks(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"


def feed_in_pieces(parser: ResponseParser, data: bytes, cuts: list[int]) -> Response | None:
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    response = None
    for start, end in pairwise(edges):
        assert response is None
        response = parser.feed(data[start:end])
    return response


@given(
    bodies=st.lists(st.binary(max_size=60), min_size=1, max_size=3),
    chunk=st.integers(0, 20),
    cuts=st.lists(st.integers(0, 1000), max_size=6),
)
def test_responses_are_read_alike_however_the_bytes_arrive(
    bodies: list[bytes], chunk: int, cuts: list[int]
) -> None:
    parser = ResponseParser()
    for body in bodies:
        data = in_chunks(body, chunk) if chunk else with_length(body)
        assert feed_in_pieces(parser, data, cuts) == Response(200, body, keep_alive=True)


def test_a_response_that_closes_the_connection_says_so() -> None:
    response = ResponseParser().feed(with_length(b"x", b"Connection: Close\r\n"))
    assert response == Response(200, b"x", keep_alive=False)


def test_bytes_after_the_response_are_refused() -> None:
    with pytest.raises(BenchError, match="3 bytes follow"):
        ResponseParser().feed(with_length(b"x") + b"HTT")


def test_a_response_without_a_length_is_refused() -> None:
    with pytest.raises(BenchError, match="how long its body is"):
        ResponseParser().feed(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")


def test_what_is_no_http_is_refused() -> None:
    with pytest.raises(BenchError, match=r"not an HTTP/1\.1 response"):
        ResponseParser().feed(b"SSH-2.0-x\r\n\r\n")
