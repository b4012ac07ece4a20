"""Verifies presigned URLs of S3 in the older signature version, which boto3 still makes by default.

Nothing else that is signed so is taken. Source:
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote, unquote_plus

from ingle.auth.canonical import S3_SERVICES
from ingle.auth.claims import Claim, ServiceFinder
from ingle.auth.errors import S3, s3_error
from ingle.wire.buckets import target_of
from ingle.wire.http import Request

REGION = "us-east-1"
"""Where S3 takes such URLs; they do not say for which region they are."""

_NAMES = ("AWSAccessKeyId", "Signature", "Expires")
_DIGITS = 12
# The parameters that are part of the resource.
_SIGNED = frozenset(
    [
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    ]
)


def is_presigned(request: Request, find_service: ServiceFinder) -> bool:
    """Say whether a request claims to be signed so, and may be to S3."""
    query = request.query
    if not ("AWSAccessKeyId=" in query and "Signature=" in query):
        return False
    return find_service(request) in (None, *S3_SERVICES)


def read_claim(request: Request) -> Claim:
    """Read who claims to have signed a URL.

    Raises:
        ServiceError: something of it is missing.
    """
    fields = _fields(request.query)
    if not all(fields.get(name) for name in _NAMES):
        raise s3_error(
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters",
            403,
        )
    text = fields["Expires"]
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise s3_error("AccessDenied", f"Invalid date (should be seconds since epoch): {text}", 403)
    return Claim(
        access_key_id=fields["AWSAccessKeyId"],
        date="",
        region=REGION,
        service="s3",
        signed_headers="",
        signature=fields["Signature"],
        timestamp=text,
        signed_at=float(text),
        token=fields.get("x-amz-security-token") or request.headers.get("x-amz-security-token"),
        presigned=True,
    )


def check(request: Request, claim: Claim, secret: str, now: float) -> None:
    """Verify a URL.

    Args:
        request: the request.
        claim: what `read_claim` read.
        secret: the key's.
        now: the time, in seconds since the epoch.

    Raises:
        ServiceError: it has expired, or the signature is wrong.
    """
    if now > claim.signed_at:
        raise s3_error("AccessDenied", "Request has expired", 403, Expires=claim.timestamp)
    fields = _fields(request.query)
    text = _to_sign(request, fields, claim)
    expected = sign(text, secret)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise S3.refuse_signature(claim.access_key_id, claim.signature, text, "")


def from_form(fields: Mapping[str, str]) -> Claim | None:
    """Read who claims to have signed a form so; None if it is signed otherwise.

    Args:
        fields: of the form, by lower-case name.
    """
    if not fields.get("awsaccesskeyid") or not fields.get("signature"):
        return None
    token = fields.get("x-amz-security-token")
    key_id, signature = fields["awsaccesskeyid"], fields["signature"]
    return Claim(key_id, "", REGION, "s3", "", signature, "", 0.0, token)


def sign(text: str, secret: str) -> str:
    """Sign a text with a key's secret."""
    digest = hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def _to_sign(request: Request, fields: Mapping[str, str], claim: Claim) -> str:
    # What was to be sent in headers may stand in the query instead.
    sent = {**fields, **request.headers}
    own = {name.lower(): value for name, value in sent.items() if name.lower().startswith("x-amz-")}
    headers = "".join(f"{name}:{' '.join(own[name].split())}\n" for name in sorted(own))
    parts = [
        request.method,
        sent.get("content-md5", ""),
        sent.get("content-type", ""),
        claim.timestamp,
        headers + _resource(request),
    ]
    return "\n".join(parts)


def _resource(request: Request) -> str:
    signed = []
    for pair in request.query.split("&"):
        name, equals, value = pair.partition("=")
        if unquote(name) in _SIGNED:
            signed.append(unquote(name) + (f"={unquote_plus(value)}" if equals and value else ""))
    path = target_of(request)
    if path.count("/") == 1:  # a bucket alone
        path += "/"
    return path + ("?" + "&".join(sorted(signed)) if signed else "")


def _fields(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        found.setdefault(unquote_plus(name), unquote_plus(value))
    return found
