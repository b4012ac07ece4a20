"""Web identity tokens: the JSON Web Tokens of OpenID Connect issuers that an account trusts.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
and, for tags, https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

import logging
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jwt
import orjson

from ingle.auth.directory import Directory, OidcProvider
from ingle.clock import Clock
from ingle.services.sts.errors import (
    ExpiredWebIdentity,
    IdpCommunicationError,
    IdpRejectedClaim,
    InvalidIdentityToken,
)
from ingle.services.sts.issuers import Issuers, IssuerUnreachable, KeyNotFound
from ingle.services.sts.limits import LIMITS

T = TypeVar("T")

_logger = logging.getLogger("ingle.sts")

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_NO_JWT = (
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
)
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)
_NOT_VALIDATED = "The web identity token that was passed could not be validated."
# What issuers may say of a session; the second form is for those that cannot nest claims.
_TAGS = "https://aws.amazon.com/tags"
_FLAT_TAG = "https://aws.amazon.com/tags/principal_tags/"
_FLAT_TRANSITIVE = "https://aws.amazon.com/tags/transitive_tag_keys"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_SOURCE_IDENTITY_PATTERN = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_CLAIM_KEYS: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("claim_keys.toml").read_text("utf-8")
)


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """Who an issuer says that somebody is.

    Attributes:
        provider: the issuer.
        subject: `sub`.
        audience: whom the token is for.
        keys: condition keys, in lower case, such as `issuer.example.com:sub`.
        tags: session tags, as in a request of STS.
        transitive: the names of those that are to be handed on.
        source_identity: or None.
    """

    provider: OidcProvider
    subject: str
    audience: str
    keys: Mapping[str, tuple[str, ...]]
    tags: Sequence[Mapping[str, str]]
    transitive: Sequence[str]
    source_identity: str | None


class WebIdentities:
    """Verifies tokens.

    Args:
        directory: the issuers that accounts trust.
        clock: says what time it is.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._issuers = Issuers(clock)

    async def verify(self, token: str, account_id: str) -> WebIdentity:
        """Find out who somebody is.

        Args:
            token: as it was sent.
            account_id: whose issuers are trusted.

        Raises:
            InvalidIdentityToken: it is no token, of no issuer that is trusted, for somebody else,
                or not signed by its issuer.
            ExpiredWebIdentity: it has expired.
            IdpRejectedClaim: one of its claims is not what it may be.
            IdpCommunicationError: its issuer cannot be reached.
        """
        header, claims = _read(token)
        issuer = claims.get("iss")
        if not isinstance(issuer, str):
            raise InvalidIdentityToken(_NO_JWT)
        name = issuer.removeprefix("https://").rstrip("/")
        provider = None
        if issuer.startswith("https://"):
            provider = self._directory.oidc_provider(account_id, name)
        if provider is None:
            raise InvalidIdentityToken(
                f"No OpenIDConnect provider found in your account for {issuer}"
            )
        await self._check_signature(token, header, provider)
        self._check_times(claims)
        subject = _required(claims, "sub", str)
        if not 0 < len(subject) <= LIMITS.web_identity_subject:
            raise IdpRejectedClaim("The sub claim of the token is empty or too long.")
        audience = _audience(claims, provider)
        tags, transitive = _tags(claims)
        return WebIdentity(
            provider,
            subject,
            audience,
            _keys(name, claims, audience),
            tags,
            transitive,
            _source_identity(claims),
        )

    async def _check_signature(
        self, token: str, header: Mapping[str, Any], provider: OidcProvider
    ) -> None:
        try:
            key = await self._issuers.key(provider, header.get("kid"))
        except IssuerUnreachable as error:
            _logger.warning("the keys of an OIDC provider could not be fetched: %s", error)
            raise IdpCommunicationError(
                "The identity provider that was asked to verify the token could not be reached: "
                f"{provider.url}"
            ) from error
        except KeyNotFound as error:
            _logger.warning("the keys of an OIDC provider could not be used: %s", error)
            raise InvalidIdentityToken(_NO_KEY) from error
        try:
            jwt.PyJWS().decode(token, key, algorithms=list(ALGORITHMS))
        except jwt.PyJWTError as error:
            raise InvalidIdentityToken(_NOT_VALIDATED) from error

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._clock.time()
        expires = _required(claims, "exp", int)
        if expires <= now:
            raise ExpiredWebIdentity(
                f"Token expired: current date/time {int(now)} must be before the expiration "
                f"date/time {expires}"
            )
        latest = now + LIMITS.web_identity_skew
        for name in ("iat", "nbf"):
            if (name == "iat" or name in claims) and _required(claims, name, int) > latest:
                raise IdpRejectedClaim(f"The {name} claim of the token is in the future.")


def _read(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a token says, which nobody has verified."""
    try:
        header = jwt.get_unverified_header(token)
        parts = jwt.PyJWS().decode_complete(token, options={"verify_signature": False})
        claims = orjson.loads(parts["payload"])
    except (jwt.PyJWTError, orjson.JSONDecodeError) as error:
        raise InvalidIdentityToken(_NO_JWT) from error
    if not isinstance(claims, dict) or header.get("alg") not in ALGORITHMS:
        raise InvalidIdentityToken(_NO_JWT)
    return header, claims


def _required(claims: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = claims.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InvalidIdentityToken(f"Missing a required claim: {name}")
    return value


def _audience(claims: Mapping[str, Any], provider: OidcProvider) -> str:
    """Whom the token is for: the party that it was issued to, where it names one."""
    named = claims.get("azp", claims.get("aud"))
    for audience in named if isinstance(named, list) else [named]:
        if isinstance(audience, str) and audience in provider.client_ids:
            return audience
    raise InvalidIdentityToken("Incorrect token audience")


def _keys(issuer: str, claims: Mapping[str, Any], audience: str) -> Mapping[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {"aud": (audience,)}
    if "azp" in claims:
        keys["oaud"] = _texts(claims.get("aud"))
    for name in (*_CLAIM_KEYS["every_issuer"], *_CLAIM_KEYS["single"].get(issuer, ())):
        keys[name] = _texts(claims.get(name))
    return {f"{issuer.lower()}:{name}": values for name, values in keys.items() if values}


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))


def _tags(claims: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, str]], Sequence[str]]:
    nested = claims.get(_TAGS, {})
    if not isinstance(nested, dict) or not isinstance(nested.get("principal_tags", {}), dict):
        raise IdpRejectedClaim(f"The {_TAGS} claim of the token cannot be read.")
    tags: dict[str, Any] = dict(nested.get("principal_tags", {}))
    for name, value in claims.items():
        if name.startswith(_FLAT_TAG):
            tags[name.removeprefix(_FLAT_TAG)] = value
    transitive = claims.get(_FLAT_TRANSITIVE, nested.get("transitive_tag_keys", []))
    if len(_texts(transitive)) != (len(transitive) if isinstance(transitive, list) else 1):
        raise IdpRejectedClaim("The transitive_tag_keys of the token are not texts.")
    return [_tag(key, value) for key, value in tags.items()], _texts(transitive)


def _tag(key: str, value: Any) -> Mapping[str, str]:
    """One of the tags, whose value stands in a list of its own."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not 0 < len(key) <= 128 or len(value) > 256:
        raise IdpRejectedClaim(f"The value of the session tag {key} in the token is not a text.")
    return {"Key": key, "Value": value}


def _source_identity(claims: Mapping[str, Any]) -> str | None:
    value = claims.get(_SOURCE_IDENTITY)
    if value is not None and (
        not isinstance(value, str) or _SOURCE_IDENTITY_PATTERN.fullmatch(value) is None
    ):
        raise IdpRejectedClaim("The source identity of the token is not valid.")
    return value
