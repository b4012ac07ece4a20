"""The operations of AWS Lambda, one method each.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

import logging
import platform
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ingle.clock import Clock
from ingle.pool.spec import FunctionSpec
from ingle.runtimes.catalogue import install_hint, served_runtimes
from ingle.runtimes.discovery import Interpreters
from ingle.services import paging
from ingle.services.lambda_ import answers
from ingle.services.lambda_.errors import (
    CodeStorageExceeded,
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
)
from ingle.services.lambda_.later import refuse_later
from ingle.services.lambda_.limits import ACCOUNT, LISTING, PACKAGE
from ingle.services.lambda_.model import Function, FunctionKey
from ingle.services.lambda_.names import LATEST, Reference, resolve, resolve_new
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.payloads import checked_payload, client_context, log_result
from ingle.services.lambda_.settings import (
    changed_settings,
    checked_architecture,
    checked_tags,
    new_settings,
    zip_file,
)
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import NotImplementedByIngle
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

logger = logging.getLogger(__name__)

PACKAGES_PATH = "/_ingle/packages/"
"""Where the server serves the zip files of packages: this, and the sha256 in hexadecimal."""

_LOCATION_VALID_S = 600
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}

Presign = Callable[[str, int], str]
"""Signs a URL for GET. Takes the whole URL and for how many seconds it is to be valid."""


class LambdaService(Service):
    """AWS Lambda, as far as Ingle has it.

    Args:
        store: where functions are kept.
        packages: where their code is kept.
        invoker: runs them.
        clock: tells when a function was modified.
        presign: signs the URL of a package.
        interpreters: tells which runtimes this machine has.
        concurrency: how many invocations the invoker runs at once in an account and region.
        machine: the processor, as the kernel names it.
    """

    name: ClassVar[str] = "lambda"

    def __init__(
        self,
        *,
        store: LambdaStore,
        packages: Packages,
        invoker: "Invoker",
        clock: Clock,
        presign: Presign,
        interpreters: Interpreters,
        concurrency: int = ACCOUNT.concurrency,
        machine: str = platform.machine(),
    ) -> None:
        self._store = store
        self._packages = packages
        self._invoker = invoker
        self._clock = clock
        self._presign = presign
        self._interpreters = interpreters
        self._concurrency = concurrency
        self._architecture = _ARCHITECTURES.get(machine, machine)
        self._specs: dict[FunctionKey, FunctionSpec] = {}
        self._changing: KeyedLocks[FunctionKey] = KeyedLocks()

    def package_path(self, digest: str) -> Path | None:
        """Say which file to serve under `PACKAGES_PATH`, or None where there is none.

        Args:
            digest: what stands after `PACKAGES_PATH` in the URL.
        """
        return self._packages.path(digest)

    async def create_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Create a function from a ZipFile; its code is unpacked and durable when this returns."""
        reference = resolve_new(request["FunctionName"], context)
        settings = new_settings(request, reference.name)
        await self._check_runtime(settings["runtime"])
        architecture = checked_architecture(request.get("Architectures"), self._architecture)
        tags = checked_tags(request.get("Tags", {}))
        content = zip_file(request["Code"], "CreateFunction", "Code.")
        self._check_free(reference)
        self._check_code_storage(context, len(content))
        async with (
            self._packages.added(content) as package,
            self._changing(reference.key),
        ):
            self._check_free(reference)
            function = Function(
                account_id=reference.account_id,
                region=reference.region,
                name=reference.name,
                revision_id=str(uuid.uuid4()),
                last_modified_ms=self._now_ms(),
                architecture=architecture,
                tags=tags,
                package=package,
                **settings,
            )
            await self._store.add(function)
        self._invoker.prepare(function.runtime)
        return answers.configuration(function)

    async def get_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a function, its tags, and where its package can be fetched for ten minutes."""
        reference = _reference(context, request, "GetFunction")
        function = self._existing(reference)
        url = f"{context.endpoint}{PACKAGES_PATH}{function.package.sha256}"
        answer: ServiceOutput = {
            "Configuration": answers.configuration(function, reference.qualifier),
            "Code": {
                "RepositoryType": "S3",
                "Location": self._presign(url, _LOCATION_VALID_S),
            },
        }
        if function.tags:
            answer["Tags"] = dict(function.tags)
        return answer

    async def get_function_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a function."""
        reference = _reference(context, request, "GetFunctionConfiguration")
        return answers.configuration(self._existing(reference), reference.qualifier)

    async def list_functions(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the functions of the caller's account and region by name, at most 50 a page.

        There are no published versions, so `FunctionVersion=ALL` lists each function's `$LATEST`,
        under its qualified ARN. No function is a replica, so a `MasterRegion` selects none.
        """
        every_version = "FunctionVersion" in request
        master_region = request.get("MasterRegion", "ALL")
        if "MasterRegion" in request and not every_version:
            raise InvalidParameterValue("FunctionVersion must be ALL if MasterRegion is specified.")
        functions = self._store.functions(context.account_id, context.region)
        if master_region != "ALL":
            functions = []
        size = min(request.get("MaxItems", LISTING.page), LISTING.page)
        try:
            page, marker = paging.page(
                functions, lambda each: each.name, request.get("Marker") or None, size
            )
        except paging.BadToken as error:
            raise InvalidParameterValue("Marker is not one that ListFunctions answered.") from error
        qualifier = LATEST if every_version else None
        answer: ServiceOutput = {
            "Functions": [answers.listed_configuration(each, qualifier) for each in page]
        }
        if marker is not None:
            answer["NextMarker"] = marker
        return answer

    async def update_function_code(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a function new code; with DryRun, check it and answer what would become of it."""
        reference = _reference(context, request, "UpdateFunctionCode")
        content = zip_file(request, "UpdateFunctionCode")
        function = self._existing(reference)
        _check_revision(function, request)
        architecture = checked_architecture(request.get("Architectures"), self._architecture)
        if request.get("DryRun"):
            package = await self._packages.check(content)
            return answers.configuration(
                replace(function, package=package, architecture=architecture)
            )
        self._check_code_storage(context, len(content) - function.package.size)
        async with self._packages.added(content) as package:
            updated = await self._update(
                reference, request, package=package, architecture=architecture
            )
        return answers.configuration(updated)

    async def update_function_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change those settings of a function that the request names."""
        reference = _reference(context, request, "UpdateFunctionConfiguration")
        settings = changed_settings(request)
        self._existing(reference)
        if "runtime" in settings:
            await self._check_runtime(settings["runtime"])
        updated = await self._update(reference, request, **settings)
        self._invoker.prepare(updated.runtime)
        return answers.configuration(updated)

    async def delete_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a function; invocations under way end as they would have."""
        reference = _reference(context, request, "DeleteFunction")
        if reference.qualifier == LATEST:
            raise InvalidParameterValue(
                "$LATEST version cannot be deleted without deleting the function."
            )
        async with self._changing(reference.key):
            function = self._existing(reference)
            await self._store.remove(function.key)
            self._specs.pop(function.key, None)
            self._invoker.drop(function.arn)
        await self._discard_package(function)
        return {"StatusCode": 204}

    async def invoke(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Run a function and answer what it returned; `DryRun` only checks that it could be."""
        name = request["FunctionName"]
        qualifier = request.get("Qualifier")
        # The plain name is what nearly every caller sends, and costs one look-up.
        function = self._store.get((context.account_id, context.region, name))
        if function is None or qualifier is not None:
            reference = resolve(name, context, "lambda:InvokeFunction", qualifier)
            function = self._existing(reference)
            qualifier = reference.qualifier
        refuse_later(request, "invocation")
        payload = checked_payload(request.get("Payload"))
        decoded_context = client_context(request.get("ClientContext"))
        invocation_type = request.get("InvocationType", "RequestResponse")
        if invocation_type == "DryRun":
            return {"StatusCode": 204}
        if invocation_type == "Event":
            raise NotImplementedByIngle(
                "Asynchronous invocation (InvocationType Event) is not implemented by this "
                "version of Ingle. Use RequestResponse."
            )
        spec = self._specs.get(function.key)
        if spec is None or spec.revision_id != function.revision_id:
            spec = await self._new_spec(function)
        tail = request.get("LogType") == "Tail"
        result = await self._invoker.invoke(
            spec,
            payload,
            request_id=context.request_id,
            invoked_arn=f"{spec.arn}:{qualifier}" if qualifier else spec.arn,
            client_context=decoded_context,
            trace_id=context.request.headers.get("x-amzn-trace-id", ""),
            tail=tail,
        )
        answer: ServiceOutput = {
            "StatusCode": 200,
            "ExecutedVersion": LATEST,
            "Payload": result.payload,
        }
        if result.function_error is not None:
            answer["FunctionError"] = result.function_error
        if tail:
            answer["LogResult"] = log_result(result.log_tail or b"")
        return answer

    async def get_account_settings(
        self, context: CallContext, _request: ServiceInput
    ) -> ServiceOutput:
        """Tell the account's limits in the region, and what it uses of them."""
        functions = self._store.functions(context.account_id, context.region)
        return {
            "AccountLimit": {
                "TotalCodeSize": ACCOUNT.code_bytes,
                "CodeSizeUnzipped": PACKAGE.unzipped_bytes,
                "CodeSizeZipped": PACKAGE.zipped_bytes,
                "ConcurrentExecutions": self._concurrency,
                "UnreservedConcurrentExecutions": self._concurrency,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(each.package.size for each in functions),
                "FunctionCount": len(functions),
            },
        }

    def _existing(self, reference: Reference) -> Function:
        function = self._store.get(reference.key)
        if function is None or reference.qualifier not in (None, LATEST):
            raise reference.not_found()
        return function

    def _check_free(self, reference: Reference) -> None:
        if self._store.get(reference.key) is not None:
            raise ResourceConflict(f"Function already exist: {reference.name}")

    def _check_code_storage(self, context: CallContext, more: int) -> None:
        functions = self._store.functions(context.account_id, context.region)
        if sum(each.package.size for each in functions) + more > ACCOUNT.code_bytes:
            raise CodeStorageExceeded("Code storage limit exceeded.")

    async def _check_runtime(self, runtime: str) -> None:
        if runtime not in served_runtimes():
            raise InvalidParameterValue(
                f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy "
                f"enum value set: [{', '.join(served_runtimes())}] or be a valid ARN"
            )
        if await self._interpreters.find(runtime) is None:
            raise InvalidParameterValue(
                f"Runtime {runtime} is not installed on this machine. To install it: "
                f"{install_hint(runtime)}"
            )

    async def _update(
        self, reference: Reference, request: ServiceInput, **changes: Any
    ) -> Function:
        async with self._changing(reference.key):
            function = self._existing(reference)
            _check_revision(function, request)
            updated = replace(
                function,
                revision_id=str(uuid.uuid4()),
                last_modified_ms=self._now_ms(),
                **changes,
            )
            await self._store.replace(updated)
            self._invoker.drop(updated.arn)
        if updated.package != function.package:
            await self._discard_package(function)
        return updated

    async def _discard_package(self, function: Function) -> None:
        try:
            await self._packages.release(function.package.sha256)
        except Exception:
            # The caller's change is made and stands; the next start cleans up.
            logger.exception("The old package of %s could not be deleted", function.arn)

    async def _new_spec(self, function: Function) -> FunctionSpec:
        digest = function.package.sha256
        folder = self._packages.folder(digest) or await self._packages.ready(digest)
        spec = FunctionSpec(
            account_id=function.account_id,
            region=function.region,
            name=function.name,
            version=LATEST,
            arn=function.arn,
            runtime=function.runtime,
            handler=function.handler,
            memory_mb=function.memory_mb,
            timeout_s=function.timeout_s,
            environment=function.environment or {},
            ephemeral_mb=function.ephemeral_mb,
            code_dir=folder,
            log_group=function.log_group,
            revision_id=function.revision_id,
        )
        if self._store.get(function.key) is function:
            self._specs[function.key] = spec
        return spec

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _reference(context: CallContext, request: ServiceInput, operation: str) -> Reference:
    return resolve(
        request["FunctionName"], context, f"lambda:{operation}", request.get("Qualifier")
    )


def _check_revision(function: Function, request: ServiceInput) -> None:
    expected = request.get("RevisionId")
    if expected and expected != function.revision_id:
        raise PreconditionFailed
