"""What those ask who complete callbacks.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html
"""

from collections.abc import Callable

from ingle.invoke.durable.actives import Active
from ingle.invoke.durable.errors import CallbackOver, ExecutionNotFound
from ingle.invoke.durable.keeper import Keeper
from ingle.invoke.durable.model import (
    ErrorObject,
    Execution,
    Operation,
    OperationStatus,
    OperationType,
)
from ingle.invoke.durable.tokens import CallbackId
from ingle.invoke.durable.transitions import (
    beat,
    complete_callback,
    fail_callback,
    pass_time,
    wake,
)

Permit = Callable[[str], None]
"""Raises an error where the caller may not complete callbacks of the execution with this ARN."""


class Callbacks:
    """The operations on callbacks.

    Args:
        keeper: has the executions.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def succeed(
        self, id: CallbackId, owner: tuple[str, str], permit: Permit, result: str | None
    ) -> None:
        """Complete a callback; its execution goes on.

        Args:
            id: which one.
            owner: the account and region of whoever completes it.
            permit: refuses those who may not.
            result: with what.

        Raises:
            ExecutionNotFound: there is no such execution.
            CallbackOver: it is completed, failed or timed out.
            ServiceError: what `permit` raises.
        """
        async with self._keeper.opened(id.execution_id) as (active, execution):
            operation = await self._callback(active, execution, id, owner, permit)
            now_ms = self._keeper.now_ms()
            complete_callback(execution, operation, now_ms, result)
            await self._go_on(active, execution, now_ms)

    async def fail(
        self, id: CallbackId, owner: tuple[str, str], permit: Permit, error: ErrorObject
    ) -> None:
        """Fail a callback; its execution goes on.

        Raises:
            ExecutionNotFound, CallbackOver, ServiceError: as `succeed`.
        """
        async with self._keeper.opened(id.execution_id) as (active, execution):
            operation = await self._callback(active, execution, id, owner, permit)
            now_ms = self._keeper.now_ms()
            fail_callback(execution, operation, now_ms, error)
            await self._go_on(active, execution, now_ms)

    async def beat(self, id: CallbackId, owner: tuple[str, str], permit: Permit) -> None:
        """Note that whoever is to complete a callback is still at it.

        Raises:
            ExecutionNotFound, CallbackOver, ServiceError: as `succeed`.
        """
        async with self._keeper.opened(id.execution_id) as (active, execution):
            operation = await self._callback(active, execution, id, owner, permit)
            beat(operation, self._keeper.now_ms())
            execution.touched.add(operation.id)
            await self._keeper.keep(active, execution)

    async def _callback(
        self,
        active: Active,
        execution: Execution,
        id: CallbackId,
        owner: tuple[str, str],
        permit: Permit,
    ) -> Operation:
        if owner != (execution.account_id, execution.region):
            raise ExecutionNotFound
        permit(execution.arn)
        now_ms = self._keeper.now_ms()
        if pass_time(execution, now_ms):
            await self._go_on(active, execution, now_ms)
        operation = execution.operations.get(id.operation_id)
        if (
            execution.is_closed
            or operation is None
            or operation.type is not OperationType.CALLBACK
            or operation.status is not OperationStatus.STARTED
        ):
            if execution.told:
                await self._keeper.keep(active, execution)
            raise CallbackOver
        return operation

    async def _go_on(self, active: Active, execution: Execution, now_ms: int) -> None:
        if active.invocation is None:
            wake(execution, now_ms)
        await self._keeper.keep(active, execution)
