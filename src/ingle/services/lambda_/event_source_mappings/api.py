"""The operations of AWS Lambda on event source mappings, one method each.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

from ingle.services.lambda_.event_source_mappings.operations import EventSourceMappings
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class MappingsApi:
    """This part of the Lambda service."""

    _mappings: EventSourceMappings

    async def create_event_source_mapping(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Have a function get the messages of a queue."""
        return await self._mappings.create(context, request)

    async def get_event_source_mapping(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe an event source mapping."""
        return await self._mappings.get(context, request)

    async def list_event_source_mappings(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List event source mappings."""
        return await self._mappings.listed(context, request)

    async def update_event_source_mapping(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change settings of an event source mapping."""
        return await self._mappings.update(context, request)

    async def delete_event_source_mapping(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete an event source mapping."""
        return await self._mappings.delete(context, request)
