"""Tells durable executions what they run."""

from dataclasses import replace

from ingle.invoke.durable.errors import InvalidUpdate
from ingle.invoke.durable.functions import ChainedTarget, Run
from ingle.services.lambda_.durable.starts import check_qualified
from ingle.services.lambda_.invocations import Invocations, check_active
from ingle.services.lambda_.limits import DURABLE
from ingle.services.lambda_.lookup import existing, target
from ingle.services.lambda_.names import LATEST, Reference, function_arn, function_reference
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.errors import ServiceError

INVOKE = "lambda:InvokeFunction"


class DurableFunctions:
    """All functions, for the executions of some of them.

    Args:
        store: where they are kept.
        invocations: know what the pool needs to know of them.
        roles: know what they may invoke.
    """

    def __init__(self, store: LambdaStore, invocations: Invocations, roles: ExecutionRoles) -> None:
        self._roles = roles
        self._store = store
        self._invocations = invocations

    async def version(self, key: tuple[str, str, str], version: str) -> Run:
        """Find a version that is to be run.

        Raises:
            ServiceError: there is none, or it cannot be run now.
        """
        function = existing(self._store, Reference(*key, version))
        check_active(function)
        spec = await self._invocations.spec(function)
        return Run(spec, function_arn(*key, version))

    def chained(
        self,
        key: tuple[str, str, str],
        version: str,
        name: str,
        trace: str,
        request_id: str,
    ) -> ChainedTarget:
        """Find what a chained invocation is of.

        Raises:
            InvalidUpdate: it is a function of another account or region.
            ServiceError: there is no such function, the role of the one that asks may not invoke
                it, it cannot be invoked like this, or it is invoked in an endless loop.
        """
        account_id, region, _ = key
        reference = function_reference(name, account_id, region)
        if reference is None:
            raise InvalidUpdate(f"Invalid function ARN '{name}'")
        if reference.account_id != account_id:
            raise InvalidUpdate("Cannot start a CHAINED_INVOKE on a function in another account.")
        if reference.region != region:
            raise InvalidUpdate("Cannot start a CHAINED_INVOKE on a function in another region.")
        asking = self._store.version(key, version)
        fault = "" if asking is None else self._roles.may_not(asking, INVOKE, reference.arn)
        if fault:
            raise ServiceError(fault, code="AccessDeniedException", status=403)
        found = target(self._store, replace(reference, qualifier=reference.qualifier or LATEST))
        function = found.function
        check_qualified(replace(found, qualifier=reference.qualifier))
        return ChainedTarget(
            function.name,
            function.version,
            self._invocations.trace(trace, request_id, function),
            function.durable_timeout_s,
            function.durable_retention_days or DURABLE.retention_days,
        )
