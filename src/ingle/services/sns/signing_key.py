"""The key that messages are signed with, and the certificate that tells of it."""

import base64
import datetime
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

_BITS = 2048
_YEARS_10 = datetime.timedelta(days=3650)
_HOST = "sns.amazonaws.com"
# AWS signs with SHA-1 where a topic does not say otherwise.
_HASHES = {"1": SHA1, "2": SHA256}


class SigningKey:
    """Signs.

    Args:
        pem: an RSA key, as `make` makes it.
    """

    def __init__(self, pem: bytes) -> None:
        key = load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def sign(self, texts: Sequence[bytes], version: str) -> list[str]:
        """Sign texts; return a signature each, in Base64. Blocks.

        Args:
            texts: what is signed.
            version: `1` or `2`.
        """
        chosen = _HASHES[version]()
        signed = (self._key.sign(each, padding.PKCS1v15(), chosen) for each in texts)
        return [base64.b64encode(each).decode("ascii") for each in signed]


def make(now: float) -> tuple[bytes, str]:
    """Make a key and a certificate for it, which it signs itself; blocks."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _HOST)])
    begin = datetime.datetime.fromtimestamp(now, datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - datetime.timedelta(days=1))
        .not_valid_after(begin + _YEARS_10)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_HOST)]), critical=False)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, certificate.public_bytes(Encoding.PEM).decode("ascii")
