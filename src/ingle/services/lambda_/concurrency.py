"""Reserved and provisioned concurrency.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html,
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
"""

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from ingle.clock import Clock
from ingle.services.lambda_ import answers
from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    ProvisionedConcurrencyConfigNotFound,
    ResourceConflict,
)
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.limits import ACCOUNT
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function, FunctionKey, OwnConcurrency
from ingle.services.lambda_.names import LATEST, Reference, function_arn, resolve, resolve_whole
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tenants import check_not_isolated
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_logger = logging.getLogger("ingle.concurrency")


class Concurrency:
    """The operations on what functions have of an account's concurrency for themselves.

    Args:
        store: where functions and their concurrency are kept.
        invocations: knows what the pool needs to know of a version.
        invoker: keeps to it.
        changing: the lock of each function.
        clock: the time.
    """

    def __init__(
        self,
        store: LambdaStore,
        invocations: Invocations,
        invoker: "Invoker",
        changing: KeyedLocks[FunctionKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._invocations = invocations
        self._invoker = invoker
        self._changing = changing
        self._clock = clock
        # Two functions must not both take what is left.
        self._sharing_out = asyncio.Lock()
        # By function, the content ids of the versions that are provisioned.
        self._provisioned: dict[FunctionKey, set[str]] = {}
        # By content id: why a version cannot be provisioned at all.
        self._failures: dict[str, str] = {}

    async def start(self) -> None:
        """Have what is kept hold."""
        for key in sorted({each.key for each in self._store.concurrency.all()}):
            await self.apply(key)

    def reserved(self, function: Function) -> int | None:
        """Tell a function's reserved concurrency; None where it has none."""
        return self._reserved(function.key)

    async def put_reserved(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set a function's reserved concurrency; with 0 it is not invoked any more."""
        reference = resolve_whole(request["FunctionName"], context, "lambda:PutFunctionConcurrency")
        count: int = request["ReservedConcurrentExecutions"]
        async with self._changing(reference.key), self._sharing_out:
            existing(self._store, reference)
            together = sum(each.executions for each in self._provisions(reference.key))
            if count < together:
                raise InvalidParameterValue(
                    f"ReservedConcurrentExecutions  {count} should not be lower than function's "
                    f"total provisioned concurrency [{together}]."
                )
            if count and self._left(reference) - count < ACCOUNT.unreserved:
                raise InvalidParameterValue(
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of "
                    f"[{ACCOUNT.unreserved}]."
                )
            await self._store.concurrency.put(self._own(reference.key, "", count))
            await self.apply(reference.key)
        return {"ReservedConcurrentExecutions": count}

    async def get_reserved(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a function's reserved concurrency, if it has one."""
        reference = resolve_whole(request["FunctionName"], context, "lambda:GetFunctionConcurrency")
        count = self.reserved(existing(self._store, reference))
        return {} if count is None else {"ReservedConcurrentExecutions": count}

    async def delete_reserved(self, context: CallContext, request: ServiceInput) -> None:
        """Let a function share what nobody has for itself."""
        reference = resolve_whole(
            request["FunctionName"], context, "lambda:DeleteFunctionConcurrency"
        )
        async with self._changing(reference.key):
            existing(self._store, reference)
            await self._store.concurrency.remove(reference.key, "")
            await self.apply(reference.key)

    async def put_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Keep sandboxes of a version or an alias ready."""
        reference = _qualified(request, context, "lambda:PutProvisionedConcurrencyConfig")
        count: int = request["ProvisionedConcurrentExecutions"]
        async with self._changing(reference.key), self._sharing_out:
            function = existing(self._store, reference)
            if function.version == LATEST:
                raise InvalidParameterValue(
                    "Provisioned Concurrency Configs cannot be applied to unpublished function "
                    "versions."
                )
            if has_snapshots(function):
                raise InvalidParameterValue(
                    "Provisioned Concurrency is not supported for functions with SnapStart."
                )
            check_not_isolated(function, "Provisioned Concurrency")
            self._check_single(reference, function)
            self._check_provisioned(reference, count)
            provisioned = self._own(reference.key, _qualifier(reference), count)
            await self._store.concurrency.put(provisioned)
            await self.apply(reference.key)
        return self._described(reference, provisioned)

    async def get_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell how far the provisioned concurrency of a version or an alias is."""
        reference = _qualified(request, context, "lambda:GetProvisionedConcurrencyConfig")
        return self._described(reference, self._existing(reference))

    async def list_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the provisioned concurrency of a function, at most 50 a page."""
        reference = resolve_whole(
            request["FunctionName"], context, "lambda:ListProvisionedConcurrencyConfigs"
        )
        existing(self._store, reference)
        return listed(
            "ProvisionedConcurrencyConfigs",
            self._provisions(reference.key),
            lambda each: each.qualifier,
            lambda each: {
                "FunctionArn": function_arn(*reference.key, each.qualifier),
                **self._described(reference, each),
            },
            request,
            "ListProvisionedConcurrencyConfigs",
        )

    async def delete_provisioned(self, context: CallContext, request: ServiceInput) -> None:
        """Keep no sandboxes of a version or an alias ready any more.

        Where none are, there is nothing to do, to AWS as well.
        """
        reference = _qualified(request, context, "lambda:DeleteProvisionedConcurrencyConfig")
        async with self._changing(reference.key):
            self._check_published(reference)
            await self._store.concurrency.remove(reference.key, _qualifier(reference))
            await self.apply(reference.key)

    async def apply(self, key: FunctionKey) -> None:
        """Have what is kept for a function hold, after it, its versions or its aliases changed."""
        counts: Counter[str] = Counter()
        versions: dict[str, Function] = {}
        for each in self._provisions(key):
            version = self._version(key, each.qualifier)
            counts[version.content_id] += each.executions
            versions[version.content_id] = version
        self._invoker.admission.reserve(*key, self._reserved(key))
        self._invoker.admission.provision(*key, counts)
        for content_id in self._provisioned.pop(key, set()) - set(versions):
            self._failures.pop(content_id, None)
            self._invoker.withdraw(content_id)
        if versions:
            self._provisioned[key] = set(versions)
        for content_id, version in versions.items():
            self._failures.pop(content_id, None)
            try:
                spec = await self._invocations.spec(version)
            except ServiceError as error:
                _logger.warning("%s is not provisioned: %s", version.version_arn, error)
                self._failures[content_id] = str(error)
            else:
                self._invoker.provision(spec, counts[content_id])

    def _version(self, key: FunctionKey, qualifier: str) -> Function:
        return existing(self._store, Reference(*key, qualifier))

    def _reserved(self, key: FunctionKey) -> int | None:
        own = self._store.concurrency.get(key, "")
        return None if own is None else own.executions

    def _provisions(self, key: FunctionKey) -> list[OwnConcurrency]:
        return [each for each in self._store.concurrency.list(key) if each.qualifier]

    def _own(self, key: FunctionKey, qualifier: str, count: int) -> OwnConcurrency:
        now = int(self._clock.time() * 1000)
        return OwnConcurrency(key=key, qualifier=qualifier, executions=count, last_modified_ms=now)

    def _check_published(self, reference: Reference) -> None:
        if reference.qualifier == LATEST:
            raise InvalidParameterValue(
                "The function resource provided must be an alias or a published version."
            )
        existing(self._store, reference)

    def _existing(self, reference: Reference) -> OwnConcurrency:
        self._check_published(reference)
        own = self._store.concurrency.get(reference.key, _qualifier(reference))
        if own is None:
            raise ProvisionedConcurrencyConfigNotFound
        return own

    def _check_single(self, reference: Reference, version: Function) -> None:
        """Check that a version is not provisioned for twice, by itself and by an alias."""
        is_alias = reference.qualifier != version.version
        for each in self._provisions(reference.key):
            if is_alias and each.qualifier == version.version:
                raise ResourceConflict(
                    "Alias can't be used for Provisioned Concurrency configuration on an already "
                    "Provisioned version"
                )
            alias = self._store.aliases.get(reference.key, each.qualifier)
            if not is_alias and alias is not None and alias.function_version == version.version:
                raise ResourceConflict("Version is pointed by a Provisioned Concurrency alias")

    def _check_provisioned(self, reference: Reference, count: int) -> None:
        """Check that so many sandboxes of a version can be kept ready."""
        own = self._provisions(reference.key)
        others = sum(each.executions for each in own if each.qualifier != reference.qualifier)
        reserved = self._reserved(reference.key)
        left = self._left(reference)
        if reserved is not None:
            if reserved < others + count:
                raise InvalidParameterValue(
                    "Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function"
                )
        elif others + count > left:
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function is greater than account's unreserved "
                f"concurrency [{left}]."
            )
        elif left - others - count < ACCOUNT.unreserved:
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{ACCOUNT.unreserved}]."
            )

    def _left(self, reference: Reference) -> int:
        """What of the account's concurrency no other function has for itself."""
        account_id, region, name = reference.key
        return self._invoker.admission.unclaimed(account_id, region, name)

    def _described(self, reference: Reference, provisioned: OwnConcurrency) -> dict[str, Any]:
        version = self._version(reference.key, provisioned.qualifier)
        standing = self._invoker.provisioned(version.content_id)
        ready = min(standing.ready, provisioned.executions)
        answer: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": provisioned.executions,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": "READY" if ready == provisioned.executions else "IN_PROGRESS",
            "LastModified": answers.lambda_time(provisioned.last_modified_ms),
        }
        failure = self._failures.get(version.content_id) or standing.failure
        if failure and ready < provisioned.executions:
            answer |= {"Status": "FAILED", "StatusReason": failure}
        return answer


def _qualified(request: ServiceInput, context: CallContext, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request["Qualifier"])


def _qualifier(reference: Reference) -> str:
    return reference.qualifier or LATEST
