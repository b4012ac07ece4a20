"""Signs what goes elsewhere, with the operator's key pair and botocore's signer."""

from collections.abc import Mapping
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ingle.elsewhere import Elsewhere

_UNRESERVED = "-_.~"
_PRESIGNED = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "awsaccesskeyid",
        "signature",
        "expires",
    }
)
"""The parameters of a query that sign it, of both versions."""


class _Given:
    """Takes the digest that is given, for the body may not be there yet."""

    digest = ""

    def payload(self, request: AWSRequest) -> str:
        return self.digest


class _Signer(_Given, SigV4Auth):  # type: ignore[misc]
    pass


class _S3Signer(_Given, S3SigV4Auth):  # type: ignore[misc]
    pass


def signed_headers(
    elsewhere: Elsewhere,
    signing_name: str,
    region: str,
    method: str,
    target: str,
    headers: Mapping[str, str],
    digest: str,
) -> dict[str, str]:
    """Return headers with a signature among them.

    Args:
        elsewhere: whose key pair signs.
        signing_name: the service's, as signatures have it.
        region: which the signature is for.
        method: the verb.
        target: path and query, encoded as `target_of` does.
        headers: those to send, without `Host`.
        digest: the body's SHA-256 in hex, or what stands for it.
    """
    request = AWSRequest(method=method, url=elsewhere.endpoint + target, headers=headers)
    token = elsewhere.session_token or None
    credentials = Credentials(elsewhere.access_key_id, elsewhere.secret_access_key, token)
    kind = _S3Signer if signing_name == "s3" else _Signer
    signer = kind(credentials, signing_name, region)
    signer.digest = digest
    signer.add_auth(request)
    return dict(request.headers.items())


def target_of(path: str, query: str) -> str:
    """Encode a path and a query as signatures have them, without what signed them before."""
    encoded = quote(unquote_to_bytes(path), safe="/" + _UNRESERVED)
    kept = []
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if unquote_plus(name).lower() not in _PRESIGNED:
            kept.append(_encoded(name) + equals + _encoded(value))
    return encoded + ("?" + "&".join(kept) if kept else "")


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe=_UNRESERVED)
