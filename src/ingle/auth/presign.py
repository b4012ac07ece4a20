"""Makes presigned URLs.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from urllib.parse import quote, urlsplit, urlunsplit

from ingle.auth.canonical import (
    ALGORITHM,
    EMPTY_SHA256,
    S3_SERVICES,
    UNSIGNED_PAYLOAD,
    canonical_path,
    canonical_query,
    canonical_request,
    sign,
    string_to_sign,
)
from ingle.auth.claims import MAX_EXPIRES_S, format_timestamp
from ingle.auth.keys import AccessKey, signing_key

_DEFAULT_PORTS = {"http": 80, "https": 443}


def presign_url(
    key: AccessKey,
    method: str,
    url: str,
    region: str,
    service: str,
    expires_s: int,
    now: float,
) -> str:
    """Sign a request without a body, so that whoever has the URL can make it.

    Args:
        key: who signs.
        method: the verb that the URL is good for.
        url: absolute, its path and query percent-encoded; without a fragment.
        region: the region of the signature's scope.
        service: the signing name of its scope, for instance `lambda`.
        expires_s: for how many seconds the URL is good, up to seven days.
        now: from when on, in seconds since the epoch.

    Raises:
        ValueError: `expires_s` is not between 1 and 604800.
    """
    if not 1 <= expires_s <= MAX_EXPIRES_S:
        raise ValueError(f"A presigned URL is good for 1 to {MAX_EXPIRES_S} s, not {expires_s}")
    parts = urlsplit(url)
    timestamp = format_timestamp(now)
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    fields = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{key.access_key_id}/{scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": "host",
    }
    if key.session_token is not None:
        fields["X-Amz-Security-Token"] = key.session_token
    signed = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in fields.items())
    query = f"{parts.query}&{signed}" if parts.query else signed
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    canonical = canonical_request(
        method,
        canonical_path(parts.path, service),
        canonical_query(query),
        f"host:{host}\n",
        "host",
        UNSIGNED_PAYLOAD if service in S3_SERVICES else EMPTY_SHA256,
    )
    derived = signing_key(key.secret_access_key, timestamp[:8], region, service)
    signature = sign(derived, string_to_sign(timestamp, scope, canonical))
    query = f"{query}&X-Amz-Signature={signature}"
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
