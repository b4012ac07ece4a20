"""Invocations by other services, which a function's policy must allow.

When a bucket, a topic or a rule has a function run, it is the service that calls, for instance
`s3.amazonaws.com`: it has no policies of its own, so the function's policy decides, by what it is
told of the source.
Source: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.auth.verdicts import Ruling
from ingle.iam.authorize import Decision
from ingle.iam.principal import Principal, service_principal
from ingle.iam.request import Values
from ingle.invoke.events.event import Event
from ingle.invoke.events.queue import EventQueue
from ingle.services.lambda_.destinations import function_reference
from ingle.services.lambda_.errors import AccessRefused
from ingle.services.lambda_.invocations import Invocations, check_active, invoked_arn
from ingle.services.lambda_.limits import INVOCATION
from ingle.services.lambda_.lookup import Target, target
from ingle.services.lambda_.names import INVOKE
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.errors import RequestTooLarge

if TYPE_CHECKING:
    from ingle.invoke.invoker import InvocationResult


@dataclass(frozen=True, slots=True)
class Source:
    """What a service has a function run for.

    Attributes:
        service: the service's principal, for instance `s3.amazonaws.com`.
        arn: the bucket, topic, rule, …: `aws:SourceArn`; None where there is none.
        account_id: whose that is: `aws:SourceAccount`; None where it is nobody's.
        event_source_token: of an Alexa skill: `lambda:EventSourceToken`; None where there is none.
    """

    service: str
    arn: str | None = None
    account_id: str | None = None
    event_source_token: str | None = None


class ServiceInvocations:
    """Runs functions for other services.

    Args:
        store: where functions are kept.
        authorizer: decides by their policies.
        invocations: runs functions.
        queue: takes events for them.
    """

    def __init__(
        self,
        store: LambdaStore,
        authorizer: Authorizer,
        invocations: Invocations,
        queue: EventQueue,
    ) -> None:
        self._store = store
        self._authorizer = authorizer
        self._invocations = invocations
        self._queue = queue

    def may_invoke(self, source: Source, function_arn: str) -> Decision:
        """Decide whether a service may invoke a function, a version or an alias.

        Args:
            source: who calls, and for what.
            function_arn: with the qualifier, if there is one: a policy counts for what it is of.
        """
        return self._decide(source, function_arn).decision

    async def invoke(
        self, source: Source, function_arn: str, payload: bytes, *, trace: str = ""
    ) -> "InvocationResult":
        """Run a function for a service, and return how that came out.

        Args:
            source: who calls, and for what.
            function_arn: with the qualifier, if there is one.
            payload: the event, JSON.
            trace: the trace header that came along, or "".

        Raises:
            AccessRefused: the function's policy does not allow it.
            ServiceError: there is no such function, or it cannot be run now.
        """
        self._check(source, function_arn)
        found = target(self._store, function_reference(function_arn))
        check_active(found.function)
        request_id = str(uuid.uuid4())
        return await self._invocations.run(
            found.function,
            payload,
            request_id=request_id,
            invoked_arn=invoked_arn(found.function, found.qualifier),
            trace_id=self._invocations.trace(trace, request_id, found.function),
        )

    async def invoke_for_skill(
        self, services: Sequence[str], token: str, function_arn: str, payload: bytes
    ) -> "InvocationResult":
        """Run a function for an Alexa skill, and return how that came out.

        Args:
            services: what the service's principal may be called; one that may invoke is enough.
            token: the skill's id.
            function_arn: with the qualifier, if there is one.
            payload: the event, JSON.

        Raises:
            AccessRefused: the function's policy allows none of them.
            ServiceError: there is no such function, or it cannot be run now.
        """
        sources = [Source(each, event_source_token=token) for each in services]
        allowed = (each for each in sources if self.may_invoke(each, function_arn).allowed)
        return await self.invoke(next(allowed, sources[0]), function_arn, payload)

    async def enqueue(
        self, source: Source, function_arn: str, payload: bytes, *, trace: str = ""
    ) -> str:
        """Accept an event for a function from a service; it is on disk when this returns.

        Args:
            source: who calls, and for what.
            function_arn: with the qualifier, if there is one.
            payload: the event, JSON.
            trace: the trace header that came along, or "".

        Returns:
            The request id that the function runs with.

        Raises:
            AccessRefused: the function's policy does not allow it.
            ServiceError: there is no such function, or it cannot be run now.
        """
        self._check(source, function_arn)
        found = target(self._store, function_reference(function_arn))
        check_active(found.function)
        request_id = str(uuid.uuid4())
        await self._queue.accept(
            (*found.function.key, found.qualifier or ""),
            payload,
            request_id=request_id,
            trace=trace,
        )
        return request_id

    def prepared(
        self,
        function_arn: str,
        payload: bytes,
        *,
        service: str,
        source_arn: str,
        source_account: str,
        trace: str = "",
    ) -> Event:
        """Make an event, which `add_all` accepts.

        Args:
            function_arn: with the qualifier, if there is one.
            payload: the event, JSON.
            service: the principal of the service, for instance `sns.amazonaws.com`.
            source_arn: what it has the function run for.
            source_account: whose that is.
            trace: the trace header that came along, or "".

        Raises:
            AccessRefused: the function's policy does not allow it.
            ServiceError: there is no such function, or it cannot be run now.
        """
        ruling = self._decide(Source(service, source_arn, source_account), function_arn)
        found = self._found(ruling, function_arn)
        check_active(found.function)
        return self._event(found, payload, trace)

    async def add_all(
        self, connection: AsyncConnection, events: Sequence[Event], *, reversible: bool
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        """Accept events within a transaction.

        Args:
            connection: the transaction's.
            events: made by `prepared`.
            reversible: whether somebody calls the second of what is returned. Events start sooner
                then.

        Returns:
            What is to be called after its commit, and what is where there is none.
        """
        await self._queue.add_all(connection, events, announced=reversible)
        return partial(self._queue.added, events), partial(self._queue.lost, events)

    async def add(
        self,
        connection: AsyncConnection,
        caller: Principal,
        keys: Mapping[str, Values],
        function_arn: str,
        payload: bytes,
        *,
        trace: str = "",
    ) -> Callable[[], None]:
        """Accept an event within a transaction.

        Args:
            connection: the transaction's.
            caller: a service, or the session of a role that one has assumed.
            keys: condition keys in lower case, for instance `aws:sourcearn`.
            function_arn: with the qualifier, if there is one.
            payload: the event, JSON.
            trace: the trace header that came along, or "".

        Returns:
            What is to be called once it is committed.

        Raises:
            AccessRefused: the caller may not invoke it.
            ServiceError: there is no such function, or it takes no such event.
        """
        ruling = self._authorizer.rule(caller, INVOKE, function_arn, keys)
        found = self._found(ruling, function_arn)
        if len(payload) > INVOCATION.event_bytes:
            raise RequestTooLarge(
                f"The event has {len(payload)} bytes, and may have {INVOCATION.event_bytes}."
            )
        events = [self._event(found, payload, trace)]
        await self._queue.add_all(connection, events)
        return partial(self._queue.added, events)

    def _found(self, ruling: Ruling, function_arn: str) -> Target:
        self._allow(ruling)
        return target(self._store, function_reference(function_arn))

    def _event(self, found: Target, payload: bytes, trace: str) -> Event:
        return self._queue.prepared(
            (*found.function.key, found.qualifier or ""),
            payload,
            request_id=str(uuid.uuid4()),
            trace=trace,
        )

    def _check(self, source: Source, function_arn: str) -> None:
        self._allow(self._decide(source, function_arn))

    def _allow(self, ruling: Ruling) -> None:
        fault = self._authorizer.fault_of(ruling)
        if fault:
            raise AccessRefused(fault)

    def _decide(self, source: Source, function_arn: str) -> Ruling:
        caller = service_principal(source.service)
        return self._authorizer.rule(caller, INVOKE, function_arn, _keys(source))


def _keys(source: Source) -> dict[str, tuple[str, ...]]:
    known = {
        "aws:sourcearn": source.arn,
        "aws:sourceaccount": source.account_id,
        "lambda:eventsourcetoken": source.event_source_token,
    }
    return {key: (value,) for key, value in known.items() if value is not None}
