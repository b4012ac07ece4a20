"""botocore's signers as the oracle: requests as they come in when botocore signed them."""

from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ingle.auth.claims import parse_timestamp
from ingle.auth.root import root_user
from ingle.auth.sigv4 import AccessKey
from ingle.wire.http import Request

ACCOUNT = "111122223333"
KEY = AccessKey(
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    root_user(ACCOUNT),
)
HOST = "127.0.0.1:4566"
INVOKE = "/2015-03-31/functions/hello/invocations"


class StillClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def sign(
    clock: StillClock,
    signer: type[SigV4Auth] = SigV4Auth,
    *,
    service: str = "lambda",
    method: str = "POST",
    path: str = INVOKE,
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"{}",
    key: AccessKey = KEY,
    region: str = "us-east-1",
    client: str | None = "127.0.0.1",
    **options: int,
) -> Request:
    """Sign with botocore, set the clock to that moment, and return what the server receives."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    outgoing = AWSRequest(method=method, url=url, data=body)
    for name, value in headers:
        outgoing.headers.add_header(name, value)
    credentials = Credentials(key.access_key_id, key.secret_access_key, key.session_token)
    signer(credentials, service, region, **options).add_auth(outgoing)
    now = parse_timestamp(outgoing.context["timestamp"])
    assert now is not None
    clock.now = now
    received: dict[str, str] = {"host": HOST}
    for name, value in outgoing.headers.items():
        lower = name.lower()
        value = value.strip()
        received[lower] = f"{received[lower]},{value}" if lower in received else value
    parts = urlsplit(outgoing.url)
    return Request(method, parts.path, parts.query, received, body, client)


def copy(request: Request) -> Request:
    """Copy a request, so that it can be tampered with."""
    return Request(
        request.method,
        request.path,
        request.query,
        dict(request.headers),
        request.body,
        request.client,
    )
