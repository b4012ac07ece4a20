"""Invokes the functions of executions, and decides what becomes of them."""

import logging
import uuid
from typing import TYPE_CHECKING

import orjson

from ingle.invoke.durable import limits
from ingle.invoke.durable.actives import Active, Invocation
from ingle.invoke.durable.errors import ExecutionNotFound
from ingle.invoke.durable.functions import Functions
from ingle.invoke.durable.keeper import Keeper
from ingle.invoke.durable.model import (
    ErrorObject,
    Execution,
    ExecutionStatus,
    Operation,
    OperationStatus,
)
from ingle.invoke.durable.output import Ended, Lost, error_of, output_of
from ingle.invoke.durable.shapes import page, unseen
from ingle.invoke.durable.transitions import (
    close,
    end_chained,
    end_invocation,
    outcome_of,
    pass_time,
    pause,
    wake,
)
from ingle.invoke.errors import ShuttingDown
from ingle.invoke.events.retries import pause_s
from ingle.invoke.invoker import InvocationResult
from ingle.wire.errors import ServiceError

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_logger = logging.getLogger(__name__)

_CONFLICT, _TOO_MANY = 409, 429
RETRY_DELAYS_S = (5, 10, 20, 40)
"""After each time that an invocation failed; after one more, the execution fails."""
MOST_LOST = 3
"""Invocations in a row that say that they wait, and do not."""


class Runner:
    """Invokes functions for executions.

    Args:
        functions: knows them.
        invoker: runs them.
    """

    def __init__(self, functions: Functions, invoker: "Invoker") -> None:
        self._functions = functions
        self._invoker = invoker

    async def run(self, keeper: Keeper, id: str) -> None:
        """Invoke the function of an execution once, if it is to be; or tell its parent."""
        try:
            async with keeper.opened(id) as (active, execution):
                if active.invocation is not None or execution.ready_ms is None:
                    return
                if execution.is_closed:
                    await _tell_parent(keeper, active, execution)
                    return
                now_ms = keeper.now_ms()
                changed = pass_time(execution, now_ms)
                if execution.is_paused:
                    # The server ended before the invocation came to a checkpoint.
                    execution.deferred = True
                    pause(execution, now_ms)
                if changed or execution.is_closed or execution.is_paused:
                    await keeper.keep(active, execution)
                if execution.is_closed or execution.is_paused:
                    return
                invocation = active.invocation = Invocation(str(uuid.uuid4()), now_ms)
                try:
                    payload = _payload(execution, invocation)
                except BaseException:
                    active.invocation = None
                    raise
        except ExecutionNotFound:
            return
        result: InvocationResult | ServiceError | None = None
        try:
            result = await self._invoke(execution, invocation, payload)
        finally:
            async with keeper.opened(id) as (active, execution):
                active.invocation = None
                if result is not None:
                    _conclude(execution, invocation, keeper.now_ms(), result)
                    await keeper.keep(active, execution)

    async def call(self, keeper: Keeper, key: tuple[str, str]) -> None:
        """Invoke a function that is not durable for an operation of an execution."""
        execution_id, operation_id = key
        try:
            async with keeper.opened(execution_id) as (active, execution):
                operation = execution.operations[operation_id]
                due = (operation.due_ms or 0) <= keeper.now_ms()
                if execution.is_closed or not operation.is_plain_call or not due:
                    return
                active.calls.add(operation_id)
        except ExecutionNotFound:
            return
        result: InvocationResult | ServiceError | None = None
        try:
            result = await self._call(execution, operation)
        finally:
            async with keeper.opened(execution_id) as (active, execution):
                active.calls.discard(operation_id)
                operation = execution.operations[operation_id]
                if result is not None and operation.is_plain_call and not execution.is_closed:
                    _answered(execution, operation, keeper.now_ms(), result)
                    await keeper.keep(active, execution)

    async def _invoke(
        self, execution: Execution, invocation: Invocation, payload: bytes
    ) -> InvocationResult | ServiceError | None:
        """Return what an invocation came to; None where the server is stopping."""
        try:
            run = await self._functions.version(execution.function_key, execution.version)
            return await self._invoker.invoke(
                run.spec,
                payload,
                request_id=invocation.id,
                invoked_arn=run.invoked_arn,
                trace_id=execution.trace,
            )
        except ShuttingDown:
            return None
        except ServiceError as error:
            return error
        except Exception:
            _logger.exception("%s could not be invoked; it is tried again", execution.arn)
            return _broken()

    async def _call(
        self, execution: Execution, operation: Operation
    ) -> InvocationResult | ServiceError | None:
        request_id = str(uuid.uuid4())
        trace = operation.trace or execution.trace
        try:
            target = self._functions.chained(
                (execution.account_id, execution.region, execution.function),
                execution.version,
                operation.function or "",
                trace,
                request_id,
            )
            key = (execution.account_id, execution.region, target.function)
            run = await self._functions.version(key, target.version)
            return await self._invoker.invoke(
                run.spec,
                (operation.input or "{}").encode(),
                request_id=request_id,
                invoked_arn=run.invoked_arn,
                trace_id=target.trace,
            )
        except ShuttingDown:
            return None
        except ServiceError as error:
            return error
        except Exception:
            _logger.exception("%s could not invoke %s", execution.arn, operation.function)
            return _broken()


def _payload(execution: Execution, invocation: Invocation) -> bytes:
    """Make what an invocation is handed; the function knows all changes then."""
    operations, after = page(execution, 0, None)
    updated = [each.id for each in unseen(execution)]
    execution.seen = execution.changes
    return orjson.dumps(
        {
            "DurableExecutionArn": execution.arn,
            "CheckpointToken": invocation.token(execution.id),
            "InitialExecutionState": {
                "Operations": operations,
                "NextMarker": "" if after is None else str(after),
            },
            "UpdatedOperationIds": updated,
        }
    )


def _conclude(
    execution: Execution,
    invocation: Invocation,
    now_ms: int,
    result: InvocationResult | ServiceError,
) -> None:
    """Decide what becomes of an execution of which an invocation is over, or could not be."""
    if isinstance(result, ServiceError):
        if not execution.is_closed:
            _not_run(execution, now_ms, result)
        return
    started_ms, request_id = invocation.started_ms, invocation.id
    execution.refusals = 0
    if result.function_error is not None:
        error = error_of(result.payload, result.function_error)
        end_invocation(execution, started_ms, now_ms, request_id, error)
        if not execution.is_closed:
            _failed(execution, now_ms, error)
        return
    if execution.is_closed:
        end_invocation(execution, started_ms, now_ms, request_id)
        return
    output = output_of(execution, result.payload)
    if isinstance(output, Lost):
        end_invocation(execution, started_ms, now_ms, request_id, output.error)
        _failed(execution, now_ms, output.error, MOST_LOST)
        return
    execution.failures = 0
    if isinstance(output, Ended):
        end_invocation(execution, started_ms, now_ms, request_id, output.error)
        close(execution, output.status, now_ms, output.result, output.error)
        return
    end_invocation(execution, started_ms, now_ms, request_id)
    execution.ready_ms = None
    _go_on(execution, now_ms)


def _go_on(execution: Execution, now_ms: int) -> None:
    """Have an execution that waits paused if it is to be, or run again if there is news for it."""
    if execution.has_news:
        wake(execution, now_ms)
    pause(execution, now_ms)


def _failed(
    execution: Execution, now_ms: int, error: ErrorObject, most: int = len(RETRY_DELAYS_S) + 1
) -> None:
    execution.failures += 1
    if execution.failures >= most:
        close(execution, ExecutionStatus.FAILED, now_ms, error=error)
        return
    _retry(execution, now_ms, RETRY_DELAYS_S[execution.failures - 1])


def _not_run(execution: Execution, now_ms: int, error: ServiceError) -> None:
    """Try again what the function's concurrency did not allow; what is wrong for good, fails."""
    if _may_pass(error):
        execution.refusals += 1
        _retry(execution, now_ms, pause_s(execution.refusals))
    else:
        close(execution, ExecutionStatus.FAILED, now_ms, error=_told(error))


def _retry(execution: Execution, now_ms: int, delay_s: int) -> None:
    execution.ready_ms = None
    if execution.is_paused:
        execution.deferred = True
        pause(execution, now_ms)
    else:
        execution.retry_ms = now_ms + delay_s * 1000


def _answered(
    execution: Execution,
    operation: Operation,
    now_ms: int,
    result: InvocationResult | ServiceError,
) -> None:
    """Tell an execution what a function answered that it has invoked."""
    status, answer, error = OperationStatus.FAILED, None, None
    if isinstance(result, ServiceError):
        if _may_pass(result):
            operation.refusals += 1
            operation.due_ms = now_ms + pause_s(operation.refusals) * 1000
            execution.touched.add(operation.id)
            return
        error = _told(result)
    elif result.function_error is not None:
        error = error_of(result.payload, result.function_error)
    elif len(result.payload) > limits.PAYLOAD_BYTES:
        error = {
            "ErrorMessage": "CHAINED_INVOKE output payload size must be less than or equal to "
            f"{limits.PAYLOAD_BYTES} bytes."
        }
    else:
        try:
            status, answer = OperationStatus.SUCCEEDED, result.payload.decode()
        except UnicodeDecodeError:
            error = {"ErrorMessage": "CHAINED_INVOKE response could not be decoded as UTF-8."}
            status = OperationStatus.FAILED
    end_chained(execution, operation, now_ms, status, answer, error)
    wake(execution, now_ms)


async def _tell_parent(keeper: Keeper, child_active: Active, child: Execution) -> None:
    """Tell the execution that invoked this one of its end."""
    try:
        async with keeper.opened(child.parent_id or "") as (active, parent):
            operation = parent.operations.get(child.parent_operation_id or "")
            open_still = operation is not None and operation.status is OperationStatus.STARTED
            if operation is not None and open_still and not parent.is_closed:
                now_ms = keeper.now_ms()
                end_chained(parent, operation, now_ms, *outcome_of(child))
                if active.invocation is None:
                    wake(parent, now_ms)
                await keeper.keep(active, parent)
    except ExecutionNotFound:
        pass
    child.ready_ms = None
    await keeper.keep(child_active, child)


def _may_pass(error: ServiceError) -> bool:
    status = error.http_status or 500
    return status in (_CONFLICT, _TOO_MANY) or status >= 500


def _told(error: ServiceError) -> ErrorObject:
    return {"ErrorMessage": error.message, "ErrorType": error.error_code}


def _broken() -> ServiceError:
    return ServiceError("The function could not be run.", code="ServiceException", status=500)
