"""Access keys, and the signing keys that are derived from them."""

import functools
import hmac
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key pair and whose it is.

    Attributes:
        access_key_id: the public half, without slashes or white space.
        secret_access_key: the secret half; never shown by `repr`.
        account_id: the account it acts in, twelve digits.
        principal_arn: who it is, for instance `arn:aws:iam::000000000000:root`.
        loopback_only: accept it only from this machine, and not for pages of other origins.
        session_token: the token that temporary credentials come with; None for lasting ones.
        expires_at: until when they are good, in seconds since the epoch; None for lasting ones.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str
    principal_arn: str
    loopback_only: bool = False
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None


class Identity(NamedTuple):
    """Who signed a request, and for where.

    Attributes:
        access_key_id: the key that signed.
        account_id: the account of the caller, twelve digits.
        principal_arn: the caller.
        region: the region of the signature's scope.
        service: the signing name of the signature's scope, for instance `lambda`.
    """

    access_key_id: str
    account_id: str
    principal_arn: str
    region: str
    service: str


# A key is good for one day, region and service; a busy server sees a few hundred of them.
@functools.lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Derive the key that signs requests of one day (YYYYMMDD), region and service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
