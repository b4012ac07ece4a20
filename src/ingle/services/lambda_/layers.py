"""Layers and their versions.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html,
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html.
"""

import logging
from collections.abc import Sequence

from ingle.clock import Clock
from ingle.services.lambda_ import answers
from ingle.services.lambda_.account import Account
from ingle.services.lambda_.code_sources import CodeSources
from ingle.services.lambda_.errors import InvalidParameterValue, NoSuchResource
from ingle.services.lambda_.limits import FUNCTION
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.locations import Locations
from ingle.services.lambda_.model import LayerKey, LayerVersion, UsedLayer
from ingle.services.lambda_.names import LayerReference, layer_reference, resolve_layer
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

logger = logging.getLogger(__name__)


class Layers:
    """The operations on layers, and the choice of those that a function has.

    Args:
        store: where they are kept.
        packages: where their zips are kept.
        account: says how much code the account may have.
        clock: tells when a version was published.
        locations: where the zips can be fetched.
        changing: the lock of each layer.
        sources: fetches their zips.
    """

    def __init__(
        self,
        store: LambdaStore,
        packages: Packages,
        account: Account,
        clock: Clock,
        locations: Locations,
        changing: KeyedLocks[LayerKey],
        sources: CodeSources,
    ) -> None:
        self._sources = sources
        self._store = store.layers
        self._packages = packages
        self._account = account
        self._clock = clock
        self._locations = locations
        self._changing = changing

    async def publish(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Publish a zip as the next version of a layer; no number is ever used twice."""
        reference = resolve_layer(request["LayerName"], context, "lambda:PublishLayerVersion")
        content = await self._sources.zip_file(
            context, request["Content"], "PublishLayerVersion", "Content.", "layer"
        )
        self._account.check_code_storage(reference.key, len(content))
        async with (
            self._packages.added(content, unpack=False) as package,
            self._changing(reference.key),
        ):
            version = LayerVersion(
                account_id=reference.account_id,
                region=reference.region,
                name=reference.name,
                version=self._store.last_version(reference.key) + 1,
                description=request.get("Description", ""),
                license_info=request.get("LicenseInfo"),
                runtimes=_list(request.get("CompatibleRuntimes")),
                architectures=_list(request.get("CompatibleArchitectures")),
                created_ms=int(self._clock.time() * 1000),
                package=package,
            )
            await self._store.add(version)
        return answers.layer_version(version, self._locations.of(package, context))

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a version of a layer, and where its zip can be fetched for ten minutes."""
        reference = resolve_layer(
            request["LayerName"], context, "lambda:GetLayerVersion", request["VersionNumber"]
        )
        return self._described(reference, context)

    async def get_by_arn(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Do as `get`, for the ARN of a version."""
        reference = resolve_layer(request["Arn"], context, "lambda:GetLayerVersion")
        return self._described(reference, context)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List layers by name, each with its newest version that fits, at most 50 a page."""
        newest: list[LayerVersion] = []
        for name in self._store.names(context.account_id, context.region):
            versions = self._fitting((context.account_id, context.region, name), request)
            newest += versions[:1]
        return listed(
            "Layers",
            newest,
            lambda each: each.name,
            lambda each: {
                "LayerName": each.name,
                "LayerArn": each.layer_arn,
                "LatestMatchingVersion": answers.listed_layer_version(each),
            },
            request,
            "ListLayers",
        )

    async def list_versions(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the versions of a layer that fit, the newest first, at most 50 a page."""
        reference = resolve_layer(request["LayerName"], context, "lambda:ListLayerVersions")
        return listed(
            "LayerVersions",
            self._fitting(reference.key, request),
            lambda each: f"{10**18 - each.version}",
            answers.listed_layer_version,
            request,
            "ListLayerVersions",
        )

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a version, if it is there; functions that have it keep it."""
        reference = resolve_layer(
            request["LayerName"], context, "lambda:DeleteLayerVersion", request["VersionNumber"]
        )
        async with self._changing(reference.key):
            version = self._store.get(reference.key, request["VersionNumber"])
            if version is None:
                return
            await self._store.remove(version)
        try:
            await self._packages.release(version.package.sha256)
        except Exception:
            # The version is gone for its users; the next start cleans up.
            logger.exception("The package of %s could not be deleted", version.arn)

    def chosen(self, arns: Sequence[str], context: CallContext) -> tuple[UsedLayer, ...]:
        """Find the layers that a function is to have, of whichever account.

        That the caller may use them was looked at before.

        For which runtimes and architectures a layer says that it is made is not looked at: to AWS
        too that only says which layers a list shows.

        Args:
            arns: the member Layers.
            context: the function is of its account and region.

        Raises:
            InvalidParameterValue: there are too many, one is of another region or does not exist,
                or two are versions of the same layer.
        """
        if len(arns) > FUNCTION.layers:
            raise InvalidParameterValue(f"Cannot reference more than {FUNCTION.layers} layers.")
        seen: dict[LayerKey, str] = {}
        layers = []
        for arn in arns:
            reference = layer_reference(arn, context)
            if reference.region != context.region:
                raise InvalidParameterValue(
                    "Layers are not in the same region as the function. Layers are expected to "
                    f"be in region {context.region}."
                )
            version = self._store.get(reference.key, reference.version or 0)
            if version is None:
                raise InvalidParameterValue(f"Layer version {arn} does not exist.")
            if reference.key in seen:
                raise InvalidParameterValue(
                    "Two different versions of the same layer are not allowed to be referenced in "
                    f"the same function. {seen[reference.key]} and {arn} are versions of the same "
                    "layer."
                )
            seen[reference.key] = arn
            layers.append(UsedLayer(version.arn, version.package))
        return tuple(layers)

    def _described(self, reference: LayerReference, context: CallContext) -> ServiceOutput:
        version = self._store.get(reference.key, reference.version or 0)
        if version is None:
            raise NoSuchResource
        return answers.layer_version(version, self._locations.of(version.package, context))

    def _fitting(self, key: LayerKey, request: ServiceInput) -> Sequence[LayerVersion]:
        runtime = request.get("CompatibleRuntime")
        architecture = request.get("CompatibleArchitecture")
        return [
            each
            for each in self._store.versions(key)
            if (runtime is None or runtime in (each.runtimes or ()))
            and (architecture is None or architecture in (each.architectures or ()))
        ]


def _list(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
