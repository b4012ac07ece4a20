"""Invokes functions for callers who read the answer while it is written.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from ingle.invoke.invoker import InvocationResult
from ingle.invoke.streaming import StreamedInvocation, Streaming
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.invocations import Invocations, check_active, invoked_arn
from ingle.services.lambda_.lookup import find_target
from ingle.services.lambda_.payloads import checked_payload, client_context, log_result
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tenants import checked_tenant
from ingle.wire.http import close_stream
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

UNHANDLED = "Unhandled"
"""The code of a function that failed before it streamed anything."""


class ResponseStreams:
    """InvokeWithResponseStream.

    Args:
        store: where functions are kept.
        invocations: knows what the pool knows of them.
        streaming: runs them.
    """

    def __init__(self, store: LambdaStore, invocations: Invocations, streaming: Streaming) -> None:
        self._store = store
        self._invocations = invocations
        self._streaming = streaming

    async def invoke(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Run a function; answer as soon as it does. `DryRun` only checks that it could be run."""
        target = find_target(self._store, context, request, "lambda:InvokeFunction")
        function = target.function
        if function.is_durable:
            raise InvalidParameterValue(
                "You cannot invoke a durable function with a response stream. Use Invoke."
            )
        tenant_id = checked_tenant(function, request)
        payload = checked_payload(request.get("Payload"))
        decoded_context = client_context(request.get("ClientContext"))
        if request.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        check_active(function)
        sent = context.request.headers.get("x-amzn-trace-id", "")
        trace = context.trace = self._invocations.trace(sent, context.request_id, function)
        spec = await self._invocations.spec(function)
        if tenant_id is not None:
            spec = spec.for_tenant(tenant_id)
        tail = request.get("LogType") == "Tail"
        stream = await self._streaming.invoke(
            spec,
            payload,
            request_id=context.request_id,
            invoked_arn=invoked_arn(function, target.qualifier),
            client_context=decoded_context,
            trace_id=trace,
            tail=tail,
        )
        return {
            "StatusCode": 200,
            "ExecutedVersion": function.version,
            "EventStream": _events(stream),
        }


async def _events(stream: StreamedInvocation) -> AsyncIterator[Mapping[str, Any]]:
    pieces = stream.pieces()
    began = False
    try:
        async for piece in pieces:
            began = True
            yield {"PayloadChunk": {"Payload": piece}}
    finally:
        await close_stream(pieces)
    result = await stream.result()
    yield {"InvokeComplete": completion(result, began=began or stream.streamed)}


def completion(result: InvocationResult, *, began: bool) -> dict[str, str]:
    """Make the members of the event that ends a stream.

    Args:
        result: how the invocation came out.
        began: whether the function had begun to stream its answer: then the code of an error is
            its type, else `Unhandled`.
    """
    members = {}
    if result.function_error is not None:
        members["ErrorCode"] = (began and _error_type(result.payload)) or UNHANDLED
        members["ErrorDetails"] = result.payload.decode("utf-8", "replace")
    if result.log_tail is not None:
        members["LogResult"] = log_result(result.log_tail)
    return members


def _error_type(payload: bytes) -> str:
    try:
        error = orjson.loads(payload)
    except orjson.JSONDecodeError:  # user code can write to the channel too
        return ""
    kind = error.get("errorType") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) else ""
