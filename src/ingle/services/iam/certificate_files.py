"""Certificates and their private keys in PEM."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from ingle.services.iam.errors import KeyPairMismatch, MalformedCertificate


def check(body: str, chain: str | None, private_key: str) -> int:
    """Check a certificate and its key; return when it expires, in milliseconds; blocks.

    Raises:
        MalformedCertificate: one of them cannot be read.
        KeyPairMismatch: the key is of another certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificate(body.encode())
    except ValueError as error:
        raise MalformedCertificate(
            "Unable to parse certificate. Please ensure the certificate is in PEM format."
        ) from error
    try:
        if chain is not None:
            x509.load_pem_x509_certificates(chain.encode())
    except ValueError as error:
        raise MalformedCertificate(
            "Unable to parse certificate chain. Please ensure the certificates are in PEM format."
        ) from error
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise MalformedCertificate(
            "Unable to parse private key. Please ensure the key is in PEM format, without a "
            "passphrase."
        ) from error
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise KeyPairMismatch("The private key does not match the certificate.")
    return int(certificate.not_valid_after_utc.timestamp() * 1000)
