"""What functions ask of executions while they run: to checkpoint, and to learn the state.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html and
https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionState.html
"""

import uuid
from collections.abc import Sequence
from typing import Any

from ingle.invoke.durable.actives import Active, Checkpointed, Invocation, LastCheckpoint
from ingle.invoke.durable.errors import ExecutionNotFound, InvalidToken, InvalidUpdate
from ingle.invoke.durable.functions import ChainedTarget, Functions
from ingle.invoke.durable.history import tell
from ingle.invoke.durable.keeper import Keeper
from ingle.invoke.durable.model import Execution, Operation, OperationStatus, OperationType
from ingle.invoke.durable.references import Reference
from ingle.invoke.durable.shapes import page, shape_of, unseen
from ingle.invoke.durable.tokens import CheckpointToken
from ingle.invoke.durable.transitions import end_chained, new_execution, pass_time, pause
from ingle.invoke.durable.updates import Update, apply
from ingle.storage.tasks import finish
from ingle.wire.errors import ServiceError


class Checkpoints:
    """The operations that the SDKs call from within functions.

    Args:
        keeper: has the executions.
        functions: knows what chained invocations are of.
    """

    def __init__(self, keeper: Keeper, functions: Functions) -> None:
        self._keeper = keeper
        self._functions = functions

    async def checkpoint(
        self,
        reference: Reference,
        token: str,
        client_token: str | None,
        updates: Sequence[Update],
    ) -> Checkpointed:
        """Make the updates that a function sent; they are on disk when this returns.

        Where the caller is gone meanwhile, it can still ask for the answer again.

        Raises:
            InvalidToken: the token is not the current one of an invocation that runs.
            InvalidUpdate: an update cannot be made, and so none was.
        """
        return await finish(self._make(reference, token, client_token, updates))

    async def state(
        self, reference: Reference, token: str, after: int, most: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Read a page of what a function needs to run again.

        Args:
            reference: the execution.
            token: the current one.
            after: how many operations are passed over.
            most: how many a page has at most.

        Returns:
            Operations in AWS's form, times in milliseconds, and the next page's `after`, or None.

        Raises:
            InvalidToken: the token is not the current one of an invocation that runs.
        """
        sent = _token(reference, token)
        try:
            async with self._keeper.opened(reference.id) as (active, execution):
                reference.check(execution)
                _current(active, execution, sent)
                return page(execution, after, most)
        except ExecutionNotFound as error:
            raise InvalidToken from error

    async def _make(
        self,
        reference: Reference,
        token: str,
        client_token: str | None,
        updates: Sequence[Update],
    ) -> Checkpointed:
        sent = _token(reference, token)
        try:
            async with self._keeper.opened(reference.id) as (active, execution):
                reference.check(execution)
                last = active.invocation.last if active.invocation else None
                if last is not None and (last.token, last.client_token) == (token, client_token):
                    return last.answer
                invocation = _current(active, execution, sent)
                answer = self._checkpoint(active, execution, invocation, updates)
                await self._keeper.keep(active, execution)
                invocation.sequence += 1
                if client_token is not None and answer.token is not None:
                    invocation.last = LastCheckpoint(token, client_token, answer)
                return answer
        except ExecutionNotFound as error:
            raise InvalidToken from error

    def _checkpoint(
        self,
        active: Active,
        execution: Execution,
        invocation: Invocation,
        updates: Sequence[Update],
    ) -> Checkpointed:
        now_ms = self._keeper.now_ms()
        targets = {each["Id"]: self._target(execution, each) for each in updates if _chains(each)}
        for operation in apply(execution, updates, now_ms):
            _start_chained(execution, operation, targets[operation.id], now_ms)
        if not execution.is_closed:
            pass_time(execution, now_ms)
        if execution.is_paused:
            # What follows from here is for the next invocation.
            invocation.revoked = True
            execution.deferred = True
            pause(execution, now_ms)
            return Checkpointed(None, ())
        news = [shape_of(each) for each in unseen(execution)]
        execution.seen = execution.changes
        if execution.is_closed:
            return Checkpointed(None, news)
        following = CheckpointToken(execution.id, invocation.id, invocation.sequence + 1)
        return Checkpointed(str(following), news)

    def _target(self, execution: Execution, update: Update) -> ChainedTarget | ServiceError:
        options = update["ChainedInvokeOptions"]
        if "TenantId" in options:
            raise InvalidUpdate(
                "ChainedInvokeOptions.TenantId is not supported by this version of Ingle. Leave it "
                "out."
            )
        try:
            return self._functions.chained(
                (execution.account_id, execution.region, execution.function),
                execution.version,
                options["FunctionName"],
                options.get("XAmznTraceId") or execution.trace,
                str(uuid.uuid4()),
            )
        except InvalidUpdate:
            raise
        except ServiceError as error:
            return error


def _start_chained(
    execution: Execution, operation: Operation, target: ChainedTarget | ServiceError, now_ms: int
) -> None:
    details: dict[str, Any] = {"FunctionName": operation.function}
    if isinstance(target, ServiceError):
        # As AWS: what cannot be invoked has no input.
        operation.input = None
        tell(execution, "ChainedInvokeStarted", now_ms, operation, details)
        error = {"ErrorMessage": target.message, "ErrorType": target.error_code}
        end_chained(execution, operation, now_ms, OperationStatus.FAILED, None, error)
        return
    details["ExecutedVersion"] = target.version
    if target.timeout_s is None:
        operation.due_ms = now_ms
    else:
        child = new_execution(
            execution,
            operation,
            target.function,
            target.version,
            target.timeout_s,
            target.retention_days,
            target.trace,
            now_ms,
        )
        operation.child_id = child.id
        details["DurableExecutionArn"] = child.arn
        execution.children.append(child)
    tell(execution, "ChainedInvokeStarted", now_ms, operation, details, source="input")


def _chains(update: Update) -> bool:
    return update["Type"] == OperationType.CHAINED_INVOKE and "ChainedInvokeOptions" in update


def _token(reference: Reference, text: str) -> CheckpointToken:
    token = CheckpointToken.read(text)
    if token is None:
        raise InvalidToken
    if token.execution_id != reference.id:
        raise InvalidUpdate("Checkpoint token is not valid for the durable execution ARN")
    return token


def _current(active: Active, execution: Execution, token: CheckpointToken) -> Invocation:
    invocation = active.invocation
    if (
        execution.is_closed
        or invocation is None
        or invocation.revoked
        or (invocation.id, invocation.sequence) != (token.invocation_id, token.sequence)
    ):
        raise InvalidToken
    return invocation
