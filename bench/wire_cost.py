"""What reading and writing a call costs, in microseconds: `python -m bench.wire_cost`."""

import base64
import statistics
import time
from typing import Any

import orjson

from ingle.wire.http import Request
from ingle.wire.protocol import ServiceProtocol

_ROUNDS = 300
_LOOPS = 20
_REQUEST_ID = "8e2b1a5c-0000-4000-8000-000000000001"
_HEADERS = {
    "host": "127.0.0.1:4566",
    "user-agent": "Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux lang/python#3.11.7",
    "x-amz-date": "20240501T120000Z",
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20240501/us-east-1/lambda/aws4_request",
    "amz-sdk-invocation-id": "5a1b3c7e-0000-4000-8000-000000000000",
    "amz-sdk-request": "attempt=1",
}

_Call = tuple[Request, dict[str, Any]]


def _invoke() -> _Call:
    headers = {
        **_HEADERS,
        "x-amz-invocation-type": "RequestResponse",
        "x-amz-log-type": "Tail",
        "x-amz-client-context": "e30=",
    }
    path = "/2015-03-31/functions/hello/invocations"
    request = Request("POST", path, "Qualifier=live", headers, b'{"username": "Sally"}')
    result = {
        "StatusCode": 200,
        "LogResult": base64.b64encode(b"x" * 400).decode(),
        "ExecutedVersion": "$LATEST",
        "Payload": b'"Hello, Sally"',
    }
    return request, result


def _create_function() -> _Call:
    name, role = "hello", "arn:aws:iam::000000000000:role/hello"
    settings = {
        "FunctionName": name,
        "Role": role,
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Timeout": 30,
        "MemorySize": 256,
        "Environment": {"Variables": {"STAGE": "test", "LEVEL": "debug"}},
    }
    code = {"ZipFile": base64.b64encode(b"x" * 600).decode()}
    body = orjson.dumps({**settings, "Code": code, "Tags": {"team": "red"}})
    result = {
        **settings,
        "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        "CodeSize": 600,
        "CodeSha256": base64.b64encode(b"x" * 32).decode(),
        "LastModified": "2024-05-01T12:00:00.000+0000",
        "Version": "$LATEST",
        "State": "Active",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
    }
    return Request("POST", "/2015-03-31/functions", "", _HEADERS, body), result


def _median(request: Request, result: dict[str, Any]) -> float:
    service = ServiceProtocol.load("lambda")
    samples = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_LOOPS):
            operation = service.route(request)
            operation.parse(request)
            operation.serialize(result, _REQUEST_ID)
        samples.append((time.perf_counter() - start) / _LOOPS * 1e6)
    return statistics.median(samples)


def measure() -> dict[str, float]:
    """Route, parse, check and answer some typical calls many times over.

    Returns:
        The median of each in microseconds, by the operation.
    """
    return {"Invoke": _median(*_invoke()), "CreateFunction": _median(*_create_function())}


if __name__ == "__main__":
    for name, microseconds in measure().items():
        print(f"{name:<26} {microseconds:8.1f} µs")
