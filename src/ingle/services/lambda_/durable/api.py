"""The operations of AWS Lambda on durable executions, one method each.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

from typing import ClassVar

from ingle.services.lambda_.durable.executions import DurableOperations
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class DurableApi:
    """This part of the Lambda service."""

    # What a callback is of, only its execution tells, so these look for that first.
    decides: ClassVar[frozenset[str]] = frozenset(
        {
            "SendDurableExecutionCallbackSuccess",
            "SendDurableExecutionCallbackFailure",
            "SendDurableExecutionCallbackHeartbeat",
        }
    )
    _durable: DurableOperations

    async def checkpoint_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make the updates that a durable function sent."""
        return await self._durable.checkpoint(context, request)

    async def get_durable_execution_state(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a durable function what it needs to run again."""
        return await self._durable.state(context, request)

    async def get_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a durable execution."""
        return await self._durable.get(context, request)

    async def get_durable_execution_history(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell what happened to a durable execution."""
        return await self._durable.history(context, request)

    async def list_durable_executions_by_function(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the executions of a durable function."""
        return await self._durable.list(context, request)

    async def stop_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """End a durable execution."""
        return await self._durable.stop(context, request)

    async def pause_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Invoke a durable execution's function no more until it is resumed."""
        return await self._durable.pause(context, request)

    async def resume_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """End the pause of a durable execution."""
        return await self._durable.resume(context, request)

    async def delete_durable_execution(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Forget a durable execution that is over."""
        return await self._durable.delete(context, request)

    async def send_durable_execution_callback_success(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Complete a callback that a durable execution waits for."""
        return await self._durable.succeed_callback(context, request)

    async def send_durable_execution_callback_failure(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Fail a callback that a durable execution waits for."""
        return await self._durable.fail_callback(context, request)

    async def send_durable_execution_callback_heartbeat(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Keep a callback that a durable execution waits for from timing out."""
        return await self._durable.beat(context, request)
