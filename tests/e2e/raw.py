"""HTTP by hand: requests that no client library would send."""

import datetime
import io
import socket
from email.message import Message
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import orjson
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.server import Server

DEADLINE_S = 60


class Answer:
    """What the server answered.

    Attributes:
        status: the status code.
        headers: found in any case.
        body: the bytes.
    """

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers: Message = response.headers
        self.body = response.read()

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and message of an error in JSON."""
        told = orjson.loads(self.body)
        message = told.get("message", told.get("Message"))
        return self.status, str(self.headers["x-amzn-errortype"]), message


def read_answer(sock: socket.socket) -> Answer:
    """Read one answer, with its body."""
    response = HTTPResponse(sock)
    response.begin()
    try:
        return Answer(response)
    finally:
        response.close()


class _Kept(io.BufferedReader):
    """What one answer has read too much stays for the next."""

    def close(self) -> None:
        """Stay open when an answer is read."""


def read_answers(sock: socket.socket, count: int) -> list[Answer]:
    """Read the answers to requests that were sent one after another without waiting."""
    reader = _Kept(socket.SocketIO(sock, "r"))
    source: Any = SimpleNamespace(makefile=lambda _: reader)
    answers = []
    for _ in range(count):
        response = HTTPResponse(source)
        response.begin()
        answers.append(Answer(response))
    return answers


def connect(server: Server) -> socket.socket:
    """Open a connection on which nothing waits for ever."""
    sock = socket.create_connection(server.address, timeout=DEADLINE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def send(server: Server, data: bytes) -> Answer:
    """Send bytes on a connection of their own and read the answer."""
    with connect(server) as sock:
        sock.sendall(data)
        return read_answer(sock)


def signed(
    server: Server,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    service: str = "lambda",
    key: tuple[str, str] | None = None,
    age_s: float = 0.0,
    expires_s: int | None = None,
    headers: dict[str, str] | None = None,
) -> AWSRequest:
    """Sign a request with botocore's signer.

    Args:
        server: whom it is for.
        method: the verb.
        path: path and query.
        body: the body.
        service: the signing name.
        key: another key pair than the server's.
        age_s: how long ago it says it was signed, in seconds.
        expires_s: sign in the query, for so many seconds, rather than in a header.
        headers: more headers.
    """
    made = server.credentials
    credentials = Credentials(*(key or (made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])))
    region = made["AWS_DEFAULT_REGION"]
    request = AWSRequest(method, server.endpoint + path, headers=headers, data=body)
    signer: Any
    if expires_s is not None:
        signer = SigV4QueryAuth(credentials, service, region, expires=expires_s)
    else:
        signer = SigV4Auth(credentials, service, region)
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age_s)
    request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
    # What add_auth does, at a time of our own.
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    return request


def head_of(request: AWSRequest, length: int | None = None) -> bytes:
    """The bytes of a request's line and headers, for a body of this length."""
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    size = len(request.data) if length is None else length
    return "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode()


def bytes_of(request: AWSRequest) -> bytes:
    """The whole of a request as it goes over the wire."""
    body: bytes = request.data
    return head_of(request) + body
