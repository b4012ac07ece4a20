"""The operations of AWS Lambda, one method each; each says where it is done.

Those on durable executions are in `durable/api.py`, those on event source mappings in
`event_source_mappings/api.py`, those on layers in `layers_api.py`.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.clock import Clock
from ingle.invoke.durable.engine import DurableExecutions
from ingle.invoke.events.queue import EventQueue
from ingle.invoke.metrics import MetricSink
from ingle.invoke.streaming import Streaming
from ingle.invoke.tracing import Tracer
from ingle.pool.runtime_api.limits import MAX_STREAM
from ingle.resources import FileSystem, Vpc
from ingle.runtimes.discovery import Interpreters
from ingle.services.lambda_.account import Account
from ingle.services.lambda_.aliases import Aliases
from ingle.services.lambda_.asynchronous import Asynchronous, EventFunctions
from ingle.services.lambda_.attachments import Attachments
from ingle.services.lambda_.bucket_destinations import BucketDeliverer
from ingle.services.lambda_.buses import BusDeliverer
from ingle.services.lambda_.code_signing import CodeSigningConfigs
from ingle.services.lambda_.code_sources import CodeSources
from ingle.services.lambda_.concurrency import Concurrency
from ingle.services.lambda_.dead_letters import DeadLetters
from ingle.services.lambda_.destinations import Destination, Destinations, FunctionDeliverer
from ingle.services.lambda_.durable.api import DurableApi
from ingle.services.lambda_.durable.executions import DurableOperations
from ingle.services.lambda_.durable.functions import DurableFunctions
from ingle.services.lambda_.durable.starts import DurableStarts
from ingle.services.lambda_.event_configs import EventConfigs
from ingle.services.lambda_.event_source_mappings.api import MappingsApi
from ingle.services.lambda_.event_source_mappings.operations import EventSourceMappings
from ingle.services.lambda_.event_source_mappings.running import Pollers
from ingle.services.lambda_.functions import Functions
from ingle.services.lambda_.images import Images
from ingle.services.lambda_.intakes import Intakes
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.layer_policies import LayerPolicies
from ingle.services.lambda_.layers import Layers
from ingle.services.lambda_.layers_api import LayersApi
from ingle.services.lambda_.locations import Locations, Presign
from ingle.services.lambda_.lookup import Target
from ingle.services.lambda_.model import FunctionKey, LayerKey
from ingle.services.lambda_.objects import Objects
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.policies import Policies
from ingle.services.lambda_.principals import Principals
from ingle.services.lambda_.queues import QueueDeliverer, Queues
from ingle.services.lambda_.recursion import Recursions
from ingle.services.lambda_.resource_policies import ResourcePolicies
from ingle.services.lambda_.resources import LambdaResources
from ingle.services.lambda_.response_streams import ResponseStreams
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.runtime_management import RuntimeManagementConfigs
from ingle.services.lambda_.service_invocations import ServiceInvocations
from ingle.services.lambda_.snapshots import Snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tags import Tags
from ingle.services.lambda_.topics import TopicDeliverer, Topics
from ingle.services.lambda_.urls.configs import UrlConfigs
from ingle.services.lambda_.urls.serving import UrlServer
from ingle.services.lambda_.versions import Versions
from ingle.services.locks import KeyedLocks
from ingle.services.neighbours import Buses
from ingle.storage.database import Database
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


class LambdaService(DurableApi, LayersApi, MappingsApi, Service):
    """AWS Lambda, as far as Ingle has it.

    Args:
        store: where functions, versions and layers are kept.
        packages: where their code is kept.
        database: where events are kept that wait for them.
        invoker: runs them.
        metrics: what takes measurements.
        directory: knows the roles of functions, and whom policies may name.
        authorizer: decides who may do what.
        objects: S3, where code may be, and where records may go.
        clock: tells when a function was modified.
        tracer: makes trace headers.
        queues: take records of events, and give messages to functions.
        topics: take records of events.
        presign: signs the URL of a package.
        interpreters: tells which runtimes this machine has.
        snapshots: whether this machine can make snapshots.
        machine: the processor, as the kernel names it.
        streamed_bytes: the most that a streamed answer may have.
        file_systems: what functions may mount.
        vpcs: what they may name.
        image_folders: the folders that container images may be read from.

    Attributes:
        events: the queue of asynchronous invocations; to be started, stopped and closed.
        pollers: take messages out of queues; to be stopped and closed.
        durable: the durable executions; to be started, stopped and closed as well.
        urls: serves function URLs.
        roles: knows the roles of functions.
        resources: tells of functions and layers to those that decide who may use them.
        for_services: runs functions for other services, as far as their policies let these.
    """

    name: ClassVar[str] = "lambda"

    def __init__(
        self,
        *,
        store: LambdaStore,
        packages: Packages,
        database: Database,
        invoker: "Invoker",
        metrics: MetricSink,
        directory: Directory,
        authorizer: Authorizer,
        objects: Objects,
        clock: Clock,
        tracer: Tracer,
        queues: Queues,
        topics: Topics,
        presign: Presign,
        interpreters: Interpreters,
        snapshots: bool = True,
        machine: str = platform.machine(),
        streamed_bytes: int = MAX_STREAM,
        file_systems: Sequence[FileSystem] = (),
        vpcs: Sequence[Vpc] = (),
        image_folders: Sequence[Path] = (),
    ) -> None:
        changing: KeyedLocks[FunctionKey] = KeyedLocks()
        changing_layers: KeyedLocks[LayerKey] = KeyedLocks()
        locations = Locations(presign)
        sources = CodeSources(objects)
        principals = Principals(directory, authorizer)
        self.roles = ExecutionRoles(directory, authorizer)
        attachments = Attachments(file_systems, vpcs)
        self.resources = LambdaResources(store, principals, attachments)
        self._packages = packages
        self._account = Account(store, invoker.admission)
        architecture = _ARCHITECTURES.get(machine, machine)
        images = Images(packages, objects, image_folders, architecture)
        self._invocations = Invocations(
            store,
            packages,
            images,
            invoker,
            metrics,
            tracer,
            attachments,
            interpreters,
            self._start_durable,
        )
        self._intakes = Intakes(store, images, packages, self._invocations, changing, clock)
        self._concurrency = Concurrency(store, self._invocations, invoker, changing, clock)
        self._aliases = Aliases(store, changing, self._concurrency)
        self._policies = Policies(store, changing, principals)
        self._resource_policies = ResourcePolicies(store, changing, principals)
        self._code_signing = CodeSigningConfigs(store, changing, clock)
        self._runtime_management = RuntimeManagementConfigs(store, changing)
        streaming = Streaming(invoker, streamed_bytes)
        self._response_streams = ResponseStreams(store, self._invocations, streaming)
        self._url_configs = UrlConfigs(store, changing, clock)
        self.urls = UrlServer(
            store,
            authorizer,
            self._invocations,
            invoker,
            streaming,
            clock,
            tracer,
            self._run_durable,
            metrics,
        )
        self._layers = Layers(
            store, packages, self._account, clock, locations, changing_layers, sources
        )
        self._layer_policies = LayerPolicies(store, changing_layers)
        self._snapshots = Snapshots(store, self._invocations, invoker, changing, clock, snapshots)
        self._versions = Versions(store, self._account, changing, self._snapshots)
        deliverers: dict[str, Destination] = {}
        destinations = Destinations(deliverers, self.roles)
        self._functions = Functions(
            store,
            packages,
            self._layers,
            self._invocations,
            self._account,
            clock,
            locations,
            interpreters,
            architecture,
            changing,
            self._snapshots,
            self._concurrency,
            self._code_signing,
            attachments,
            images,
            self._intakes,
            self.roles,
            sources,
            DeadLetters(destinations),
        )

        self.durable = DurableExecutions(
            database,
            DurableFunctions(store, self._invocations, self.roles),
            invoker,
            clock,
            concurrency=invoker.admission.limit,
        )
        self._durable_starts = DurableStarts(self.durable, self._invocations, invoker.admission)
        self._durable = DurableOperations(store, self.durable, authorizer)
        self.events = EventQueue(
            database,
            EventFunctions(
                store, self._invocations, self._concurrency, self._durable_starts.start_event
            ),
            invoker,
            deliverers,
            metrics,
            clock,
            tracer,
            concurrency=invoker.admission.limit,
        )
        deliverers["lambda"] = FunctionDeliverer(store, self.events, self.roles)
        deliverers["s3"] = BucketDeliverer(store, objects, self.roles, clock)
        deliverers["sqs"] = QueueDeliverer(store, queues, self.roles)
        deliverers["sns"] = TopicDeliverer(store, topics, self.roles)
        self._deliverers, self._store = deliverers, store
        self._asynchronous = Asynchronous(store, self.events, tracer, self._start_durable)
        self._event_configs = EventConfigs(store, destinations, changing, clock)
        self._recursions = Recursions(store, changing)
        self.pollers = Pollers(
            store, queues, self._invocations, self.roles, metrics, clock, self._run_durable
        )
        self._mappings = EventSourceMappings(
            store, store.mappings, self.pollers, queues, self.roles, clock
        )
        self._tags = Tags(store, changing, self._code_signing, self._mappings)
        self.for_services = ServiceInvocations(store, authorizer, self._invocations, self.events)

    async def start(self) -> None:
        """Have the concurrency hold that functions have for themselves, and number events."""
        await self.events.open()
        await self._concurrency.start()

    def deliver_to_buses(self, buses: Buses) -> None:
        """Let event buses be destinations of events."""
        self._deliverers["events"] = BusDeliverer(self._store, buses, self.roles)

    def poll(self) -> None:
        """Begin to take messages out of queues for event source mappings."""
        self._mappings.start()

    async def keep_snapshots(self) -> None:
        """Make the snapshots of versions with SnapStart, for as long as this runs."""
        await self._snapshots.keep()

    async def keep_images(self) -> None:
        """Unpack the container images that functions wait for, for as long as this runs."""
        await self._intakes.keep()

    def package_path(self, digest: str) -> Path | None:
        """Say which file to serve under `locations.PACKAGES_PATH`, or None where there is none.

        Args:
            digest: what stands after `PACKAGES_PATH` in the URL.
        """
        return self._packages.path(digest)

    async def create_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Create a function from a zip file or a container image, with Publish also a version."""
        return await self._functions.create(context, request)

    async def get_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a version, its tags, and where its package can be fetched."""
        return await self._functions.get(context, request)

    async def get_function_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a version."""
        return await self._functions.get_configuration(context, request)

    async def list_functions(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the functions of an account in a region, or all versions of all of them."""
        return await self._functions.list(context, request)

    async def update_function_code(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a function new code, with Publish also a version of it."""
        return await self._functions.update_code(context, request)

    async def update_function_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change a function's settings."""
        return await self._functions.update_configuration(context, request)

    async def delete_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a function with all its versions, or one version."""
        return await self._functions.delete(context, request)

    async def publish_version(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a version of a function's code and configuration, which never changes."""
        return await self._versions.publish(context, request)

    async def list_versions_by_function(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the versions of a function."""
        return await self._versions.list(context, request)

    async def create_alias(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an alias of one version of a function, or of two."""
        return await self._aliases.create(context, request)

    async def get_alias(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an alias."""
        return await self._aliases.get(context, request)

    async def update_alias(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Move an alias to another version, or change its weights or description."""
        return await self._aliases.update(context, request)

    async def delete_alias(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an alias; its versions stay."""
        await self._aliases.delete(context, request)

    async def list_aliases(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the aliases of a function, or those that lead to one of its versions."""
        return await self._aliases.list(context, request)

    async def add_permission(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add a statement to the policy of a function, version or alias."""
        return await self._policies.add(context, request)

    async def get_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the policy of a function, version or alias."""
        return await self._policies.get(context, request)

    async def remove_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement from the policy of a function, version or alias."""
        await self._policies.remove(context, request)

    async def put_resource_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a function, version or alias a whole policy in place of the one that it has."""
        return await self._resource_policies.put(context, request)

    async def get_resource_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give the policy of a function, version or alias by its ARN."""
        return await self._resource_policies.get(context, request)

    async def delete_resource_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete the policy of a function, version or alias."""
        await self._resource_policies.delete(context, request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a function or a code signing configuration, or change them."""
        await self._tags.add(context, request)

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags from a function or a code signing configuration."""
        await self._tags.remove(context, request)

    async def list_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a function or a code signing configuration."""
        return await self._tags.list(context, request)

    async def invoke(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Run a function and answer what it returned, or accept an event for it."""
        if request.get("InvocationType") == "Event":
            return await self._asynchronous.invoke(context, request)
        return await self._invocations.invoke(context, request)

    async def invoke_async(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Accept an event for a function, as the API of 2014 had it."""
        return await self._asynchronous.invoke_async(context, request)

    async def put_function_event_invoke_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say how a function's events are treated."""
        return await self._event_configs.put(context, request)

    async def update_function_event_invoke_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change how a function's events are treated."""
        return await self._event_configs.update(context, request)

    async def get_function_event_invoke_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell how a function's events are treated."""
        return await self._event_configs.get(context, request)

    async def list_function_event_invoke_configs(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List what was said of the events of a function, its versions and aliases."""
        return await self._event_configs.list(context, request)

    async def delete_function_event_invoke_config(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Treat a function's events by the defaults again."""
        await self._event_configs.delete(context, request)

    async def put_function_recursion_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say whether a function may be invoked in an endless loop."""
        return await self._recursions.put(context, request)

    async def get_function_recursion_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell whether a function may be invoked in an endless loop."""
        return await self._recursions.get(context, request)

    async def put_function_concurrency(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Reserve a part of the account's concurrency for a function, which is also its limit."""
        return await self._concurrency.put_reserved(context, request)

    async def get_function_concurrency(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell a function's reserved concurrency."""
        return await self._concurrency.get_reserved(context, request)

    async def delete_function_concurrency(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Remove a function's reserved concurrency."""
        await self._concurrency.delete_reserved(context, request)

    async def put_provisioned_concurrency_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Keep initialised sandboxes of a version or an alias ready."""
        return await self._concurrency.put_provisioned(context, request)

    async def get_provisioned_concurrency_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell how many sandboxes of a version or an alias are ready, of how many."""
        return await self._concurrency.get_provisioned(context, request)

    async def list_provisioned_concurrency_configs(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the provisioned concurrency of a function's versions and aliases."""
        return await self._concurrency.list_provisioned(context, request)

    async def delete_provisioned_concurrency_config(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Keep no sandboxes of a version or an alias ready any more."""
        await self._concurrency.delete_provisioned(context, request)

    async def create_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make a code signing configuration."""
        return await self._code_signing.create(context, request)

    async def get_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a code signing configuration."""
        return await self._code_signing.get(context, request)

    async def update_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change a code signing configuration."""
        return await self._code_signing.update(context, request)

    async def delete_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete a code signing configuration that no function has."""
        return await self._code_signing.delete(context, request)

    async def list_code_signing_configs(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the code signing configurations of an account in a region."""
        return await self._code_signing.list(context, request)

    async def list_functions_by_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the functions that have a code signing configuration."""
        return await self._code_signing.list_functions(context, request)

    async def put_function_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a function a code signing configuration."""
        return await self._code_signing.put_of_function(context, request)

    async def get_function_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell which code signing configuration a function has."""
        return await self._code_signing.get_of_function(context, request)

    async def delete_function_code_signing_config(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Let a function go without a code signing configuration."""
        await self._code_signing.delete_of_function(context, request)

    async def put_runtime_management_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say when a version gets a new version of its runtime."""
        return await self._runtime_management.put(context, request)

    async def get_runtime_management_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell when a version gets a new version of its runtime."""
        return await self._runtime_management.get(context, request)

    async def invoke_with_response_stream(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Run a function and pass its answer on as it comes."""
        return await self._response_streams.invoke(context, request)

    async def create_function_url_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make a function, or an alias of it, an HTTP endpoint."""
        return await self._url_configs.create(context, request)

    async def get_function_url_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a function URL."""
        return await self._url_configs.get(context, request)

    async def update_function_url_config(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change a function URL."""
        return await self._url_configs.update(context, request)

    async def delete_function_url_config(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a function URL."""
        await self._url_configs.delete(context, request)

    async def list_function_url_configs(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the function URLs of a function and its aliases."""
        return await self._url_configs.list(context, request)

    async def get_account_settings(
        self, context: CallContext, _request: ServiceInput
    ) -> ServiceOutput:
        """Tell the account's limits in the region, and what it uses of them."""
        return self._account.settings(context)

    async def _run_durable(self, target: Target, payload: bytes, trace: str) -> tuple[bytes, bool]:
        return await self._durable_starts.run(target, payload, trace)

    async def _start_durable(
        self, context: CallContext, request: ServiceInput, target: Target
    ) -> ServiceOutput:
        return await self._durable_starts.invoke(context, request, target)
