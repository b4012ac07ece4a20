"""Sends calls to a service that is elsewhere, and its answers back, both as they come."""

import hashlib
from collections.abc import AsyncIterator, Mapping

import httpx

from ingle.elsewhere import Elsewhere
from ingle.forwarding.bodies import content_encoding, framed, payload_length, verified
from ingle.forwarding.signing import signed_headers, target_of
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response, StreamCut
from ingle.wire.uploads import Upload

_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
"""In seconds; long enough for a long poll, and for the end of a large upload."""
_LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=32)
_UNSIGNED = "UNSIGNED-PAYLOAD"
_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_DROPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-security-token",
        "x-amz-trailer",
    }
)
"""What is of the connection, or of the signature that came."""
_BODILESS = frozenset({204, 304})
_NOT_BACK = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class Forwarder:
    """Forwards the calls of one service. Closed with `close`.

    Args:
        elsewhere: where it is.
        signing_name: how signatures name it.
    """

    def __init__(self, elsewhere: Elsewhere, signing_name: str) -> None:
        self._elsewhere = elsewhere
        self._signing_name = signing_name
        # Nothing of the environment: a proxy would be told the key pair's signatures.
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, trust_env=False)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def forward(self, request: Request, region: str, upload: Upload | None) -> Response:
        """Send a request there, and return the answer, whose body is still to come.

        Args:
            request: as it came; its body is there, unless it is an upload.
            region: which it was signed for.
            upload: a body that is not there yet.

        Raises:
            ServiceError: the service cannot be reached, or the body is not what was signed.
        """
        headers = {name: value for name, value in request.headers.items() if name not in _DROPPED}
        encoding = content_encoding(request.headers)
        if encoding:
            headers["content-encoding"] = encoding
        content: bytes | AsyncIterator[bytes] = request.body
        digest = ""
        if upload is not None:
            length = payload_length(request.headers, upload)
            trailer = request.headers.get("x-amz-trailer")
            if trailer:
                # The checksum that comes behind it is verified there.
                digest, content = _WITH_TRAILER, framed(upload)
                headers |= {
                    "content-encoding": ",".join(filter(None, (encoding, "aws-chunked"))),
                    "x-amz-trailer": trailer,
                    "x-amz-decoded-content-length": str(length),
                }
            else:
                digest, content = _UNSIGNED, verified(upload)
                headers["content-length"] = str(length)
        target = target_of(request.target, request.query)
        answer = await self.send(request.method, target, headers, content, region, digest)
        return await _answered(request.method, answer)

    async def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes],
        region: str,
        digest: str = "",
    ) -> httpx.Response:
        """Sign and send a request; the answer's body is to be read, and the answer closed.

        Args:
            method: the verb.
            target: path and query, as `target_of` makes it.
            headers: without those that sign.
            content: the body.
            region: which it is for, unless the operator says another one.
            digest: what stands for the body's SHA-256; "" for a body that is there.

        Raises:
            ServiceError: the service cannot be reached, or what `content` raises.
        """
        if isinstance(content, bytes):
            digest = hashlib.sha256(content).hexdigest()
        elsewhere = self._elsewhere
        signed = signed_headers(
            elsewhere,
            self._signing_name,
            elsewhere.region or region,
            method,
            target,
            headers,
            digest,
        )
        # The target goes as it was signed: a client would tidy it up, and `a/../b` is a key.
        request = self._client.build_request(
            method,
            elsewhere.endpoint,
            headers=signed,
            content=content or None,
            extensions={"target": target.encode("ascii")},
        )
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise ServiceError(
                f"{elsewhere.service} at {elsewhere.endpoint} did not answer: "
                f"{error or type(error).__name__}",
                code="ServiceUnavailable",
                status=503,
            ) from error


async def _answered(method: str, answer: httpx.Response) -> Response:
    headers = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name.lower() not in _NOT_BACK
    ]
    told = answer.headers.get("content-length", "")
    length = int(told) if told.isdigit() else None
    if method == "HEAD" or answer.status_code in _BODILESS:
        await answer.aclose()
        return Response(answer.status_code, headers, b"", length)
    return Response(answer.status_code, headers, _body(answer), length)


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    except httpx.HTTPError as error:
        raise StreamCut(f"the service elsewhere broke off: {error}") from error
    finally:
        await answer.aclose()
