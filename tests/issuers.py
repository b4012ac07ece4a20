"""A real OpenID Connect issuer on loopback: it serves its documents over TLS, and signs tokens."""

import base64
import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


class Issuer:
    """Signs tokens, and tells with which keys.

    Attributes:
        url: what it is known as.
        thumbprint: of its certificate, 40 hexadecimal digits.
        documents: what it answers, by path: a status and a body.
        asked: the paths that it was asked for.
    """

    def __init__(self, url: str, thumbprint: str) -> None:
        self.url = url
        self.thumbprint = thumbprint
        self.asked: list[str] = []
        self._answering = threading.Event()
        self._answering.set()
        self.keys: dict[str, Any] = {
            "rsa": rsa.generate_private_key(65537, 2048),
            "ec": ec.generate_private_key(ec.SECP256R1()),
        }
        discovery = {"issuer": url, "jwks_uri": url + KEYS}
        self.documents: dict[str, tuple[int, bytes]] = {
            DISCOVERY: (200, json.dumps(discovery).encode()),
        }
        self.publish(*self.keys)

    @property
    def name(self) -> str:
        """What IAM calls it: host and path."""
        return self.url.removeprefix("https://")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Answer nothing meanwhile."""
        self._answering.clear()
        try:
            yield
        finally:
            self._answering.set()

    def wait(self) -> None:
        """Return once it may answer."""
        self._answering.wait(60)

    def publish(self, *key_ids: str) -> None:
        """Tell of these keys and no others."""
        found = [_jwk(key_id, self.keys[key_id]) for key_id in key_ids]
        self.documents[KEYS] = (200, json.dumps({"keys": found}).encode())

    def claims(self, subject: str, audience: str) -> dict[str, Any]:
        """The claims of a token that is good from now on for ten minutes."""
        now = int(time.time())
        return {
            "iss": self.url,
            "sub": subject,
            "aud": audience,
            "iat": now,
            "exp": now + 600,
        }

    def sign(
        self,
        claims: Mapping[str, Any],
        key_id: str | None = "rsa",
        algorithm: str | None = None,
        key: Any = None,
    ) -> str:
        """Make a token."""
        algorithm = algorithm or ("ES256" if key_id == "ec" else "RS256")
        headers = {} if key_id is None else {"kid": key_id}
        signer = key or self.keys[key_id or "rsa"]
        return jwt.encode(dict(claims), signer, algorithm=algorithm, headers=headers)


@contextmanager
def serving(folder: Path) -> Iterator[Issuer]:
    """Serve an issuer, with a certificate that only its thumbprint vouches for."""
    certificate, thumbprint = _certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    issuer = Issuer(f"https://127.0.0.1:{server.server_address[1]}", thumbprint)
    server.issuer = issuer  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: Issuer = self.server.issuer  # type: ignore[attr-defined]
        issuer.wait()
        issuer.asked.append(self.path)
        status, body = issuer.documents.get(self.path, (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("location", body.decode())
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests read the documents that were asked for in `asked`."""


def _certificate(folder: Path) -> tuple[Path, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "issuer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    der = made.public_bytes(serialization.Encoding.DER)
    return path, hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _jwk(key_id: str, key: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        own = {"kty": "RSA", "n": _base64(numbers.n), "e": _base64(numbers.e)}
    else:
        own = {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64(numbers.x, 32),
            "y": _base64(numbers.y, 32),
        }
    return {"kid": key_id, "use": "sig", **own}


def _base64(number: int, length: int = 0) -> str:
    raw = number.to_bytes(max(length, (number.bit_length() + 7) // 8))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
