"""The operations of AWS Lambda on layers, one method each.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

from ingle.services.lambda_.layer_policies import LayerPolicies
from ingle.services.lambda_.layers import Layers
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class LayersApi:
    """This part of the Lambda service."""

    _layers: Layers
    _layer_policies: LayerPolicies

    async def publish_layer_version(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make the next version of a layer from a ZipFile."""
        return await self._layers.publish(context, request)

    async def get_layer_version(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a version of a layer, and where its zip can be fetched."""
        return await self._layers.get(context, request)

    async def get_layer_version_by_arn(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Do as GetLayerVersion, for the version with an ARN."""
        return await self._layers.get_by_arn(context, request)

    async def list_layers(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the layers of an account in a region, each with its newest version."""
        return await self._layers.list(context, request)

    async def list_layer_versions(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the versions of a layer, the newest first."""
        return await self._layers.list_versions(context, request)

    async def delete_layer_version(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a version of a layer; functions that have it keep it."""
        await self._layers.delete(context, request)

    async def add_layer_version_permission(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Add a statement to the policy of a version of a layer."""
        return await self._layer_policies.add(context, request)

    async def get_layer_version_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give the policy of a version of a layer."""
        return await self._layer_policies.get(context, request)

    async def remove_layer_version_permission(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Remove a statement from the policy of a version of a layer."""
        await self._layer_policies.remove(context, request)
