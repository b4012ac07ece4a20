"""Verifies AWS Signature Version 4, in the Authorization header or in a presigned query.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import asyncio
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import NoReturn
from urllib.parse import urlsplit

from ingle.auth import chunked, sigv2
from ingle.auth.canonical import (
    S3_SERVICES,
    UNSIGNED_PAYLOAD,
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_request,
    sign,
    string_to_sign,
)
from ingle.auth.claims import (
    Claim,
    ServiceFinder,
    format_timestamp,
    from_form,
    from_header,
    from_query,
)
from ingle.auth.errors import NOT_SIGNED, Family, family, s3_error
from ingle.auth.keys import AccessKey, Identity, signing_key
from ingle.auth.payloads import HashedPayload
from ingle.clock import Clock
from ingle.wire.http import Request
from ingle.wire.uploads import Payload

__all__ = ["AccessKey", "Identity", "Verifier"]

# How far a client's clock may be off, in seconds.
MAX_SKEW_S = 300
# Bodies longer than this are hashed in a thread: a megabyte takes about a millisecond.
_THREAD_THRESHOLD = 512 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SPECIAL_HASHES = chunked.MODES | {UNSIGNED_PAYLOAD}


class Verifier:
    """Finds out who signed a request.

    Args:
        find_key: looks an access key up by its id; called from threads too, so it must only read.
        clock: says what time it is.
        find_service: tells the service of a request that does not say it in a signature, so that
            it is refused in that service's words; by default in those of services with JSON.
        find_session: looks temporary credentials up by the id of the key and the session token;
            None where they are forged, or whose they were is gone. Called from threads too.
        used: told of each request that was verified: the key, the service and region of its
            signature, and the time in seconds since the epoch. Called from threads too.
    """

    def __init__(
        self,
        find_key: Callable[[str], AccessKey | None],
        clock: Clock,
        find_service: ServiceFinder = lambda _request: None,
        find_session: Callable[[str, str], AccessKey | None] = lambda _key, _token: None,
        used: Callable[[AccessKey, str, str, float], None] = lambda *_: None,
    ) -> None:
        self._find_key = find_key
        self._clock = clock
        self._find_service = find_service
        self._find_session = find_session
        self._used = used

    async def authenticate(self, request: Request) -> Identity:
        """Verify a request as `verify` does, in a thread when its body is long."""
        if len(request.body) <= _THREAD_THRESHOLD:
            return self.verify(request)
        return await asyncio.to_thread(self.verify, request)

    def verify(self, request: Request) -> Identity:
        """Verify the signature of a request, and that its body is the one that was signed.

        An aws-chunked body is replaced by its payload; its trailing headers join the others, and
        Content-Encoding and Content-Length are set to what the payload has.

        Raises:
            ServiceError: with the code and words that AWS's service would use.
        """
        identity, payload = self.verify_head(request)
        if payload is not None:
            request.body = payload.feed(request.body)
            payload.finish()
            if payload.trailers:
                # A trailer stands for the header of that name; it must not replace a signed one.
                request.headers = {**payload.trailers, **request.headers}
        return identity

    def verify_head(self, request: Request) -> tuple[Identity, Payload | None]:
        """Verify the signature of a request, whose body may come later if it is one to S3.

        Returns:
            Who signed it; and what makes the payload out of the body and verifies it, None where
            the body is the payload, and either verified already or not signed.

        Raises:
            ServiceError: with the code and words that AWS's service would use.
        """
        authorization = request.headers.get("authorization")
        in_query = _is_presigned(request.query)
        if authorization is not None:
            claim = from_header(request, authorization, self._find_service)
            if in_query and claim.service in S3_SERVICES:
                _refuse_both(authorization)
        elif in_query:
            claim = from_query(request, self._find_service)
        elif sigv2.is_presigned(request, self._find_service):
            return self._verify_older(request), None
        else:
            raise family(self._find_service(request), request).refuse_missing()
        now = self._clock.time()
        self._check_time(request, claim, now)
        key = self._key(request, claim, now)
        payload = _check_signature(request, claim, key)
        if claim.service == "iam" and key.session is not None and not key.session.may_call_iam:
            raise family(claim.service, request).refuse_token(claim.token)
        self._used(key, claim.service, claim.region, now)
        identity = Identity(
            key.access_key_id, key.principal, claim.region, claim.service, key.session
        )
        return identity, payload

    def verify_form(self, request: Request, fields: Mapping[str, str]) -> Identity:
        """Verify the signature of the policy of a form that is posted to S3.

        Args:
            request: what it was posted with.
            fields: of the form, by lower-case name; one is `policy`.

        Raises:
            ServiceError: S3's.
        """
        claim = sigv2.from_form(fields) or from_form(fields)
        now = self._clock.time()
        key = self._key(request, claim, now)
        policy, secret = fields["policy"], key.secret_access_key
        if claim.date:
            derived = signing_key(secret, claim.date, claim.region, claim.service)
            expected = sign(derived, policy)
        else:
            expected = sigv2.sign(policy, secret)
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise family("s3", request).refuse_signature(
                claim.access_key_id, claim.signature, policy, ""
            )
        self._used(key, claim.service, claim.region, now)
        return Identity(key.access_key_id, key.principal, claim.region, "s3", key.session)

    def _verify_older(self, request: Request) -> Identity:
        now = self._clock.time()
        claim = sigv2.read_claim(request)
        key = self._key(request, claim, now)
        sigv2.check(request, claim, key.secret_access_key, now)
        self._used(key, claim.service, claim.region, now)
        return Identity(key.access_key_id, key.principal, claim.region, claim.service, key.session)

    def _key(self, request: Request, claim: Claim, now: float) -> AccessKey:
        key = self._find_key(claim.access_key_id)
        if key is None and claim.token is not None:
            key = self._session_key(request, claim, claim.token, now)
        if key is None or (key.loopback_only and not is_local(request)):
            raise family(claim.service, request).refuse_key(claim.access_key_id)
        if claim.token is not None or key.session_token is not None:
            _check_token(request, claim, key)
        return key

    def _session_key(self, request: Request, claim: Claim, token: str, now: float) -> AccessKey:
        key = self._find_session(claim.access_key_id, token)
        if key is None:
            raise family(claim.service, request).refuse_token(token)
        if key.session is not None and key.session.expires_at <= now:
            raise family(claim.service, request).refuse_expired(token)
        return key

    @staticmethod
    def _check_time(request: Request, claim: Claim, now: float) -> None:
        allowed = MAX_SKEW_S if claim.expires_s is None else claim.expires_s
        if not (now - allowed <= claim.signed_at <= now + MAX_SKEW_S):
            refusals = family(claim.service, request)
            if refusals.is_s3:
                _refuse_s3_time(claim, now)
            _refuse_time(refusals, claim, now, allowed)
        if claim.timestamp[:8] != claim.date:
            _refuse_date(family(claim.service, request), claim)


def is_signed(request: Request) -> bool:
    """Whether somebody claims to have signed a request, in the header or in the query."""
    query = request.query
    return (
        "authorization" in request.headers
        or _is_presigned(query)
        or ("AWSAccessKeyId=" in query and "Signature=" in query)
    )


def _is_presigned(query: str) -> bool:
    return query != "" and ("X-Amz-Algorithm=" in query or "X-Amz-Signature=" in query)


def _check_token(request: Request, claim: Claim, key: AccessKey) -> None:
    if (
        claim.token is None
        or key.session_token is None
        or not hmac.compare_digest(claim.token.encode(), key.session_token.encode())
    ):
        raise family(claim.service, request).refuse_token(claim.token)


def _check_signature(request: Request, claim: Claim, key: AccessKey) -> Payload | None:
    service = claim.service
    names = claim.signed_headers.split(";")
    is_s3 = service in S3_SERVICES
    if is_s3:
        _check_all_signed(request.headers, names)
    elif "host" not in names:
        raise family(service, request).refuse_scope(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    payload_hash = _payload_hash(request, claim, is_s3)
    canonical = canonical_request(
        request.method,
        canonical_path(request.path, service),
        canonical_query(request.query, "X-Amz-Signature" if claim.presigned else None),
        canonical_headers(request.headers, names),
        claim.signed_headers,
        payload_hash,
    )
    scope = f"{claim.date}/{claim.region}/{service}/aws4_request"
    to_sign = string_to_sign(claim.timestamp, scope, canonical)
    derived = signing_key(key.secret_access_key, claim.date, claim.region, service)
    expected = sign(derived, to_sign)
    # As bytes, since what was sent need not be ASCII.
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise family(service, request).refuse_signature(
            claim.access_key_id, claim.signature, to_sign, canonical
        )
    if payload_hash in chunked.MODES:
        signer = chunked.ChunkSigner(derived, claim.timestamp, scope, expected)
        return _chunks(request, claim, payload_hash, signer)
    if is_s3 and payload_hash != UNSIGNED_PAYLOAD:
        return HashedPayload(payload_hash)
    return None


def _payload_hash(request: Request, claim: Claim, is_s3: bool) -> str:
    stated = claim.payload_hash
    if stated is None:
        stated = request.headers.get("x-amz-content-sha256")
    if stated in _SPECIAL_HASHES:
        return stated
    if not is_s3:
        # Whatever was stated, the hash of what came is what must have been signed.
        return hashlib.sha256(request.body).hexdigest()
    if stated is None:
        if claim.presigned:
            return UNSIGNED_PAYLOAD
        raise s3_error(
            "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"
        )
    if not _SHA256.fullmatch(stated):
        raise s3_error(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=stated,
        )
    return stated


def _chunks(
    request: Request, claim: Claim, mode: str, signer: chunked.ChunkSigner
) -> chunked.ChunkDecoder:
    """Make the decoder of an aws-chunked body; the head is set to what the payload has."""
    headers = dict(request.headers)
    length = headers.get("x-amz-decoded-content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise s3_error(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", 411
        )
    announced = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")]
    decoder = chunked.ChunkDecoder(
        mode, int(length), signer, [n for n in announced if n], claim.access_key_id
    )
    encodings = [e.strip() for e in headers.pop("content-encoding", "").split(",")]
    kept = ",".join(e for e in encodings if e and e.lower() != "aws-chunked")
    if kept:
        headers["content-encoding"] = kept
    headers["content-length"] = length
    request.headers = headers
    return decoder


def _check_all_signed(headers: Mapping[str, str], names: list[str]) -> None:
    # The payload's hash is part of the signature by itself.
    unsigned = [
        name
        for name in headers
        if (name.startswith("x-amz-") or name == "host")
        and name not in names
        and name != "x-amz-content-sha256"
    ]
    if unsigned:
        raise s3_error("AccessDenied", NOT_SIGNED, 403, HeadersNotSigned=", ".join(unsigned))


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine, from no sandbox and no foreign page in a browser.

    Any web page can send requests to loopback: a browser says by Origin whose page it is.
    """
    if request.client is None or not _is_loopback(request.client):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return _names_this_machine(host)


def is_addressed_locally(request: Request) -> bool:
    """Whether a request's Host names this machine.

    A page whose own name leads to loopback sends that name, and no Origin.
    """
    return _names_this_machine(urlsplit(f"//{request.host}").hostname or "")


def _names_this_machine(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    if address == "127.0.0.1":
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


def _refuse_both(authorization: str) -> NoReturn:
    raise s3_error(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
        ArgumentName="Authorization",
        ArgumentValue=authorization,
    )


def _refuse_time(refusals: Family, claim: Claim, now: float, allowed: float) -> NoReturn:
    sent, current = claim.timestamp, format_timestamp(now)
    if claim.signed_at > now:
        limit = format_timestamp(now + MAX_SKEW_S)
        raise refusals.refuse_scope(
            f"Signature not yet current: {sent} is still later than {limit} "
            f"({current} + {_duration(MAX_SKEW_S)}.)"
        )
    limit = format_timestamp(now - allowed)
    raise refusals.refuse_scope(
        f"Signature expired: {sent} is now earlier than {limit} ({current} - {_duration(allowed)}.)"
    )


def _refuse_s3_time(claim: Claim, now: float) -> NoReturn:
    current = _iso(now)
    if not claim.presigned:
        raise s3_error(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
            RequestTime=claim.timestamp,
            ServerTime=current,
            MaxAllowedSkewMilliseconds=str(MAX_SKEW_S * 1000),
        )
    expires_s = claim.expires_s or 0
    members = {"Expires": _iso(claim.signed_at + expires_s), "ServerTime": current}
    if claim.signed_at > now:
        date = str(int(claim.signed_at * 1000))
        raise s3_error(
            "AccessDenied", "Request is not yet valid", 403, **{"X-Amz-Date": date}, **members
        )
    raise s3_error(
        "AccessDenied", "Request has expired", 403, **{"X-Amz-Expires": str(expires_s)}, **members
    )


def _refuse_date(refusals: Family, claim: Claim) -> NoReturn:
    stated, actual = claim.date, claim.timestamp[:8]
    if not refusals.is_s3:
        raise refusals.refuse_scope(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{stated}' != '{actual}', from '{claim.timestamp}'."
        )
    if claim.presigned:
        raise s3_error(
            "AuthorizationQueryParametersError",
            f'Invalid credential date "{stated}". This date is not the same as X-Amz-Date: '
            f'"{actual}".',
        )
    raise refusals.refuse_incomplete(
        "The authorization header is malformed; Invalid credential date. "
        "Date is not the same as X-Amz-Date."
    )


def _duration(seconds: float) -> str:
    return f"{int(seconds // 60)} min" if seconds % 60 == 0 else f"{int(seconds)} sec"


def _iso(seconds: float) -> str:
    text = format_timestamp(seconds)
    return f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"
