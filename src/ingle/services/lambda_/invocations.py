"""Invokes functions: from a request to the pool's sandboxes and back.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ingle.invoke import lineage
from ingle.invoke.metrics import Metric, MetricSink
from ingle.invoke.tracing import Tracer
from ingle.pool.spec import FunctionSpec
from ingle.runtimes.discovery import Interpreters
from ingle.runtimes.python.bootstrap import WRAPPER
from ingle.runtimes.python.supervisor import extensions_in
from ingle.services.lambda_.attachments import Attachments
from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    RecursiveInvocation,
    ResourceConflict,
)
from ingle.services.lambda_.images import Images, run_of
from ingle.services.lambda_.lookup import Target, find_target
from ingle.services.lambda_.model import ACTIVE, Function
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.payloads import checked_payload, client_context, log_result
from ingle.services.lambda_.recursion import may_loop
from ingle.services.lambda_.runtimes import check_still_there
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tenants import checked_tenant
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.invoker import InvocationResult, Invoker


StartDurable = Callable[[CallContext, ServiceInput, Target], Awaitable[ServiceOutput]]
"""Answers an Invoke of a durable function."""


class Invocations:
    """Runs functions, and knows what the pool knows of them.

    Args:
        store: where functions are kept.
        packages: where their code is.
        images: where it is, of container images.
        invoker: runs them.
        metrics: what takes measurements.
        tracer: makes trace headers.
        attachments: know which file systems there are.
        interpreters: tell which runtimes this machine has.
        start_durable: takes the invocations of durable functions.
    """

    def __init__(
        self,
        store: LambdaStore,
        packages: Packages,
        images: Images,
        invoker: "Invoker",
        metrics: MetricSink,
        tracer: Tracer,
        attachments: Attachments,
        interpreters: Interpreters,
        start_durable: StartDurable,
    ) -> None:
        self._interpreters = interpreters
        self._start_durable = start_durable
        self._store = store
        self._packages = packages
        self._images = images
        self._invoker = invoker
        self._metrics = metrics
        self._tracer = tracer
        self._attachments = attachments
        # By content id.
        self._specs: dict[str, FunctionSpec] = {}

    async def invoke(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Run a function and answer what it returned; `DryRun` only checks that it could be."""
        qualifier = request.get("Qualifier")
        # The plain name is what nearly every caller sends, and costs one look-up.
        function = self._store.get((context.account_id, context.region, request["FunctionName"]))
        if function is None or qualifier is not None:
            target = find_target(self._store, context, request, "lambda:InvokeFunction")
            function, qualifier = target.function, target.qualifier
        tenant_id = checked_tenant(function, request)
        if function.is_durable:
            return await self._start_durable(context, request, Target(function, qualifier))
        refuse_execution_name(request)
        payload = checked_payload(request.get("Payload"))
        decoded_context = client_context(request.get("ClientContext"))
        if request.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        check_active(function)
        sent = context.request.headers.get("x-amzn-trace-id", "")
        trace = context.trace = self.trace(sent, context.request_id, function)
        spec = self._specs.get(function.content_id) or await self._new_spec(function)
        if tenant_id is not None:
            spec = spec.for_tenant(tenant_id)
        tail = request.get("LogType") == "Tail"
        result = await self._invoker.invoke(
            spec,
            payload,
            request_id=context.request_id,
            invoked_arn=invoked_arn(function, qualifier),
            client_context=decoded_context,
            trace_id=trace,
            tail=tail,
        )
        answer: ServiceOutput = {
            "StatusCode": 200,
            "ExecutedVersion": function.version,
            "Payload": result.payload,
        }
        if result.function_error is not None:
            answer["FunctionError"] = result.function_error
        if tail:
            answer["LogResult"] = log_result(result.log_tail or b"")
        return answer

    async def spec(self, function: Function) -> FunctionSpec:
        """Return what the pool needs to know of a version; raise a ServiceError."""
        return self._specs.get(function.content_id) or await self._new_spec(function)

    async def run(
        self,
        function: Function,
        payload: bytes,
        *,
        request_id: str,
        invoked_arn: str,
        trace_id: str,
    ) -> "InvocationResult":
        """Run a version for something else than a request; raise a ServiceError.

        Args:
            function: the version.
            payload: the event, JSON.
            request_id: names this invocation.
            invoked_arn: as the caller named the version, for the context object.
            trace_id: the trace header that the function gets.
        """
        return await self._invoker.invoke(
            await self.spec(function),
            payload,
            request_id=request_id,
            invoked_arn=invoked_arn,
            trace_id=trace_id,
        )

    def prepare(self, function: Function) -> None:
        """Make the first cold start of a function's runtime quick."""
        self._invoker.prepare(function.program)

    def retire(self, function: Function) -> None:
        """End the sandboxes of a version that was replaced or deleted, once they are done."""
        self._specs.pop(function.content_id, None)
        self._invoker.drop(function.version_arn)

    def trace(self, sent: str, request_id: str, function: Function) -> str:
        """Make the trace header that the function gets of the one that its caller sent, or "".

        Raises:
            RecursiveInvocation: it would go on with a loop that has no end.
        """
        arn = function.arn
        if (
            sent
            and lineage.loops(sent, arn) >= lineage.LOOPS
            and not may_loop(self._store, function.key)
        ):
            self._metrics.record(Metric.RECURSIVE_INVOCATIONS_DROPPED, function.key)
            raise RecursiveInvocation
        return self._tracer.header(sent, arn, request_id, function.tracing)

    async def _new_spec(self, function: Function) -> FunctionSpec:
        mount = self._attachments.mount(function)
        image = function.image
        if image is None:
            await check_still_there(function.runtime, self._interpreters)
            digest, layers = function.package.sha256, function.layers
            merged = self._packages.merged(layers) or await self._packages.layers_ready(layers)
            extensions = await _extensions(merged)
            code = self._packages.folder(digest) or await self._packages.ready(digest)
        else:
            merged, code = None, await self._images.ready(image)
            extensions = await self._images.extensions(code)
        spec = FunctionSpec(
            account_id=function.account_id,
            region=function.region,
            name=function.name,
            version=function.version,
            arn=function.version_arn,
            runtime=function.program,
            handler=function.handler,
            role=function.role,
            memory_mb=function.memory_mb,
            timeout_s=function.timeout_s,
            environment=function.environment or {},
            ephemeral_mb=function.ephemeral_mb,
            code_dir=code,
            log_group=function.log_group,
            revision_id=function.content_id,
            log_format=function.log_format,
            application_log_level=function.application_log_level or "INFO",
            system_log_level=function.system_log_level or "INFO",
            layers_dir=merged,
            # A program that a wrapper script starts is no snapshot's.
            snap_start=has_snapshots(function)
            and not extensions
            and WRAPPER not in (function.environment or {}),
            extensions=extensions,
            tracing=function.tracing,
            mount=mount,
            image=None if image is None else run_of(image, function.image_overrides),
        )
        # It may have been replaced meanwhile.
        now = self._store.version(function.key, function.version)
        if now is not None and now.content_id == function.content_id:
            self._specs[function.content_id] = spec
        return spec


def check_active(function: Function) -> None:
    """Check that a version can be invoked.

    Raises:
        ResourceConflict: it is not ready yet, or never will be.
    """
    if function.state != ACTIVE:
        raise ResourceConflict(
            "The operation cannot be performed at this time. The function is currently in the "
            f"following state: {function.state}"
        )


def refuse_execution_name(request: ServiceInput) -> None:
    """Refuse a name for the execution of a function that is not durable.

    Raises:
        InvalidParameterValue: the request has one.
    """
    if "DurableExecutionName" in request:
        raise InvalidParameterValue(
            "You cannot specify a DurableExecutionName for a function that is not durable."
        )


def invoked_arn(function: Function, qualifier: str | None) -> str:
    """Name a version as its caller did, for the context object."""
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


async def _extensions(layers: Path | None) -> tuple[str, ...]:
    if layers is None:
        return ()
    return tuple(await asyncio.to_thread(extensions_in, str(layers / "extensions")))
