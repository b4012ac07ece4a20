"""Runs the pollers of event source mappings."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from ingle.clock import Clock
from ingle.invoke import lineage
from ingle.invoke.metrics import MetricSink
from ingle.invoke.pollers.poller import Plan, Poller
from ingle.invoke.pollers.target import Answer
from ingle.services.event_patterns import EventPattern
from ingle.services.lambda_.errors import ResourceNotFound
from ingle.services.lambda_.event_source_mappings.checks import ACTIONS
from ingle.services.lambda_.event_source_mappings.model import EventSourceMapping
from ingle.services.lambda_.invocations import Invocations, check_active, invoked_arn
from ingle.services.lambda_.lookup import Target, existing, target
from ingle.services.lambda_.names import Reference
from ingle.services.lambda_.queues import Queues
from ingle.services.lambda_.recursion import may_loop
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore

_logger = logging.getLogger("ingle.pollers")

RunDurable = Callable[[Target, bytes, str], Awaitable[tuple[bytes, bool]]]
"""Runs a durable function; returns what its caller gets, and whether it has succeeded."""
_DEFAULT_VISIBILITY_S = 30
_RETRIED = 0.5
"""For which part of the time that messages are hidden a batch that cannot be run is tried again."""


class MappedFunction:
    """The function of a mapping, as a poller knows it.

    Args:
        mapping: the mapping.
        store: knows the functions.
        invocations: run them.
        roles: know what their roles may do.
        run_durable: runs durable ones, and waits for them.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        store: LambdaStore,
        invocations: Invocations,
        roles: ExecutionRoles,
        run_durable: RunDurable,
    ) -> None:
        self._run_durable = run_durable
        self.function = mapping.key
        self._mapping = mapping
        self._reference = Reference(*mapping.key, mapping.qualifier or None)
        self._store = store
        self._invocations = invocations
        self._roles = roles

    def fault(self) -> str:
        """Say why the queue's messages may not be received; "" where they may."""
        try:
            function = existing(self._store, self._reference)
        except ResourceNotFound as error:
            return error.message
        arn = self._mapping.source_arn
        faults = (self._roles.may_not(function, f"sqs:{action}", arn) for action in ACTIONS)
        return next((each for each in faults if each), "")

    def loops(self, trace: str) -> bool:
        """Say whether a message is part of an endless loop that is to end."""
        if not trace:
            return False
        function = self._store.get(self._mapping.key)
        return (
            function is not None
            and lineage.loops(trace, function.arn) >= lineage.LOOPS
            and not may_loop(self._store, function.key)
        )

    async def run(self, payload: bytes, trace: str) -> Answer:
        """Run the version that the mapping leads to; raise a ServiceError."""
        found = target(self._store, self._reference)
        check_active(found.function)
        request_id = str(uuid.uuid4())
        trace = self._invocations.trace(trace, request_id, found.function)
        if found.function.is_durable:
            answer, succeeded = await self._run_durable(found, payload, trace)
            return Answer(not succeeded, answer)
        result = await self._invocations.run(
            found.function,
            payload,
            request_id=request_id,
            invoked_arn=invoked_arn(found.function, found.qualifier),
            trace_id=trace,
        )
        return Answer(result.function_error is not None, result.payload)


class Pollers:
    """One poller for each mapping that is enabled.

    Args:
        store: knows the functions.
        queues: have the messages.
        invocations: run functions.
        roles: know what their roles may do.
        metrics: what takes measurements.
        clock: the time of day.
        run_durable: runs durable functions, and waits for them.
    """

    def __init__(
        self,
        store: LambdaStore,
        queues: Queues,
        invocations: Invocations,
        roles: ExecutionRoles,
        metrics: MetricSink,
        clock: Clock,
        run_durable: RunDurable,
    ) -> None:
        self._run_durable = run_durable
        self._store = store
        self._queues = queues
        self._invocations = invocations
        self._roles = roles
        self._metrics = metrics
        self._clock = clock
        self._pollers: dict[str, Poller] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._stopped = False

    def begin(self, mapping: EventSourceMapping) -> None:
        """Poll for a mapping, if it is enabled and nothing does so yet."""
        if self._stopped or not mapping.enabled or mapping.uuid in self._pollers:
            return
        queue = self._queues.find(mapping.source_arn)
        hidden_s = _DEFAULT_VISIBILITY_S if queue is None else queue.settings.visibility_s
        plan = Plan(
            arn=mapping.source_arn,
            batch_size=mapping.batch_size,
            window_s=mapping.window_s,
            is_ordered=mapping.source_arn.endswith(".fifo"),
            filters=[EventPattern(each).matches for each in mapping.filters],
            reports=mapping.reports,
            most=mapping.most,
            pollers=mapping.pollers,
            hidden_s=hidden_s,
            retry_s=hidden_s * _RETRIED,
        )
        function = MappedFunction(
            mapping, self._store, self._invocations, self._roles, self._run_durable
        )
        self._pollers[mapping.uuid] = Poller(
            plan, self._queues, function, self._metrics, self._clock
        )

    def end(self, mapping: EventSourceMapping, then: Callable[[], None]) -> None:
        """Poll no more for a mapping; call something once what runs for it is over."""
        poller = self._pollers.pop(mapping.uuid, None)

        async def close() -> None:
            if poller is not None:
                await poller.close()
            then()

        task = asyncio.create_task(close(), name="end of a poller")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def stop(self) -> None:
        """Receive no more; what runs goes on."""
        self._stopped = True
        for each in self._pollers.values():
            each.stop()

    async def close(self) -> None:
        """Cut off what still runs; its messages come again."""
        self.stop()
        for task in self._ending:
            task.cancel()
        ended = [each.cut_off() for each in self._pollers.values()]
        await asyncio.gather(*ended, *self._ending, return_exceptions=True)

    async def finished(self) -> None:
        """Return once nothing runs any more."""
        await asyncio.gather(*(each.close() for each in self._pollers.values()))
