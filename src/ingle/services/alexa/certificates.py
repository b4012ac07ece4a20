"""The certificates that Alexa signs requests with, fetched from where a request says they are.

Source: https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-a-web-service.html
"""

import asyncio
import datetime
import posixpath
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from ingle.clock import Clock
from ingle.services.alexa.errors import NotFromAlexa

DOMAIN = "echo-api.amazon.com"
"""Whom the signing certificate must be for."""
_HOST, _FOLDER, _PORT = "s3.amazonaws.com", "/echo.api/", 443
_LONGEST_URL = 1024
_KEPT_S = 3600.0
_MOST_KEPT = 16
_AT_ONCE = 4
_FETCH_S = 5.0
_MAX_BYTES = 64 * 1024

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets what a URL leads to; raises OSError where that cannot be had."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A certificate's key, and until when it counts, by the monotonic clock."""

    key: RSAPublicKey
    until: float


class Certificates:
    """Fetches chains, checks them, and keeps their keys for a while.

    Args:
        clock: says which are valid, and how old what is kept is.
        fetch: gets what a URL leads to.
        roots: the authorities that are trusted, in DER; those of this machine.
    """

    def __init__(
        self,
        clock: Clock,
        fetch: Fetch | None = None,
        roots: Callable[[], Sequence[bytes]] | None = None,
    ) -> None:
        self._clock = clock
        self._fetch = fetch or _download
        self._roots = roots or _roots_of_this_machine
        self._store: Store | None = None
        self._known: OrderedDict[str, _Known] = OrderedDict()
        # Anybody can send requests, and each may name another chain.
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def key(self, url: str) -> RSAPublicKey:
        """Return the key of the certificate at a URL.

        Raises:
            NotFromAlexa: the URL is none of Alexa's, or the chain there is not good.
        """
        check_url(url)
        known = self._known.get(url)
        if known is not None and known.until > self._clock.monotonic():
            return known.key
        async with self._places:
            try:
                pem = await self._fetch(url)
            except OSError as error:
                raise NotFromAlexa(
                    f"The certificate chain at {url} could not be fetched: {error}"
                ) from error
        found = await asyncio.to_thread(self._checked, url, pem)
        self._known[url] = found
        self._known.move_to_end(url)
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return found.key

    def _checked(self, url: str, pem: bytes) -> _Known:
        now = datetime.datetime.fromtimestamp(self._clock.time(), datetime.UTC)
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem)
            if self._store is None:
                self._store = Store(_loaded(self._roots()))
            verifier = PolicyBuilder().store(self._store).time(now)
            verifier.build_server_verifier(x509.DNSName(DOMAIN)).verify(leaf, others)
        except (ValueError, VerificationError) as error:
            raise NotFromAlexa(
                f"The certificate chain at {url} is not a valid one for {DOMAIN}: {error}"
            ) from error
        key = leaf.public_key()
        if not isinstance(key, RSAPublicKey):
            raise NotFromAlexa(f"The certificate at {url} has no RSA key.")
        left_s = (leaf.not_valid_after_utc - now).total_seconds()
        return _Known(key, self._clock.monotonic() + min(_KEPT_S, left_s))


def check_url(url: str) -> None:
    """Check that Alexa's certificates may be at a URL, whatever `..` is in it.

    Raises:
        NotFromAlexa: they may not.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _not_alexas(url) from None
    path = posixpath.normpath(unquote(parts.path))
    if (
        len(url) > _LONGEST_URL
        or parts.scheme.lower() != "https"
        or (parts.hostname or "").lower() != _HOST
        or port not in (None, _PORT)
        or "@" in parts.netloc
        or not path.startswith(_FOLDER)
    ):
        raise _not_alexas(url)


def _not_alexas(url: str) -> NotFromAlexa:
    return NotFromAlexa(
        f"SignatureCertChainUrl {url[:_LONGEST_URL]!r} is not below https://{_HOST}{_FOLDER}."
    )


def _loaded(roots: Sequence[bytes]) -> list[x509.Certificate]:
    found = []
    for each in roots:
        try:
            found.append(x509.load_der_x509_certificate(each))
        except ValueError:  # one that this library refuses vouches for nobody
            continue
    return found


def _roots_of_this_machine() -> Sequence[bytes]:
    return ssl.create_default_context().get_ca_certs(binary_form=True)


async def _download(url: str) -> bytes:
    content = b""
    try:
        async with (
            asyncio.timeout(_FETCH_S),
            httpx.AsyncClient(timeout=_FETCH_S) as client,
            client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise OSError(f"the answer is {answer.status_code}")
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > _MAX_BYTES:
                    raise OSError(f"it has more than {_MAX_BYTES} bytes")
    except (httpx.HTTPError, TimeoutError) as error:
        raise OSError(str(error) or type(error).__name__) from error
    return content
