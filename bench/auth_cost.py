"""What a signature check costs, in microseconds: `python -m bench.auth_cost`."""

import statistics
import time
from collections.abc import Callable

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ingle.auth.presign import presign_url
from ingle.auth.root import root_user
from ingle.auth.sigv4 import AccessKey, Verifier
from ingle.clock import SystemClock
from ingle.wire.http import Request

_KEY = AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", root_user("000000000000"))
_HOST = "127.0.0.1:4566"
_INVOKE = "/2015-03-31/functions/hello/invocations"
_ROUNDS = 300
_LOOPS = 20


def _signed(signer: type[SigV4Auth], service: str, path: str, body: bytes) -> Request:
    headers = {
        "Host": _HOST,
        "User-Agent": "Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux lang/python#3.11.7",
        "amz-sdk-invocation-id": "5a1b3c7e-0000-4000-8000-000000000000",
        "amz-sdk-request": "attempt=1",
        "Content-Length": str(len(body)),
        "X-Amz-User-Agent": "aws-sdk-js/3.0.0",
    }
    request = AWSRequest(method="POST", url=f"http://{_HOST}{path}", headers=headers, data=body)
    credentials = Credentials(_KEY.access_key_id, _KEY.secret_access_key)
    signer(credentials, service, "us-east-1").add_auth(request)
    received = {name.lower(): value for name, value in request.headers.items()}
    return Request("POST", path, headers=received, body=body, client="127.0.0.1")


def _presigned() -> Request:
    url = presign_url(
        _KEY, "GET", f"http://{_HOST}{_INVOKE}", "us-east-1", "lambda", 600, time.time()
    )
    query = url.partition("?")[2]
    return Request("GET", _INVOKE, query, {"host": _HOST}, client="127.0.0.1")


def _median(call: Callable[[], object]) -> float:
    samples = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_LOOPS):
            call()
        samples.append((time.perf_counter() - start) / _LOOPS * 1e6)
    return statistics.median(samples)


def measure() -> dict[str, float]:
    """Verify some typical requests many times over.

    Returns:
        The median of each in microseconds, by what was verified.
    """
    verifier = Verifier({_KEY.access_key_id: _KEY}.get, SystemClock())
    requests = {
        "Invoke, 100 bytes": _signed(SigV4Auth, "lambda", _INVOKE, b"x" * 100),
        "Invoke, 100 KiB": _signed(SigV4Auth, "lambda", _INVOKE, b"x" * 102_400),
        "S3 PutObject, 100 bytes": _signed(S3SigV4Auth, "s3", "/bucket/key", b"x" * 100),
        "presigned GET": _presigned(),
    }
    return {
        name: _median(lambda request=request: verifier.verify(request))  # type: ignore[misc]
        for name, request in requests.items()
    }


if __name__ == "__main__":
    for name, microseconds in measure().items():
        print(f"{name:<26} {microseconds:8.1f} µs")
