"""OpenID Connect providers, whose tokens AssumeRoleWithWebIdentity takes."""

import dataclasses
from collections.abc import Iterable
from urllib.parse import urlsplit

from ingle.services.iam import tags
from ingle.services.iam.errors import (
    EntityAlreadyExists,
    InvalidInput,
    NoSuchEntity,
    ValidationError,
    over_quota,
)
from ingle.services.iam.limits import ACCOUNT, EACH
from ingle.services.iam.model import OidcProvider
from ingle.services.iam.operations import Operations, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_NAME = ":oidc-provider/"


class OidcProviderOperations(Operations):
    """The operations on OpenID Connect providers and their tags."""

    async def create_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Trust the tokens of an issuer that are for one of some clients."""
        url = request["Url"]
        name = _issuer(url)
        thumbprints = _thumbprints(request.get("ThumbprintList", ()))
        clients = tuple(dict.fromkeys(request.get("ClientIDList", ())))
        _check_clients(clients)
        async with self._locked(context):
            if self._store.oidc_providers.get(context.account_id, name) is not None:
                raise EntityAlreadyExists(f"Provider with url {url} already exists.")
            if self._store.oidc_providers.count(context.account_id) >= ACCOUNT.oidc_providers:
                raise over_quota("OpenIdConnectProvidersPerAccount", ACCOUNT.oidc_providers)
            provider = OidcProvider(
                account_id=context.account_id,
                name=name,
                client_ids=clients,
                thumbprints=thumbprints,
                created_ms=self._now_ms(),
                tags=tags.read(request.get("Tags", ())),
            )
            await self._store.change(put=[provider])
        answer: ServiceOutput = {"OpenIDConnectProviderArn": provider.arn}
        if provider.tags:
            answer["Tags"] = tags.answer(provider.tags)
        return answer

    async def get_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell of a provider."""
        provider = self._provider(context, request)
        return {
            "Url": provider.name,
            "ClientIDList": list(provider.client_ids),
            "ThumbprintList": list(provider.thumbprints),
            "CreateDate": seconds(provider.created_ms),
            "Tags": tags.answer(provider.tags),
        }

    async def list_open_id_connect_providers(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the providers."""
        every = self._store.oidc_providers.list(context.account_id)
        return {"OpenIDConnectProviderList": [{"Arn": each.arn} for each in every]}

    async def delete_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Trust an issuer no longer; tokens that it gave out are refused at once."""
        arn = request["OpenIDConnectProviderArn"]
        async with self._locked(context):
            provider = self._find(context, arn)
            if provider is None:
                raise NoSuchEntity(f"OpenId connect Provider {arn} cannot be found.")
            await self._store.change(remove=[provider])

    async def add_client_id_to_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Accept the tokens for another client; does nothing where they are."""
        async with self._locked(context):
            provider = self._provider(context, request)
            clients = tuple(dict.fromkeys((*provider.client_ids, request["ClientID"])))
            _check_clients(clients)
            await self._store.change(put=[dataclasses.replace(provider, client_ids=clients)])

    async def remove_client_id_from_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Accept the tokens for a client no longer; does nothing where they are not."""
        async with self._locked(context):
            provider = self._provider(context, request)
            clients = tuple(each for each in provider.client_ids if each != request["ClientID"])
            await self._store.change(put=[dataclasses.replace(provider, client_ids=clients)])

    async def update_open_id_connect_provider_thumbprint(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Change the thumbprints of a provider."""
        thumbprints = _thumbprints(request["ThumbprintList"])
        async with self._locked(context):
            provider = self._provider(context, request)
            await self._store.change(put=[dataclasses.replace(provider, thumbprints=thumbprints)])

    async def tag_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Add tags to a provider."""
        async with self._locked(context):
            provider = self._provider(context, request)
            new = tags.merged(provider.tags, request["Tags"])
            await self._store.change(put=[dataclasses.replace(provider, tags=new)])

    async def untag_open_id_connect_provider(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Take tags from a provider."""
        async with self._locked(context):
            provider = self._provider(context, request)
            left = tags.without(provider.tags, request["TagKeys"])
            await self._store.change(put=[dataclasses.replace(provider, tags=left)])

    async def list_open_id_connect_provider_tags(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a provider."""
        return tags.listed(self._provider(context, request).tags, request)

    def _provider(self, context: CallContext, request: ServiceInput) -> OidcProvider:
        arn = request["OpenIDConnectProviderArn"]
        provider = self._find(context, arn)
        if provider is None:
            raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
        return provider

    def _find(self, context: CallContext, arn: str) -> OidcProvider | None:
        _, found, name = arn.partition(_NAME)
        if not found:
            raise InvalidInput(f"{arn} is not the ARN of an OpenID Connect provider.")
        provider = self._store.oidc_providers.get(context.account_id, name)
        return provider if provider is not None and provider.arn == arn else None


def _issuer(url: str) -> str:
    """Return the name of the provider with this URL: without the scheme.

    Raises:
        ValidationError: it is not the URL of an issuer.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment or parts.username is not None:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return url.partition("://")[2].rstrip("/")


def _thumbprints(given: Iterable[str]) -> tuple[str, ...]:
    thumbprints = tuple(dict.fromkeys(given))
    if len(thumbprints) > EACH.thumbprints_per_provider:
        raise InvalidInput(
            f"Thumbprint list must contain fewer than {EACH.thumbprints_per_provider} entries."
        )
    return thumbprints


def _check_clients(clients: tuple[str, ...]) -> None:
    if len(clients) > EACH.client_ids_per_provider:
        raise over_quota("ClientIdsPerOpenIdConnectProvider", EACH.client_ids_per_provider)
