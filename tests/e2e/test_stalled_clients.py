"""Clients that stop in the middle of a request are given up on, and others are served meanwhile."""

from tests.e2e.raw import read_answer


def test_a_body_that_stalls_is_refused_and_the_connection_closed(stalled):
    assert read_answer(stalled.body).error == (
        408,
        "RequestTimeoutException",
        "No more of the request body came for 20 seconds.",
    )
    assert stalled.body.recv(1) == b""


def test_a_head_that_stalls_is_given_up_on(stalled):
    assert stalled.head.recv(1) == b""
