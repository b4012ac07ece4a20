"""The canonical form of a request, which both ends sign.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
and https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import functools
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

# Services that sign the path as it is: the key of an object may hold "//" or "..".
S3_SERVICES = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})

_UNRESERVED = "-_.~"


def canonical_path(path: str, service: str) -> str:
    """Bring a path, percent-encoded as it was sent, into canonical form.

    S3's stays as it is. Everybody else's loses its dot segments and empty segments, and is
    percent-encoded once more.
    """
    if service in S3_SERVICES:
        return path or "/"
    return _normalised(path) if len(path) > 512 else _cached(path)


def canonical_query(query: str, without: str | None = None) -> str:
    """Bring a raw query string into canonical form: decoded, encoded AWS's way, sorted.

    A plus sign is a space, as the SDKs' HTTP clients send it.

    Args:
        query: without the question mark.
        without: the name of a parameter to leave out, `X-Amz-Signature` of a presigned request.
    """
    if not query:
        return ""
    pairs = []
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            encoded = _encoded(name)
            if encoded != without:
                pairs.append((encoded, _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def canonical_headers(headers: Mapping[str, str], names: Iterable[str]) -> str:
    """List headers by name, one a line, with the runs of white space in them made one space.

    A header that was signed and not sent counts as empty, which only its signer could have meant.
    """
    # A list comprehension and " ".join are the fastest way there; this is on the hot path.
    return "".join([f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names])


def canonical_request(
    method: str, path: str, query: str, headers: str, signed_headers: str, payload_hash: str
) -> str:
    """Put the canonical parts together.

    Args:
        method: the verb.
        path: from `canonical_path`.
        query: from `canonical_query`.
        headers: from `canonical_headers`.
        signed_headers: their names, joined with ";".
        payload_hash: sha256 of the body in hex, or one of the words that stand for it.
    """
    return f"{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload_hash}"


def string_to_sign(timestamp: str, scope: str, canonical: str) -> str:
    """Make the string that the signing key signs.

    Args:
        timestamp: for instance 20260101T000000Z.
        scope: date/region/service/aws4_request.
        canonical: the canonical request.
    """
    digest = hashlib.sha256(_wire_bytes(canonical)).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


def sign(key: bytes, text: str) -> str:
    """Sign a text; the signature is 64 hex digits."""
    return hmac.digest(key, _wire_bytes(text), "sha256").hex()


def _wire_bytes(text: str) -> bytes:
    # What came over HTTP was decoded as Latin-1; this gives its bytes back.
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _encoded(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text
    return quote(unquote_to_bytes(_wire_bytes(text.replace("+", " "))), _UNRESERVED)


def _normalised(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if segments:
                segments.pop()
        elif segment and segment != ".":
            segments.append(segment)
    normalised = "/" + "/".join(segments)
    if segments and path.endswith("/"):
        normalised += "/"
    return quote(_wire_bytes(normalised), "/" + _UNRESERVED)


_cached = functools.lru_cache(maxsize=1024)(_normalised)
