"""Functions: making, describing, changing and deleting them.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and its neighbours.
"""

import logging
import uuid
from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.runtimes.discovery import Interpreters
from ingle.services.lambda_ import answers
from ingle.services.lambda_.account import Account
from ingle.services.lambda_.attachments import Attachments
from ingle.services.lambda_.code_signing import CodeSigningConfigs
from ingle.services.lambda_.code_sources import CodeSources
from ingle.services.lambda_.concurrency import Concurrency
from ingle.services.lambda_.dead_letters import DeadLetters
from ingle.services.lambda_.durable.configs import (
    check_durable_change,
    check_durable_runtime,
)
from ingle.services.lambda_.errors import InvalidParameterValue, ResourceConflict
from ingle.services.lambda_.image_model import CREATING, CREATING_REASON, ImageUpdate
from ingle.services.lambda_.images import Images
from ingle.services.lambda_.intakes import Intakes, check_settled
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.layers import Layers
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.locations import Locations
from ingle.services.lambda_.lookup import existing, find
from ingle.services.lambda_.model import ACTIVE, PENDING, Function, FunctionKey, package_of
from ingle.services.lambda_.names import (
    LATEST,
    Reference,
    is_alias_name,
    resolve,
    resolve_latest,
    resolve_new,
)
from ingle.services.lambda_.package_types import (
    IMAGE,
    ZIP,
    check_members,
    is_image,
    new_image_uri,
    updated_image_uri,
)
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.runtimes import check_runtime
from ingle.services.lambda_.settings import (
    changed_settings,
    checked_architecture,
    checked_tags,
    new_settings,
)
from ingle.services.lambda_.snapshots import Snapshots
from ingle.services.lambda_.snapstart import check_snap_start
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.versions import check_revision, published, unchanged
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

logger = logging.getLogger(__name__)


class Functions:
    """The operations on functions.

    Args:
        store: where they are kept.
        packages: where their code and layers are kept.
        layers: finds the layers that they have.
        invocations: must know when one changes.
        account: says how much code the account may have.
        clock: tells when one was modified.
        locations: where their packages can be fetched.
        interpreters: tells which runtimes this machine has.
        architecture: this machine's, as AWS names it.
        changing: the lock of each function.
        snapshots: makes those of versions with SnapStart.
        concurrency: knows what a function has reserved.
        code_signing: says which packages may be uploaded.
        attachments: know which file systems and VPCs there are.
        images: takes container images in.
        intakes: does so in the background.
        roles: knows which roles functions may have.
        sources: fetches their code.
        dead_letters: checks where events go that were given up.
    """

    def __init__(
        self,
        store: LambdaStore,
        packages: Packages,
        layers: Layers,
        invocations: Invocations,
        account: Account,
        clock: Clock,
        locations: Locations,
        interpreters: Interpreters,
        architecture: str,
        changing: KeyedLocks[FunctionKey],
        snapshots: Snapshots,
        concurrency: Concurrency,
        code_signing: CodeSigningConfigs,
        attachments: Attachments,
        images: Images,
        intakes: Intakes,
        roles: ExecutionRoles,
        sources: CodeSources,
        dead_letters: DeadLetters,
    ) -> None:
        self._sources = sources
        self._attachments = attachments
        self._images = images
        self._intakes = intakes
        self._roles = roles
        self._dead_letters = dead_letters
        self._snapshots = snapshots
        self._concurrency = concurrency
        self._code_signing = code_signing
        self._store = store
        self._packages = packages
        self._layers = layers
        self._invocations = invocations
        self._account = account
        self._clock = clock
        self._locations = locations
        self._interpreters = interpreters
        self._architecture = architecture
        self._changing = changing

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Create a function from a zip file; its code is unpacked and durable when this returns.

        One that is made of a container image is `Pending` then. With Publish, its first version is
        made and described as well.
        """
        reference = resolve_new(request["FunctionName"], context)
        settings = new_settings(request, reference.name)
        settings |= self._attachments.settings(request)
        self._roles.check_given(context, settings["role"], reference.arn)
        if not is_image(request):
            await check_runtime(settings["runtime"], self._interpreters)
        architecture = checked_architecture(request.get("Architectures"), self._architecture)
        settings["architecture"] = architecture
        settings["tags"] = checked_tags(request.get("Tags", {}))
        if is_image(request):
            return await self._create_of_image(context, reference, request, settings)
        code = request["Code"]
        content = await self._sources.zip_file(context, code, "CreateFunction", "Code.")
        signing = None
        if "CodeSigningConfigArn" in request:
            arn = request["CodeSigningConfigArn"]
            signing = self._code_signing.named(arn, context, "lambda:CreateFunction")
        self._code_signing.check(reference.name, signing)
        self._check_free(reference)
        copies = 2 if request.get("Publish") else 1
        self._account.check_code_storage(reference.key, copies * len(content))
        layers = self._layers.chosen(request.get("Layers", ()), context)
        async with (
            self._packages.held(layers),
            self._packages.added(content) as package,
            self._code_signing.keeping(signing),
            self._changing(reference.key),
        ):
            self._check_free(reference)
            function = self._new(reference, package=package, layers=layers, **settings)
            check_snap_start(function)
            self._dead_letters.check(function)
            check_durable_runtime(function)
            await self._packages.check_sizes(package, layers)
            await self._packages.layers_ready(layers)
            version = None
            if request.get("Publish"):
                function, version = published(function)
            await self._store.add(function, version)
            if signing is not None:
                await self._code_signing.attach(function.key, signing)
            if version is not None:
                self._snapshots.take(version)
        self._invocations.prepare(function)
        return answers.configuration(version or function)

    async def _create_of_image(
        self,
        context: CallContext,
        reference: Reference,
        request: ServiceInput,
        settings: dict[str, Any],
    ) -> ServiceOutput:
        """Create a function of a container image, which is unpacked afterwards."""
        uri = new_image_uri(request["Code"])
        self._check_free(reference)
        image = await self._images.find(context, uri)
        async with self._packages.holding(image.uses()), self._changing(reference.key):
            self._check_free(reference)
            await self._store.add_package(package_of(image))
            function = self._new(
                reference,
                package=package_of(image),
                image=image,
                state=PENDING,
                state_reason=CREATING_REASON,
                state_reason_code=CREATING,
                **settings,
            )
            check_snap_start(function)
            version = None
            if request.get("Publish"):
                function, version = published(function)
            await self._store.add(function, version)
        self._intakes.begin(function.key)
        self._invocations.prepare(function)
        return answers.configuration(version or function)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a version, its tags, and where its package can be fetched for ten minutes."""
        function, qualifier = find(self._store, context, request, "lambda:GetFunction")
        code = {"RepositoryType": "S3"}
        if function.image is None:
            code["Location"] = self._locations.of(function.package, context)
        else:
            code = answers.code_location(function.image)
        answer: ServiceOutput = {
            "Configuration": answers.configuration(function, qualifier),
            "Code": code,
        }
        latest = self._store.get(function.key)
        if latest is not None and latest.tags:
            answer["Tags"] = dict(latest.tags)
        reserved = self._concurrency.reserved(function)
        if reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return answer

    async def get_configuration(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a version."""
        function, qualifier = find(self._store, context, request, "lambda:GetFunctionConfiguration")
        return answers.configuration(function, qualifier)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the functions of the caller's account and region by name, at most 50 a page.

        With `FunctionVersion=ALL`, every version is listed, under its qualified ARN. No function
        is a replica, so a `MasterRegion` selects none.
        """
        every_version = "FunctionVersion" in request
        master_region = request.get("MasterRegion", "ALL")
        if "MasterRegion" in request and not every_version:
            raise InvalidParameterValue("FunctionVersion must be ALL if MasterRegion is specified.")
        functions = self._store.functions(context.account_id, context.region)
        if master_region != "ALL":
            functions = []
        if every_version:
            functions = [each for one in functions for each in self._store.versions(one.key)]
        return listed(
            "Functions",
            functions,
            # A blank comes before all that a name can have.
            lambda each: f"{each.name} {each.number:010}",
            lambda each: answers.listed_configuration(
                each, each.version if every_version else None
            ),
            request,
            "ListFunctions",
        )

    async def update_code(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a function new code; with DryRun, check it and answer what would become of it.

        With Publish, a version is made of it as well, unless nothing changed. A container image
        is unpacked afterwards, except with Publish.
        """
        reference = resolve_latest(request["FunctionName"], context, "lambda:UpdateFunctionCode")
        known = self._store.get(reference.key)
        uri = None if known is None else updated_image_uri(request, known)
        content = b""
        if not uri:
            content = await self._sources.zip_file(context, request, "UpdateFunctionCode")
        function = existing(self._store, reference)
        check_revision(function, request)
        self._code_signing.check_update(function.key)
        architecture = checked_architecture(request.get("Architectures"), self._architecture)
        if uri is not None:
            return await self._update_image(context, reference, request, uri, architecture)
        if request.get("DryRun"):
            package = await self._packages.check(content)
            return answers.configuration(
                replace(function, package=package, architecture=architecture)
            )
        publish = bool(request.get("Publish"))
        more = len(content) * (2 if publish else 1) - function.package.size
        self._account.check_code_storage(reference.key, more)
        async with self._packages.added(content) as package:
            updated, version = await self._update(
                reference, request, publish, package=package, architecture=architecture
            )
        if version is not None:
            return answers.configuration(version, version.version)
        return answers.configuration(updated)

    async def _update_image(
        self,
        context: CallContext,
        reference: Reference,
        request: ServiceInput,
        uri: str,
        architecture: str,
    ) -> ServiceOutput:
        image = await self._images.find(context, uri)
        if request.get("DryRun"):
            function = existing(self._store, reference)
            changed = replace(
                function, image=image, package=package_of(image), architecture=architecture
            )
            return answers.configuration(changed)
        publish = bool(request.get("Publish"))
        async with self._packages.holding(image.uses()):
            await self._store.add_package(package_of(image))
            if publish:
                # The version must have the image from its beginning.
                await self._images.ready(image)
            if self._images.root(image) is not None:
                updated, version = await self._update(
                    reference,
                    request,
                    publish,
                    image=image,
                    package=package_of(image),
                    architecture=architecture,
                    state=ACTIVE,
                    state_reason="",
                    state_reason_code="",
                )
                if version is not None:
                    return answers.configuration(version, version.version)
                return answers.configuration(updated)
            async with self._changing(reference.key):
                function = existing(self._store, reference)
                check_revision(function, request)
                check_settled(function)
                updated = replace(
                    function,
                    image_update=ImageUpdate(image, architecture),
                    revision_id=str(uuid.uuid4()),
                    last_modified_ms=self._now_ms(),
                )
                await self._store.replace(updated)
            self._intakes.begin(reference.key)
            return answers.configuration(updated)

    async def update_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change those settings of a function that the request names."""
        reference = resolve_latest(
            request["FunctionName"], context, "lambda:UpdateFunctionConfiguration"
        )
        settings = changed_settings(request) | self._attachments.settings(request)
        function = existing(self._store, reference)
        if "role" in settings:
            arn = replace(reference, qualifier=None).arn
            self._roles.check_given(context, settings["role"], arn)
        check_members(request, ZIP if function.image is None else IMAGE)
        check_durable_change(function, settings)
        if "runtime" in settings:
            await check_runtime(settings["runtime"], self._interpreters)
        layers = self._layers.chosen(request.get("Layers", ()), context)
        if "Layers" in request:
            self._code_signing.check_layers(function, layers)
            settings["layers"] = layers
        async with self._packages.held(layers):
            updated, _ = await self._update(reference, request, False, **settings)
        self._invocations.prepare(updated)
        return answers.configuration(updated)

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a function, or a version of it; invocations under way end as they would have."""
        reference = resolve(
            request["FunctionName"], context, "lambda:DeleteFunction", request.get("Qualifier")
        )
        if reference.qualifier == LATEST:
            raise InvalidParameterValue(
                "$LATEST version cannot be deleted without deleting the function."
            )
        if reference.qualifier is not None and is_alias_name(reference.qualifier):
            raise InvalidParameterValue("Deletion of aliases is not currently supported.")
        async with self._changing(reference.key):
            existing(self._store, replace(reference, qualifier=None))
            if reference.qualifier is None:
                deleted = self._store.versions(reference.key)
                await self._store.remove(reference.key)
            else:
                # A version that is not there needs no deletion, to AWS as well.
                version = self._store.version(reference.key, reference.qualifier)
                deleted = [] if version is None else [version]
                for each in deleted:
                    self._check_unreferenced(each)
                    await self._store.remove_version(each)
            for each in deleted:
                self._invocations.retire(each)
            await self._concurrency.apply(reference.key)
        for each in deleted:
            await self._discard(each)
        return {"StatusCode": 204}

    def _check_unreferenced(self, version: Function) -> None:
        aliases = [
            each.name
            for each in self._store.aliases.list(version.key)
            if each.leads_to(version.version)
        ]
        if aliases:
            raise ResourceConflict(
                "Unable to delete version because the following aliases reference it: "
                f"[{', '.join(aliases)}]"
            )

    def _new(self, reference: Reference, **attributes: Any) -> Function:
        return Function(
            account_id=reference.account_id,
            region=reference.region,
            name=reference.name,
            revision_id=str(uuid.uuid4()),
            content_id=str(uuid.uuid4()),
            last_modified_ms=self._now_ms(),
            **attributes,
        )

    def _check_free(self, reference: Reference) -> None:
        if self._store.get(reference.key) is not None:
            raise ResourceConflict(f"Function already exist: {reference.name}")

    async def _update(
        self, reference: Reference, request: ServiceInput, publish: bool, **changes: Any
    ) -> tuple[Function, Function | None]:
        """Change `$LATEST`; return it and, where one was asked for, the version made of it."""
        async with self._changing(reference.key):
            function = existing(self._store, reference)
            check_revision(function, request)
            check_settled(function)
            changed = replace(function, image_update=None, **changes)
            updated = replace(
                changed,
                revision_id=str(uuid.uuid4()),
                content_id=str(uuid.uuid4()),
                last_modified_ms=self._now_ms(),
                changed=function.changed or changed != replace(function, image_update=None),
            )
            check_snap_start(updated)
            if changes.keys() & {"dead_letter", "role"}:
                self._dead_letters.check(updated)
            check_durable_runtime(updated)
            await self._packages.check_sizes(updated.package, updated.layers)
            await self._packages.layers_ready(updated.layers)
            version = unchanged(self._store, updated) if publish else None
            if publish and version is None:
                updated, version = published(updated)
                await self._store.replace(updated, version)
                self._snapshots.take(version)
            else:
                await self._store.replace(updated)
            self._invocations.retire(function)
        if updated.uses() != function.uses():
            await self._discard(function)
        return updated, version

    async def _discard(self, function: Function) -> None:
        try:
            for name in sorted(function.uses()):
                await self._packages.release(name)
        except Exception:
            # The caller's change is made and stands; the next start cleans up.
            logger.exception("What %s no longer needs could not be deleted", function.version_arn)

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)
