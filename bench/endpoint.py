"""Where and how a function is invoked over HTTP, and the bytes of such an invocation."""

import hashlib
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botocore.auth import SigV4Auth  # type: ignore[import-untyped,unused-ignore]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped,unused-ignore]
from botocore.credentials import Credentials  # type: ignore[import-untyped,unused-ignore]

from bench.errors import BenchError

SIGNATURE_LIFE_S = 120.0
"""No request is sent with a signature older than this; AWS takes 5 minutes."""

OBJECT_BYTES = 1024
"""Of each object that a load puts."""


@dataclass(frozen=True, slots=True)
class Key:
    """An access key pair and the region that requests are signed for."""

    access_key_id: str
    secret_access_key: str
    region: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A function that a POST invokes.

    Attributes:
        host: an IP address.
        port: a TCP port.
        path: of the invocation.
        key: signs the requests with SigV4; None sends them plain.
        asynchronous: whether events are handed over, and not waited for.
        queue: the URL of a queue that messages are sent to, in place of a function; or "".
        bucket: one that objects are put into, likewise; or "".
        bus: the name of a bus that events are put on, in place of a function; or "".
    """

    host: str
    port: int
    path: str
    key: Key | None = None
    asynchronous: bool = False
    queue: str = ""
    bucket: str = ""
    bus: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One invocation, ready to be sent, and the status and body of the only right answer.

    What is in the answer to a message or an event, which gets an id, is not looked at.
    """

    request: bytes
    answer: bytes | None
    status: int = 200


class Batch:
    """Invocations of one function, each with a payload (and signature) of its own."""

    def __init__(self, endpoint: Endpoint, count: int, name: str = "Sally") -> None:
        self.made = time.monotonic()
        self.invocations: Sequence[Prepared] = [
            _prepare(endpoint, f"{name}-{number}") for number in range(count)
        ]

    def check_fresh(self) -> None:
        """Raises BenchError when the signatures are too old to be sent."""
        if time.monotonic() - self.made > SIGNATURE_LIFE_S:
            raise BenchError(f"signatures older than {SIGNATURE_LIFE_S:.0f} s would be sent")


def _prepare(endpoint: Endpoint, username: str) -> Prepared:
    payload = json.dumps({"username": username}).encode()
    host = f"{endpoint.host}:{endpoint.port}"
    if endpoint.queue:
        return _message(endpoint, host, payload)
    if endpoint.bucket:
        return _object(endpoint, host, username)
    if endpoint.bus:
        return _event(endpoint, host, payload)
    greeting = f"Hello, {username}"
    if endpoint.key is None:
        headers = {"Host": host, "Content-Type": "application/json", "User-Agent": "bench"}
        answer = greeting.encode()
    else:
        more = {"X-Amz-Invocation-Type": "Event"} if endpoint.asynchronous else {}
        headers = _signed(endpoint.key, host, "POST", endpoint.path, payload, more)
        answer = json.dumps(greeting).encode()
    request = _written("POST", endpoint.path, headers, payload)
    return Prepared(request, b"", 202) if endpoint.asynchronous else Prepared(request, answer)


def _message(endpoint: Endpoint, host: str, body: bytes) -> Prepared:
    assert endpoint.key is not None
    payload = json.dumps({"QueueUrl": endpoint.queue, "MessageBody": body.decode()}).encode()
    more = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
    }
    headers = _signed(endpoint.key, host, "POST", endpoint.path, payload, more, "sqs")
    return Prepared(_written("POST", endpoint.path, headers, payload), None)


def _object(endpoint: Endpoint, host: str, name: str) -> Prepared:
    body = name.encode().ljust(OBJECT_BYTES, b".")
    request = signed_object_call(endpoint, "PUT", f"/{endpoint.bucket}/{name}", body)
    return Prepared(request, b"")


def signed_object_call(endpoint: Endpoint, method: str, path: str, payload: bytes) -> bytes:
    """The bytes of a call of S3; `path` is encoded, and may have a query."""
    assert endpoint.key is not None
    host = f"{endpoint.host}:{endpoint.port}"
    more = {"X-Amz-Content-SHA256": hashlib.sha256(payload).hexdigest()}
    headers = _signed(endpoint.key, host, method, path, payload, more, "s3")
    return _written(method, path, headers, payload)


def signed_upload_head(endpoint: Endpoint, path: str, size: int) -> bytes:
    """The head of a PUT whose body is sent after it, and not signed."""
    assert endpoint.key is not None
    host = f"{endpoint.host}:{endpoint.port}"
    more = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    headers = _signed(endpoint.key, host, "PUT", path, b"", more, "s3")
    return _written("PUT", path, headers, b"", size)


def _event(endpoint: Endpoint, host: str, detail: bytes) -> Prepared:
    assert endpoint.key is not None
    entry = {
        "EventBusName": endpoint.bus,
        "Source": "bench",
        "DetailType": "event",
        "Detail": detail.decode(),
    }
    payload = json.dumps({"Entries": [entry]}).encode()
    more = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.PutEvents"}
    headers = _signed(endpoint.key, host, "POST", endpoint.path, payload, more, "events")
    return Prepared(_written("POST", endpoint.path, headers, payload), None)


def signed_call(endpoint: Endpoint, method: str, path: str, payload: bytes) -> bytes:
    """The bytes of another call of the Lambda API, on the server of an endpoint that has a key."""
    assert endpoint.key is not None
    host = f"{endpoint.host}:{endpoint.port}"
    return _written(method, path, _signed(endpoint.key, host, method, path, payload, {}), payload)


def _written(
    method: str, path: str, headers: Mapping[str, str], payload: bytes, size: int | None = None
) -> bytes:
    told = {**headers, "Content-Length": str(len(payload) if size is None else size)}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + payload


def _signed(
    key: Key,
    host: str,
    method: str,
    path: str,
    payload: bytes,
    more: Mapping[str, str],
    service: str = "lambda",
) -> dict[str, str]:
    """The headers that boto3 sends with a call, its signature among them."""
    request = AWSRequest(
        method=method,
        url=f"http://{host}{path}",
        data=payload,
        headers={
            "Host": host,
            "Accept-Encoding": "identity",
            "User-Agent": "Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux lang/python#3.11",
            "amz-sdk-invocation-id": str(uuid.uuid4()),
            "amz-sdk-request": "attempt=1",
            **more,
        },
    )
    credentials = Credentials(key.access_key_id, key.secret_access_key)
    SigV4Auth(credentials, service, key.region).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}
