"""The operations on durable executions.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html and its
neighbours.
"""

import re
from typing import Any

from ingle.auth.authorizer import Authorizer
from ingle.invoke.durable.callbacks import Permit
from ingle.invoke.durable.engine import DurableExecutions
from ingle.invoke.durable.errors import ExecutionNotFound, InvalidUpdate
from ingle.invoke.durable.limits import ERROR_BYTES
from ingle.invoke.durable.model import ExecutionStatus
from ingle.invoke.durable.references import Reference
from ingle.invoke.durable.shapes import in_seconds
from ingle.invoke.durable.store import Filter
from ingle.invoke.durable.tokens import CallbackId
from ingle.invoke.durable.updates import error_size
from ingle.services import paging
from ingle.services.lambda_.durable import answers
from ingle.services.lambda_.errors import AccessDenied
from ingle.services.lambda_.lookup import find
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PAGE = 100
"""Items on a page whose size the request does not say."""
_ARN = re.compile(
    r"arn:[a-zA-Z0-9-]+:lambda:(?P<region>[a-zA-Z0-9-]+):(?P<account>\d{12}):function:"
    r"[^/]+/durable-execution/[^/]+/(?P<id>[^/]+)",
    re.ASCII,
)


class DurableOperations:
    """The operations.

    Args:
        store: knows which functions there are.
        executions: has their executions.
        authorizer: decides who may complete callbacks, whose ids do not tell what they are of.
    """

    def __init__(
        self, store: LambdaStore, executions: DurableExecutions, authorizer: Authorizer
    ) -> None:
        self._store = store
        self._executions = executions
        self._authorizer = authorizer

    async def checkpoint(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make the updates that a function sent."""
        answer = await self._executions.checkpoints.checkpoint(
            _reference(context, request, "CheckpointDurableExecution"),
            request["CheckpointToken"],
            request.get("ClientToken"),
            request.get("Updates", ()),
        )
        operations = [in_seconds(each) for each in answer.operations]
        output: ServiceOutput = {"NewExecutionState": {"Operations": operations}}
        return output if answer.token is None else output | {"CheckpointToken": answer.token}

    async def state(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a page of what a function needs to run again."""
        operations, after = await self._executions.checkpoints.state(
            _reference(context, request, "GetDurableExecutionState"),
            request["CheckpointToken"],
            _number(request.get("Marker")) or 0,
            request.get("MaxItems") or _PAGE,
        )
        output: ServiceOutput = {"Operations": [in_seconds(each) for each in operations]}
        return output if after is None else output | {"NextMarker": str(after)}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an execution."""
        execution = await self._executions.control.describe(
            _reference(context, request, "GetDurableExecution")
        )
        return answers.described(execution, include_data=request.get("IncludeExecutionData", True))

    async def history(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell what happened to an execution."""
        reference = _reference(context, request, "GetDurableExecutionHistory")
        most, after = request.get("MaxItems") or _PAGE, _number(request.get("Marker"))
        execution = await self._executions.control.describe(reference)
        events = await self._executions.control.history(
            execution,
            after,
            most + 1,
            newest_first=request.get("ReverseOrder", False),
        )
        include_data = request.get("IncludeExecutionData", True)
        output: ServiceOutput = {
            "Events": [
                answers.told(execution, *each, include_data=include_data) for each in events[:most]
            ]
        }
        if len(events) > most:
            output["NextMarker"] = str(events[most - 1][0].number)
        return output

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List executions of a function, the newest first unless the request says otherwise."""
        action = "lambda:ListDurableExecutionsByFunction"
        statuses = request.get("Statuses", ())
        if len(statuses) > 1:
            raise InvalidUpdate("Cannot filter by more than one status")
        function, qualifier = find(self._store, context, request, action)
        most, after = request.get("MaxItems") or _PAGE, _place(request.get("Marker"))
        status = next(iter(statuses), None)
        if status is not None and status not in set(ExecutionStatus):
            return {"DurableExecutions": []}  # an execution is deleted at once
        wanted = Filter(
            function.key,
            version=None if qualifier is None else function.version,
            name=request.get("DurableExecutionName"),
            status=None if status is None else ExecutionStatus(status),
            after_ms=_milliseconds(request.get("StartedAfter")),
            before_ms=_milliseconds(request.get("StartedBefore")),
            oldest_first=request.get("ReverseOrder", False),
        )
        found = await self._executions.control.find_all(wanted, after, most + 1)
        output: ServiceOutput = {"DurableExecutions": [answers.summary(e) for e in found[:most]]}
        if len(found) > most:
            last = found[most - 1]
            output["NextMarker"] = paging.encode(f"{last.started_ms}:{last.id}")
        return output

    async def stop(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End an execution."""
        reference = _reference(context, request, "StopDurableExecution")
        error = _checked_error(request.get("Error"))
        stopped_ms = await self._executions.control.stop_execution(reference, error)
        return {"StopTimestamp": stopped_ms / 1000}

    async def pause(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Have a function not be invoked for an execution until that is resumed."""
        await self._executions.control.pause(
            _reference(context, request, "PauseDurableExecution"),
            request.get("Reason"),
            request.get("ClientToken"),
            stops_timeout=request.get("ExecutionTimeoutPaused", False),
        )
        return {}

    async def resume(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End an execution's pause."""
        await self._executions.control.resume(
            _reference(context, request, "ResumeDurableExecution"),
            request.get("Reason"),
            request.get("ClientToken"),
        )
        return {}

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Forget an execution that is over."""
        deleted_ms = await self._executions.control.delete(
            _reference(context, request, "DeleteDurableExecution")
        )
        return {"DeletionRequestTimestamp": deleted_ms / 1000}

    async def succeed_callback(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Complete a callback with a result."""
        result = request.get("Result")
        try:
            text = None if result is None else result.decode()
        except UnicodeDecodeError as error:
            raise InvalidUpdate("Result must be text in UTF-8.") from error
        permit = self._permit(context, "SendDurableExecutionCallbackSuccess")
        await self._executions.callbacks.succeed(_callback(request), _owner(context), permit, text)
        return {}

    async def fail_callback(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Fail a callback."""
        error = _checked_error(request.get("Error"))
        permit = self._permit(context, "SendDurableExecutionCallbackFailure")
        await self._executions.callbacks.fail(_callback(request), _owner(context), permit, error)
        return {}

    async def beat(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Keep a callback from timing out for want of heartbeats."""
        permit = self._permit(context, "SendDurableExecutionCallbackHeartbeat")
        await self._executions.callbacks.beat(_callback(request), _owner(context), permit)
        return {}

    def _permit(self, context: CallContext, operation: str) -> Permit:
        return lambda arn: self._authorizer.require(context, f"lambda:{operation}", arn)


def _reference(context: CallContext, request: ServiceInput, operation: str) -> Reference:
    """Read which execution of the caller's a request is about.

    Raises:
        AccessDenied: the ARN is of another account.
        ExecutionNotFound: it is of another region.
    """
    arn = request["DurableExecutionArn"]
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ExecutionNotFound
    if match["account"] != context.account_id:
        raise AccessDenied(context.principal_arn, f"lambda:{operation}", arn)
    if match["region"] != context.region:
        raise ExecutionNotFound
    return Reference(arn, match["id"])


def _callback(request: ServiceInput) -> CallbackId:
    callback = CallbackId.read(request["CallbackId"])
    if callback is None:
        raise InvalidUpdate("Invalid callback id")
    return callback


def _owner(context: CallContext) -> tuple[str, str]:
    return context.account_id, context.region


def _checked_error(error: Any) -> dict[str, Any]:
    if error_size(error) > ERROR_BYTES:
        raise InvalidUpdate(f"Error object size must be less than or equal to {ERROR_BYTES} bytes.")
    return dict(error or {})


def _number(marker: str | None) -> int | None:
    """Read a marker that is a number."""
    if not marker:
        return None
    if not (marker.isascii() and marker.isdecimal() and len(marker) < 10):
        raise InvalidUpdate("Invalid Marker")
    return int(marker)


def _place(marker: str | None) -> tuple[int, str] | None:
    """Read the marker of a list."""
    if not marker:
        return None
    try:
        started_ms, _, last = paging.decode(marker).partition(":")
        return int(started_ms), last
    except ValueError as error:
        raise InvalidUpdate("Invalid Marker") from error


def _milliseconds(moment: float | None) -> int | None:
    return None if moment is None else int(moment * 1000)
