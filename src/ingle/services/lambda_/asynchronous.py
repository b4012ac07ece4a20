"""Takes events for functions, which are run later.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and
https://docs.aws.amazon.com/lambda/latest/api/API_InvokeAsync.html.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from ingle.invoke.events.event import BacklogKey, Settings
from ingle.invoke.events.functions import Target
from ingle.invoke.events.queue import EventQueue
from ingle.invoke.tracing import Tracer
from ingle.services.lambda_.concurrency import Concurrency
from ingle.services.lambda_.invocations import (
    Invocations,
    StartDurable,
    check_active,
    invoked_arn,
    refuse_execution_name,
)
from ingle.services.lambda_.limits import INVOCATION
from ingle.services.lambda_.lookup import Target as Found
from ingle.services.lambda_.lookup import find_target, target
from ingle.services.lambda_.names import LATEST, Reference, function_arn
from ingle.services.lambda_.payloads import checked_event, client_context
from ingle.services.lambda_.recursion import may_loop
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tenants import checked_tenant
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

StartEvent = Callable[[Found, bytes, str, str], Awaitable[None]]
"""Starts an execution of a durable function: with a payload, a request id and a trace header."""


class Asynchronous:
    """The operations that hand over events.

    Args:
        store: where functions are kept.
        queue: takes the events.
        tracer: decides which are traced.
        start_durable: takes those of durable functions.
    """

    def __init__(
        self, store: LambdaStore, queue: EventQueue, tracer: Tracer, start_durable: StartDurable
    ) -> None:
        self._start_durable = start_durable
        self._store = store
        self._queue = queue
        self._tracer = tracer

    async def invoke(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Accept an event; it is on disk when this returns.

        The client context is checked and goes no further: AWS passes it on for synchronous
        invocations only.
        """
        found = self._find(context, request)
        tenant_id = checked_tenant(found.function, request)
        if found.function.is_durable:
            return await self._start_durable(context, request, found)
        refuse_execution_name(request)
        client_context(request.get("ClientContext"))
        payload = checked_event(request.get("Payload"), INVOCATION.event_bytes)
        await self._accept(context, found, payload, tenant_id)
        return {"StatusCode": 202, "Payload": b""}

    async def invoke_async(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Do as `invoke`, as the API of 2014 had it."""
        found = self._find(context, request)
        tenant_id = checked_tenant(found.function, request)
        if found.function.is_durable:
            event = {"InvocationType": "Event", "Payload": request["InvokeArgs"]}
            await self._start_durable(context, event, found)
            return {"Status": 202}
        payload = checked_event(request["InvokeArgs"], INVOCATION.invoke_async_bytes)
        await self._accept(context, found, payload, tenant_id)
        return {"Status": 202}

    def _find(self, context: CallContext, request: ServiceInput) -> Found:
        return find_target(self._store, context, request, "lambda:InvokeFunction")

    async def _accept(
        self, context: CallContext, found: Found, payload: bytes, tenant_id: str | None
    ) -> None:
        function = found.function
        check_active(function)
        sent = context.request.headers.get("x-amzn-trace-id", "")
        await self._queue.accept(
            (*function.key, found.qualifier or ""),
            payload,
            request_id=context.request_id,
            trace=self._tracer.decided(sent, function.arn, context.request_id, function.tracing),
            tenant_id=tenant_id or "",
        )


class EventFunctions:
    """Tells the queue what events run, and how they are treated.

    Args:
        store: where functions are kept.
        invocations: know what the pool needs to know of them.
        concurrency: knows which are switched off.
        start_event: starts executions of durable functions.
    """

    def __init__(
        self,
        store: LambdaStore,
        invocations: Invocations,
        concurrency: Concurrency,
        start_event: StartEvent,
    ) -> None:
        self._start_event = start_event
        self._store = store
        self._invocations = invocations
        self._concurrency = concurrency

    def settings(self, key: BacklogKey) -> Settings:
        """Say how events are treated; the defaults also where there is no such function."""
        qualifier = "" if key[3] == LATEST else key[3]
        config = self._store.event_configs.get(key[:3], qualifier)
        settings = Settings() if config is None else config.settings
        dead_letter = self._dead_letter(key)
        return replace(settings, dead_letter=dead_letter) if dead_letter else settings

    def _dead_letter(self, key: BacklogKey) -> str | None:
        function = self._store.get(key[:3])
        if function is not None and key[3] not in ("", LATEST):
            alias = self._store.aliases.get(key[:3], key[3])
            version = key[3] if alias is None else alias.function_version
            function = self._store.version(key[:3], version)
        return None if function is None else function.dead_letter

    def qualified_arn(self, key: BacklogKey) -> str:
        """Name whose events these are, with `$LATEST` where they have no qualifier."""
        return function_arn(*key[:3], key[3] or LATEST)

    async def target(self, key: BacklogKey) -> Target:
        """Find what the next event is to run.

        Raises:
            ServiceError: there is no such function, or it cannot be run now.
        """
        account_id, region, name, qualifier = key
        found = target(self._store, Reference(account_id, region, name, qualifier or None))
        check_active(found.function)
        spec = await self._invocations.spec(found.function)
        return Target(
            spec,
            found.function.arn,
            invoked_arn(found.function, found.qualifier),
            may_loop(self._store, found.function.key),
            self._concurrency.reserved(found.function) == 0,
            found.function.tenant_isolation is not None,
            partial(self._start_event, found) if found.function.is_durable else None,
        )
