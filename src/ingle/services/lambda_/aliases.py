"""Aliases: names for versions of a function, which can be moved from one version to another.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html,
https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from ingle.services.lambda_ import answers
from ingle.services.lambda_.concurrency import Concurrency
from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
)
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Alias, Function, FunctionKey
from ingle.services.lambda_.names import LATEST, Reference, resolve_latest
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Aliases:
    """The operations on aliases.

    An alias leads to versions that exist, and to nothing else: they cannot be deleted meanwhile.

    Args:
        store: where they are kept.
        changing: the lock of each function.
        concurrency: what is provisioned for an alias follows it.
    """

    def __init__(
        self, store: LambdaStore, changing: KeyedLocks[FunctionKey], concurrency: Concurrency
    ) -> None:
        self._store = store
        self._changing = changing
        self._concurrency = concurrency

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an alias of a version, or of two that share its invocations."""
        reference = resolve_latest(request["FunctionName"], context, "lambda:CreateAlias")
        async with self._changing(reference.key):
            self._version(reference, request["FunctionVersion"])
            there = self._store.aliases.get(reference.key, request["Name"])
            if there is not None:
                raise ResourceConflict(f"Alias already exists: {there.arn}")
            alias = Alias(
                key=reference.key,
                name=request["Name"],
                function_version=request["FunctionVersion"],
                description=request.get("Description", ""),
                additional=_weights(request) or {},
                revision_id=str(uuid.uuid4()),
            )
            self._check_routing(reference, alias)
            await self._store.aliases.put(alias)
        return answers.alias(alias)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an alias."""
        reference = resolve_latest(request["FunctionName"], context, "lambda:GetAlias")
        return answers.alias(self._existing(reference, request["Name"]))

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Move an alias to another version, or change its weights or description.

        Every invocation that begins after the answer goes where the alias leads then.
        """
        reference = resolve_latest(request["FunctionName"], context, "lambda:UpdateAlias")
        async with self._changing(reference.key):
            alias = self._existing(reference, request["Name"])
            expected = request.get("RevisionId")
            if expected and expected != alias.revision_id:
                raise PreconditionFailed
            weights = _weights(request)
            updated = replace(
                alias,
                function_version=request.get("FunctionVersion", alias.function_version),
                description=request.get("Description", alias.description),
                additional=alias.additional if weights is None else weights,
                revision_id=str(uuid.uuid4()),
            )
            self._version(reference, updated.function_version)
            self._check_routing(reference, updated)
            await self._store.aliases.put(updated)
            await self._concurrency.apply(reference.key)
        return answers.alias(updated)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an alias, if it is there, and what belongs to it; its versions stay."""
        reference = resolve_latest(request["FunctionName"], context, "lambda:DeleteAlias")
        async with self._changing(reference.key):
            existing(self._store, replace(reference, qualifier=None))
            alias = self._store.aliases.get(reference.key, request["Name"])
            if alias is not None:
                await self._store.remove_alias(alias)
                await self._concurrency.apply(reference.key)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List a function's aliases by name, or those that lead to a version, at most 50 a page."""
        reference = resolve_latest(request["FunctionName"], context, "lambda:ListAliases")
        existing(self._store, replace(reference, qualifier=None))
        version = request.get("FunctionVersion")
        aliases = [
            each
            for each in self._store.aliases.list(reference.key)
            if version is None or each.leads_to(version)
        ]
        return listed(
            "Aliases", aliases, lambda each: each.name, answers.alias, request, "ListAliases"
        )

    def _existing(self, reference: Reference, name: str) -> Alias:
        existing(self._store, replace(reference, qualifier=None))
        alias = self._store.aliases.get(reference.key, name)
        if alias is None:
            raise replace(reference, qualifier=name).alias_not_found()
        return alias

    def _version(self, reference: Reference, version: str) -> Function:
        function = self._store.version(reference.key, version)
        if function is None:
            raise replace(reference, qualifier=version).not_found()
        return function

    def _check_routing(self, reference: Reference, alias: Alias) -> None:
        if len(alias.additional) > 1:
            raise InvalidParameterValue(
                "Number of items in AdditionalVersionWeights cannot be greater than 1"
            )
        for version in alias.additional:
            if version == alias.function_version:
                raise InvalidParameterValue(
                    f"Invalid function version {version}. Function version {version} is already "
                    "included in routing configuration."
                )
            if alias.function_version == LATEST:
                raise InvalidParameterValue(
                    "$LATEST is not supported for an alias pointing to more than 1 version"
                )
            first = self._version(reference, alias.function_version)
            if self._version(reference, version).role != first.role:
                raise InvalidParameterValue(
                    "Specified versions must be associated with the same execution role"
                )


def _weights(request: ServiceInput) -> Mapping[str, float] | None:
    """Read the weights that a request sets, none where it empties them; None if it says nothing."""
    if "RoutingConfig" not in request:
        return None
    weights: Mapping[str, float] = request["RoutingConfig"].get("AdditionalVersionWeights", {})
    return weights
