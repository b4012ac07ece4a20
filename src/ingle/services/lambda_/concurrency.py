"""Reserved and provisioned concurrency.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html,
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.lambda_ import answers
from ingle.services.lambda_.concurrency_store import ConcurrencyStore, Provisioned
from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    ProvisionedConcurrencyConfigNotFound,
)
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.limits import ACCOUNT, LISTING
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function, FunctionKey
from ingle.services.lambda_.names import LATEST, Reference, function_arn, resolve
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_logger = logging.getLogger("ingle.concurrency")


class Concurrency:
    """The operations on what functions have of an account's concurrency for themselves.

    Args:
        store: where functions are kept.
        concurrency: where their concurrency is.
        invocations: knows what the pool needs to know of a version.
        invoker: keeps to it.
        changing: the lock of each function.
        clock: the time.
    """

    def __init__(
        self,
        store: LambdaStore,
        concurrency: ConcurrencyStore,
        invocations: Invocations,
        invoker: "Invoker",
        changing: KeyedLocks[FunctionKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._concurrency = concurrency
        self._invocations = invocations
        self._invoker = invoker
        self._changing = changing
        self._clock = clock
        # Two functions must not both take what is left.
        self._sharing_out = asyncio.Lock()
        # By function, what its versions were provisioned with last, by content id.
        self._provisioned: dict[FunctionKey, dict[str, Function]] = {}

    async def start(self) -> None:
        """Have what is kept hold."""
        for key in sorted(self._concurrency.functions()):
            await self.apply(key)

    def reserved(self, function: Function) -> int | None:
        """Tell a function's reserved concurrency; None where it has none."""
        return self._concurrency.reserved(function.key)

    async def put_reserved(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set a function's reserved concurrency; with 0 it is not invoked any more."""
        reference = _function(request, context, "lambda:PutFunctionConcurrency")
        count: int = request["ReservedConcurrentExecutions"]
        async with self._changing(reference.key), self._sharing_out:
            existing(self._store, reference)
            together = sum(each.count for each in self._concurrency.provisioned(reference.key))
            if count < together:
                raise InvalidParameterValue(
                    f"ReservedConcurrentExecutions  {count} should not be lower than function's "
                    f"total provisioned concurrency [{together}]."
                )
            if self._left(reference) - count < ACCOUNT.unreserved:
                raise InvalidParameterValue(
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of "
                    f"[{ACCOUNT.unreserved}]."
                )
            await self._concurrency.reserve(reference.key, count)
            await self.apply(reference.key)
        return {"ReservedConcurrentExecutions": count}

    async def get_reserved(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a function's reserved concurrency, if it has one."""
        reference = _function(request, context, "lambda:GetFunctionConcurrency")
        count = self.reserved(existing(self._store, reference))
        return {} if count is None else {"ReservedConcurrentExecutions": count}

    async def delete_reserved(self, context: CallContext, request: ServiceInput) -> None:
        """Let a function share what nobody has for itself."""
        reference = _function(request, context, "lambda:DeleteFunctionConcurrency")
        async with self._changing(reference.key):
            existing(self._store, reference)
            await self._concurrency.reserve(reference.key, None)
            await self.apply(reference.key)

    async def put_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Keep sandboxes of a version or an alias ready."""
        reference = _qualified(request, context, "lambda:PutProvisionedConcurrencyConfig")
        if reference.qualifier == LATEST:
            raise InvalidParameterValue(
                "Provisioned Concurrency Configs cannot be applied to unpublished function "
                "versions."
            )
        count: int = request["ProvisionedConcurrentExecutions"]
        async with self._changing(reference.key), self._sharing_out:
            function = existing(self._store, reference)
            if has_snapshots(function):
                raise InvalidParameterValue(
                    "Provisioned Concurrency is not supported for functions with SnapStart."
                )
            self._check_provisioned(reference, count)
            provisioned = Provisioned(_qualifier(reference), count, int(self._clock.time() * 1000))
            await self._concurrency.provision(reference.key, provisioned)
            await self.apply(reference.key)
        return self._described(reference, provisioned)

    async def get_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell how far the provisioned concurrency of a version or an alias is."""
        reference = _qualified(request, context, "lambda:GetProvisionedConcurrencyConfig")
        return self._described(reference, self._existing(reference))

    async def list_provisioned(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the provisioned concurrency of a function, at most 50 a page."""
        reference = _function(request, context, "lambda:ListProvisionedConcurrencyConfigs")
        existing(self._store, reference)
        try:
            page, marker = paging.page(
                self._concurrency.provisioned(reference.key),
                lambda each: each.qualifier,
                request.get("Marker") or None,
                min(request.get("MaxItems", LISTING.page), LISTING.page),
            )
        except paging.BadToken as error:
            raise InvalidParameterValue(
                "Marker is not one that ListProvisionedConcurrencyConfigs answered."
            ) from error
        answer: ServiceOutput = {
            "ProvisionedConcurrencyConfigs": [
                {
                    "FunctionArn": function_arn(*reference.key, each.qualifier),
                    **self._described(replace(reference, qualifier=each.qualifier), each),
                }
                for each in page
            ]
        }
        if marker is not None:
            answer["NextMarker"] = marker
        return answer

    async def delete_provisioned(self, context: CallContext, request: ServiceInput) -> None:
        """Keep no sandboxes of a version or an alias ready any more."""
        reference = _qualified(request, context, "lambda:DeleteProvisionedConcurrencyConfig")
        async with self._changing(reference.key):
            self._existing(reference)
            await self._concurrency.withdraw(reference.key, _qualifier(reference))
            await self.apply(reference.key)

    async def apply(self, key: FunctionKey) -> None:
        """Have what is kept for a function hold, after it, its versions or its aliases changed."""
        if self._store.get(key) is None:
            self._concurrency.forget(key)
        counts: Counter[str] = Counter()
        versions: dict[str, Function] = {}
        for each in self._concurrency.provisioned(key):
            version = self._version(key, each.qualifier)
            if version is None:
                await self._concurrency.withdraw(key, each.qualifier)
                continue
            counts[version.content_id] += each.count
            versions[version.content_id] = version
        self._invoker.admission.reserve(*key, self._concurrency.reserved(key))
        self._invoker.admission.provision(*key, counts)
        before = self._provisioned.pop(key, {})
        if versions:
            self._provisioned[key] = versions
        for content_id, version in {**before, **versions}.items():
            try:
                spec = await self._invocations.spec(version)
            except ServiceError as error:
                _logger.warning("%s is not provisioned: %s", version.version_arn, error)
                continue
            self._invoker.provision(spec, counts[content_id])

    def _version(self, key: FunctionKey, qualifier: str) -> Function | None:
        return self._store.version(key, qualifier)

    def _existing(self, reference: Reference) -> Provisioned:
        if reference.qualifier == LATEST:
            raise InvalidParameterValue(
                "The function resource provided must be an alias or a published version."
            )
        existing(self._store, reference)
        for each in self._concurrency.provisioned(reference.key):
            if each.qualifier == reference.qualifier:
                return each
        raise ProvisionedConcurrencyConfigNotFound

    def _check_provisioned(self, reference: Reference, count: int) -> None:
        """Check that so many sandboxes of a version can be kept ready."""
        own = self._concurrency.provisioned(reference.key)
        others = sum(each.count for each in own if each.qualifier != reference.qualifier)
        reserved = self._concurrency.reserved(reference.key)
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

    def _described(self, reference: Reference, provisioned: Provisioned) -> dict[str, Any]:
        version = self._version(reference.key, provisioned.qualifier)
        standing = self._invoker.provisioned(version.content_id if version else "")
        ready = min(standing.ready, provisioned.count)
        answer: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": provisioned.count,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": "READY" if ready == provisioned.count else "IN_PROGRESS",
            "LastModified": answers.lambda_time(provisioned.last_modified_ms),
        }
        if standing.failure and ready < provisioned.count:
            answer |= {"Status": "FAILED", "StatusReason": standing.failure}
        return answer


def _function(request: ServiceInput, context: CallContext, action: str) -> Reference:
    """Find out which function a request means that takes no version and no alias."""
    reference = resolve(request["FunctionName"], context, action)
    if reference.qualifier is not None:
        raise InvalidParameterValue(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
    return reference


def _qualified(request: ServiceInput, context: CallContext, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request["Qualifier"])


def _qualifier(reference: Reference) -> str:
    return reference.qualifier or LATEST
