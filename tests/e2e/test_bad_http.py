"""Bytes that are no proper requests: bodies that stop halfway, garbage, heads without end."""

import contextlib
import hashlib
import socket

import pytest

from tests.e2e.conftest import create
from tests.e2e.raw import bytes_of, connect, head_of, read_answer, read_answers, send, signed

OK = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def canary(functions):
    name = create(functions, OK)
    yield name
    functions.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def path(canary):
    return f"/2015-03-31/functions/{canary}/invocations"


@pytest.fixture(autouse=True)
def _the_server_keeps_serving(canary, invoke):
    yield
    assert invoke(canary, 17)[0] == 17


def test_a_body_that_ends_halfway_is_refused(server, path):
    with connect(server) as sock:
        sock.sendall(head_of(signed(server, "POST", path, b'"0123456789"')) + b'"012')
        sock.shutdown(socket.SHUT_WR)
        assert read_answer(sock).error == (
            408,
            "RequestTimeoutException",
            "The request body ended before all of it had come.",
        )
        assert sock.recv(1) == b""


def test_a_package_that_ends_halfway_makes_no_function(server, functions):
    body = b'{"FunctionName": "half", "Code": {"ZipFile": "' + b"A" * 300_000
    request = signed(server, "POST", "/2015-03-31/functions", body)
    with connect(server) as sock:
        sock.sendall(head_of(request, len(body) + 1000) + body)
        sock.shutdown(socket.SHUT_WR)
        assert read_answer(sock).error[:2] == (408, "RequestTimeoutException")
    assert functions.list_functions(MaxItems=1)["Functions"][0]["FunctionName"] != "half"


def test_clients_that_go_away_halfway_harm_nobody(server, path):
    request = signed(server, "POST", path, b"x" * 100_000)
    whole = bytes_of(request)
    for end in (1, 20, len(whole) - 100_000, len(whole) - 50_000, len(whole) - 1):
        with connect(server) as sock:
            sock.sendall(whole[:end])
    for _ in range(50):
        connect(server).close()


def test_who_does_not_wait_for_the_answer_harms_nobody(server, path):
    for _ in range(20):
        with connect(server) as sock:
            sock.sendall(bytes_of(signed(server, "POST", path, b'{"key": "value"}')))


GARBAGE = {
    "words": b"HELLO, ARE YOU THERE?\r\n\r\n",
    "zeros": bytes(1000),
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": b"POST /2015-03-31/functions HTTP/1.1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a space in a header's name": b"GET / HTTP/1.1\r\nA B: x\r\n\r\n",
}


@pytest.mark.parametrize("case", GARBAGE)
def test_what_is_not_http_is_refused(server, case):
    answer = send(server, GARBAGE[case])
    assert answer.status == 400
    assert b"not HTTP/1.1 that Ingle can read" in answer.body
    assert answer.headers["connection"] == "close"


def test_routes_that_do_not_exist_are_unknown_operations(server):
    for target in ("/", "/Nothing", "/2015-03-31/nothing", "/2015-03-31/functions/a/b/c/d"):
        answer = send(server, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert answer.error[:2] == (404, "UnknownOperationException"), target
    wrong_verb = signed(server, "PATCH", "/2015-03-31/functions/")
    assert send(server, bytes_of(wrong_verb)).error[:2] == (404, "UnknownOperationException")
    assert send(server, b"GET /_ingle/nothing HTTP/1.1\r\nHost: x\r\n\r\n").status == 404


@pytest.mark.parametrize(
    "head",
    [
        b"X-Large: " + b"x" * 100_000 + b"\r\n\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        b"X-Without-End: " + b"x" * 3_000_000,
    ],
    ids=["one header", "many headers", "one without end"],
)
def test_a_head_that_is_too_large_is_refused(server, head):
    with connect(server) as sock:
        # The server may answer, and close, before all of it was sent.
        with contextlib.suppress(ConnectionError):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + head)
        answer = read_answer(sock)
    assert (answer.status, answer.body) == (
        431,
        b"The request's head is larger than 65536 bytes.",
    )


def test_a_url_that_is_too_long_is_refused(server):
    with connect(server) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(sock).status == 431


def test_head_and_large_body_may_come_in_one_piece(server, path):
    body = b'"' + b"x" * 1_000_000 + b'"'
    for _ in range(5):
        answer = send(server, bytes_of(signed(server, "POST", path, body)))
        assert (answer.status, answer.body) == (200, body)


def test_requests_may_follow_one_another_without_waiting(server, path):
    requests = [signed(server, "POST", path, b'"%d"' % n + b" " * 90_000) for n in range(5)]
    with connect(server) as sock:
        sock.sendall(b"".join(bytes_of(request) for request in requests))
        answers = read_answers(sock, 5)
    assert [answer.body for answer in answers] == [b'"%d"' % n for n in range(5)]


def test_a_body_in_chunks_is_read(server, path):
    request = signed(server, "POST", path, b'{"a": 1}')
    head = head_of(request).replace(b"Content-Length: 8", b"Transfer-Encoding: chunked")
    answer = send(server, head + b'3\r\n{"a\r\n5\r\n": 1}\r\n0\r\n\r\n')
    assert (answer.status, answer.body) == (200, b'{"a": 1}')


def test_a_client_that_asks_first_is_told_to_go_on(server, path):
    request = signed(server, "POST", path, b'"asked"')
    head = head_of(request).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with connect(server) as sock:
        sock.sendall(head)
        assert sock.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(request.data)
        assert read_answer(sock).body == b'"asked"'


def test_a_client_that_asks_first_is_told_to_go_on_also_with_nothing(server, s3, bucket):
    digest = {"x-amz-content-sha256": hashlib.sha256(b"").hexdigest()}
    request = signed(server, "PUT", f"/{bucket}/empty", service="s3", headers=digest)
    head = head_of(request).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with connect(server) as sock:
        sock.sendall(head)
        assert sock.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert read_answer(sock).status == 200


def test_a_client_that_asks_first_and_is_refused_is_hung_up_on(server):
    head = b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"
    answer = send(server, head)
    assert (answer.status, answer.headers["connection"]) == (404, "close")


def test_health_needs_no_signature(server):
    answer = send(server, b"GET /_ingle/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 200
    assert b'"status":"running"' in answer.body
