"""Starts durable executions, and waits for those whose callers do.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html and
https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
"""

from typing import Any

import orjson

from ingle.invoke.admission import Admission
from ingle.invoke.durable.engine import Beginning, DurableExecutions
from ingle.invoke.durable.model import Execution, ExecutionStatus
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.invocations import Invocations, check_active
from ingle.services.lambda_.limits import DURABLE, INVOCATION
from ingle.services.lambda_.lookup import Target
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.payloads import checked_event, checked_payload, client_context
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_MEMBERS = {
    "ErrorMessage": "errorMessage",
    "ErrorType": "errorType",
    "ErrorData": "errorData",
    "StackTrace": "stackTrace",
}


class DurableStarts:
    """Invoke, for durable functions.

    Args:
        executions: runs them.
        invocations: knows how a chain of invocations goes on.
        admission: says which invocations may run.
    """

    def __init__(
        self, executions: DurableExecutions, invocations: Invocations, admission: Admission
    ) -> None:
        self._executions = executions
        self._invocations = invocations
        self._admission = admission

    async def invoke(
        self, context: CallContext, request: ServiceInput, target: Target
    ) -> ServiceOutput:
        """Start an execution, or find the one of that name; answer what it comes to.

        An `Event` is answered once the execution is on disk; `DryRun` only checks.

        Raises:
            TooManyRequests: the caller would wait, and the concurrency is used up.
        """
        check_qualified(target)
        client_context(request.get("ClientContext"))
        function, kind = target.function, request.get("InvocationType")
        is_event = kind == "Event"
        sent = request.get("Payload")
        payload = checked_event(sent, INVOCATION.event_bytes) if is_event else checked_payload(sent)
        if not is_event:
            check_synchronous(function)
        if kind == "DryRun":
            return {"StatusCode": 204}
        check_active(function)
        if not is_event:
            self._admission.check(function.key, function.content_id)
        trace = context.request.headers.get("x-amzn-trace-id", "")
        execution = await self._begin(
            function,
            payload,
            self._invocations.trace(trace, context.request_id, function),
            name=request.get("DurableExecutionName"),
            is_event=is_event,
        )
        answer: ServiceOutput = {"DurableExecutionArn": execution.arn, "Payload": b""}
        if is_event:
            return answer | {"StatusCode": 202}
        ended = await self._executions.ended(execution.id)
        answer |= {
            "StatusCode": 200,
            "ExecutedVersion": execution.version,
            "Payload": answered(ended),
        }
        if ended.status is not ExecutionStatus.SUCCEEDED:
            answer["FunctionError"] = "Unhandled"
        return answer

    async def run(self, target: Target, payload: bytes, trace: str) -> tuple[bytes, bool]:
        """Start an execution and wait for it.

        Args:
            target: what is to run.
            payload: JSON.
            trace: the trace header that it gets.

        Returns:
            What the caller gets, and whether the execution has succeeded.

        Raises:
            InvalidParameterValue: one cannot wait for it, or it is none of a version.
            TooManyRequests: the concurrency is used up.
        """
        check_qualified(target)
        check_synchronous(target.function)
        self._admission.check(target.function.key, target.function.content_id)
        execution = await self._begin(target.function, payload, trace)
        ended = await self._executions.ended(execution.id)
        return answered(ended), ended.status is ExecutionStatus.SUCCEEDED

    async def start_event(
        self, target: Target, payload: bytes, request_id: str, trace: str
    ) -> None:
        """Start the execution of an event that was queued, which is named after its request.

        So it is not started again where the event is run twice.

        Raises:
            InvalidParameterValue: the event is for the function as a whole, and not for a version.
        """
        check_qualified(target)
        await self._begin(target.function, payload, trace, name=request_id, is_event=True)

    async def _begin(
        self,
        function: Function,
        payload: bytes,
        trace: str,
        *,
        name: str | None = None,
        is_event: bool = False,
    ) -> Execution:
        return await self._executions.begin(
            Beginning(
                function.key,
                function.version,
                name,
                payload.decode(),
                is_event,
                trace,
                function.durable_timeout_s or DURABLE.synchronous_s,
                function.durable_retention_days or DURABLE.retention_days,
            )
        )


def check_qualified(target: Target) -> None:
    """Check that a durable function is invoked as a version, so that it runs the same code again.

    Raises:
        InvalidParameterValue: it is not.
    """
    if target.function.is_durable and target.qualifier is None:
        raise InvalidParameterValue(
            "You cannot invoke a durable function using an unqualified ARN."
        )


def check_synchronous(function: Function) -> None:
    """Check that one may wait for the executions of a durable function.

    Raises:
        InvalidParameterValue: they may take too long.
    """
    if (function.durable_timeout_s or 0) > DURABLE.synchronous_s:
        raise InvalidParameterValue(
            "You cannot synchronously invoke a durable function with an executionTimeout greater "
            "than 15 minutes."
        )


def answered(execution: Execution) -> bytes:
    """Make the payload that the caller gets of an execution that is over."""
    if execution.status is ExecutionStatus.SUCCEEDED:
        return b"null" if execution.result is None else execution.result.encode()
    error: dict[str, Any] = dict(execution.error or {})
    return orjson.dumps({_MEMBERS[name]: value for name, value in error.items()})
