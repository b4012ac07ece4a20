"""The keys by which OpenID Connect issuers sign, fetched from them and kept for a while.

Sources: https://openid.net/specs/openid-connect-discovery-1_0.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
"""

import asyncio
import hashlib
import ssl
from dataclasses import dataclass, replace
from typing import Any

import httpx
import jwt
import orjson

from ingle.auth.directory import OidcProvider
from ingle.clock import Clock
from ingle.services.locks import KeyedLocks

FETCH_S = 5.0
"""How long discovery document and keys together may take."""
MAX_BYTES = 256 * 1024
"""How long each of the two may be."""
KEPT_S = 3600.0
"""How long keys are taken to be those of an issuer."""
AGAIN_S = 5.0
"""How soon an issuer is asked again that did not answer, or lacks the key that a token names:
anybody can send tokens."""
_DISCOVERY = "/.well-known/openid-configuration"
# Not compressed, for then the bound would not be one.
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


class IssuerUnreachable(Exception):
    """An issuer did not answer in time, or at all."""


class KeyNotFound(Exception):
    """An issuer's documents are not what they should be, or do not have the key."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What an issuer answered.

    Attributes:
        keys: its keys.
        until: for how long this counts, by the monotonic clock.
        again_at: from when on it may be asked once more, by the same clock.
        failure: why there are no keys, where the answer was no good.
    """

    keys: tuple[jwt.PyJWK, ...]
    until: float
    again_at: float
    failure: IssuerUnreachable | KeyNotFound | None = None

    def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key of that id; without an id, the only one."""
        if key_id is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((each for each in self.keys if each.key_id == key_id), None)


class Issuers:
    """Fetches keys.

    A certificate is good if one that this machine trusts vouches for it, or if its own thumbprint
    was registered with the provider.

    Args:
        clock: says how old what is kept is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, tuple[str, ...]], _Known] = {}
        self._fetching: KeyedLocks[str] = KeyedLocks()
        self._trusting = ssl.create_default_context()
        self._unverified = ssl.create_default_context()
        self._unverified.check_hostname = False
        self._unverified.verify_mode = ssl.CERT_NONE

    async def key(self, provider: OidcProvider, key_id: str | None) -> jwt.PyJWK:
        """Return a key of an issuer, from memory if it is there.

        Args:
            provider: the issuer as it was registered.
            key_id: the `kid` of a token; None where it has none.

        Raises:
            IssuerUnreachable: it did not answer in time.
            KeyNotFound: it answered something else, or has no such key.
        """
        known = self._find(provider)
        found = known.find(key_id) if known is not None else None
        if found is not None:
            return found
        async with self._fetching(provider.url):
            known = self._find(provider)
            if known is None or (known.find(key_id) is None and self._is_due(known)):
                known = await self._ask(provider, known)
                self._known[provider.url, provider.thumbprints] = known
        if known.failure is not None:
            raise known.failure.with_traceback(None)
        found = known.find(key_id)
        if found is None:
            raise KeyNotFound(f"{provider.url} has no key {key_id!r}")
        return found

    def _find(self, provider: OidcProvider) -> _Known | None:
        known = self._known.get((provider.url, provider.thumbprints))
        if known is not None and known.until > self._clock.monotonic():
            return known
        return None

    def _is_due(self, known: _Known) -> bool:
        return known.again_at <= self._clock.monotonic()

    async def _ask(self, provider: OidcProvider, known: _Known | None) -> _Known:
        """Ask for the keys; where there is no answer, those that are known go on to count."""
        try:
            keys = await self._fetch(provider)
        except (IssuerUnreachable, KeyNotFound) as failure:
            again_at = self._clock.monotonic() + AGAIN_S
            if known is not None:
                return replace(known, again_at=again_at)
            return _Known((), again_at, again_at, failure)
        now = self._clock.monotonic()
        return _Known(keys, now + KEPT_S, now + AGAIN_S)

    async def _fetch(self, provider: OidcProvider) -> tuple[jwt.PyJWK, ...]:
        try:
            async with asyncio.timeout(FETCH_S):
                discovery = await self._get(provider.url.rstrip("/") + _DISCOVERY, provider)
                if discovery.get("issuer", "").rstrip("/") != provider.url.rstrip("/"):
                    raise KeyNotFound(f"{provider.url} says that it is another issuer")
                document = await self._get(discovery["jwks_uri"], provider)
            return tuple(jwt.PyJWKSet.from_dict(document).keys)
        except (TimeoutError, httpx.TransportError) as error:
            raise IssuerUnreachable(f"{provider.url}: {error or 'no answer in time'}") from error
        except (AttributeError, KeyError, TypeError, jwt.PyJWTError, httpx.InvalidURL) as error:
            raise KeyNotFound(f"the documents of {provider.url} cannot be read") from error

    async def _get(self, url: str, provider: OidcProvider) -> dict[str, Any]:
        if httpx.URL(url).scheme != "https":
            raise KeyNotFound(f"{url} is not an https URL")
        try:
            return await _get(url, self._trusting)
        except httpx.ConnectError:
            if not provider.thumbprints:
                raise
            return await _get(url, self._unverified, provider.thumbprints)


async def _get(
    url: str, context: ssl.SSLContext, thumbprints: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Fetch a JSON object, over a connection whose certificate has one of these thumbprints."""
    body = bytearray()
    async with (
        httpx.AsyncClient(verify=context, timeout=FETCH_S, trust_env=False) as client,
        client.stream("GET", url, headers=_HEADERS) as response,
    ):
        if thumbprints is not None:
            connection = response.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = connection.getpeercert(binary_form=True)
            if hashlib.sha1(certificate, usedforsecurity=False).hexdigest() not in {
                each.lower() for each in thumbprints
            }:
                raise KeyNotFound(f"the certificate of {url} is not one that is trusted")
        if response.status_code != httpx.codes.OK:
            raise KeyNotFound(f"{url} answered {response.status_code}")
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MAX_BYTES:
                raise KeyNotFound(f"{url} answered more than {MAX_BYTES} bytes")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise KeyNotFound(f"{url} did not answer JSON") from error
    if not isinstance(value, dict):
        raise KeyNotFound(f"{url} did not answer a JSON object")
    return value
