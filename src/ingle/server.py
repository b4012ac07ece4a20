"""The composition root: builds every part from a Config, starts and stops them in order."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

import uvloop

from ingle import __version__
from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import note_use
from ingle.auth.keys import AccessKey
from ingle.auth.presign import presign_url
from ingle.auth.root import load_or_create_root_key
from ingle.auth.sessions import SessionMinter
from ingle.auth.sigv4 import Verifier
from ingle.clock import Clock, SystemClock
from ingle.config import Config, ConfigError
from ingle.endpoint import Endpoint
from ingle.forwarding.forwarder import Forwarder
from ingle.gateway.gateway import Gateway
from ingle.gateway.own_routes import OwnRoutes, Report
from ingle.ground import Ground, prepare, say_weaker, within_open_files
from ingle.http.server import HttpServer
from ingle.invoke.admission import Admission
from ingle.invoke.invoker import Invoker
from ingle.invoke.metrics import SeveralSinks
from ingle.invoke.tracing import Tracer
from ingle.listening import listen, local_url_of, url_of
from ingle.metering.meter import Meter
from ingle.metering.report import CostReports
from ingle.observe.live import Live
from ingle.observe.logs import configure, tell
from ingle.observe.observer import Observer, SpansUnavailable
from ingle.pool.memory import MB, Memory
from ingle.pool.pool import Pool
from ingle.runtimes.catalogue import label
from ingle.runtimes.python.addresses import api_address
from ingle.sandbox import openfiles
from ingle.sandbox.client import WardenClient
from ingle.sandbox.probe import findings
from ingle.services.alexa.api import Skills, skill_verifier
from ingle.services.cloudwatch.api import Alarms, CloudWatchService
from ingle.services.cloudwatch.api import Neighbours as AlarmNeighbours
from ingle.services.cloudwatch.lambda_metrics import LambdaMetrics
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.delivering.api import Deliveries
from ingle.services.events.api import EventsService
from ingle.services.events.store import EventsStore
from ingle.services.iam.accounts import Accounts
from ingle.services.iam.api import IamService
from ingle.services.iam.directory import Directory
from ingle.services.iam.resources import IamResources
from ingle.services.iam.store import IamStore
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.kept import kept
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.role_credentials import role_credentials
from ingle.services.lambda_.service_invocations import Source
from ingle.services.lambda_.store import LambdaStore
from ingle.services.logs.api import LogsService
from ingle.services.logs.permission import LogPermission
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.services.logs.watching import Watching
from ingle.services.s3.api import S3Service
from ingle.services.s3.elsewhere import ObjectsElsewhere
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.s3.store import BucketStore
from ingle.services.scheduler.api import SchedulerService
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.sns.api import SnsService
from ingle.services.sns.store import SnsStore
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.elsewhere import QueuesElsewhere
from ingle.services.sqs.for_services import ServiceMessages
from ingle.services.sqs.measuring import QueueMeter
from ingle.services.sqs.store import SqsStore
from ingle.services.sts.api import StsService
from ingle.services.xray.api import Recorder, SegmentStore, XRayService
from ingle.storage.blobs import BlobStore
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.folder import DataFolder
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.routing import find_service
from ingle.wire.service import Service

_logger = logging.getLogger("ingle.server")

_POOL_DEADLINE_S = 5.0
_DEV_KEY = "test"
_FILE_MODE_MASK = 0o022
"""As the usual one: what is private says so itself, and the rest is for users without rights."""


def run(config: Config, clock: Clock | None = None) -> int:
    """Run a server in the foreground until SIGTERM or SIGINT; return the exit status.

    Args:
        config: what it runs with.
        clock: the time of day; the machine's own where there is none.

    Raises:
        StorageError: the data folder is in use, too new or unusable.
        OSError: the address cannot be listened on.
        WardenError: no sandboxes can be made.
    """
    configure(config.log_level, config.log_format)
    os.umask(_FILE_MODE_MASK)
    config = within_open_files(openfiles.claim(), config)
    clock = clock or SystemClock()
    with DataFolder.open(config.data_dir) as folder, listen(config) as sock:
        ground = prepare(config, folder, sock, clock)
        return uvloop.run(_serve(config, folder, sock, ground, clock))


async def _serve(
    config: Config, folder: DataFolder, sock: socket.socket, ground: Ground, clock: Clock
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(config, folder, ground, clock, stop)
    async with server.running(sock) as endpoint:
        # What is there now stays. Looking through it for garbage again and again takes long.
        gc.freeze()
        print(f"ready {endpoint}", flush=True)
        await stop.wait()
    return 1 if server.broken else 0


class Server:
    """All parts of one Ingle.

    Args:
        config: what it runs with.
        folder: its data folder, locked.
        ground: what it was started with the rights for.
        clock: the time of day.
        stop: set when it should stop; it sets it itself when it cannot go on.

    Attributes:
        broken: it stopped because it could not go on.
    """

    def __init__(
        self,
        config: Config,
        folder: DataFolder,
        ground: Ground,
        clock: Clock,
        stop: asyncio.Event,
    ) -> None:
        self.broken = False
        self._config = config
        self._version = __version__
        self._folder = folder
        self._ground = ground
        self._clock = clock
        self._stop = stop

    @contextlib.asynccontextmanager
    async def running(self, sock: socket.socket) -> AsyncIterator[str]:
        """Start every part, yield the endpoint's URL, and stop every part in reverse."""
        config, folder, clock = self._config, self._folder, self._clock
        async with contextlib.AsyncExitStack() as stack:
            keys = KeyRing.load(folder.secret_key)
            database = await Database.open(folder.path)
            stack.push_async_callback(database.close)
            blobs = BlobStore(folder.blobs)
            await blobs.sweep_partial()
            root_key = load_or_create_root_key(folder.credentials, config.account_id)
            identities = await IamStore.open(database, keys)
            root_keys = self._keys(root_key)
            accounts = await Accounts.open(
                identities, clock, folder.credentials, config.account_id, root_keys
            )
            directory = Directory(identities, root_keys.get)
            stack.push_async_callback(identities.uses.write)
            sessions = SessionMinter(keys, directory)
            verifier = Verifier(
                directory.access_key, clock, find_service, sessions.find, note_use(directory)
            )

            authorizer = Authorizer(
                directory,
                clock,
                resources={"iam": IamResources(identities)},
                enforced=self._enforced(),
                organization=config.organization_id or None,
            )

            ground = self._ground
            warden = await WardenClient.connect(ground.warden, ground.settings, self._warden_lost)
            stack.push_async_callback(warden.close)
            self._say_what_is_weaker(warden)

            metrics = await Metrics.open(MetricsStore(database), clock)
            lambda_metrics = LambdaMetrics(clock)
            metrics.draw_from(lambda_metrics)
            stack.push_async_callback(metrics.close)
            logs_store = LogsStore(database)
            watching = await Watching.open(
                database,
                logs_store,
                metrics,
                clock,
                lambda function, event, source, owner: functions.for_services.enqueue(
                    Source("logs.amazonaws.com", source, owner), function, event
                ),
            )
            sink = await Sink.open(
                logs_store, clock, permission=LogPermission(authorizer), watching=watching
            )
            stack.push_async_callback(sink.close)
            meter = await Meter.open(database, clock, lambda: kept(store), warden.time)
            stack.push_async_callback(meter.close)
            stack.push_async_callback(ground.provisions.close)
            memory = Memory(warden.memory, warden.usage)
            pool = Pool(
                warden,
                clock,
                memory,
                idle_s=config.idle_seconds,
                limit=config.concurrency,
                overloaded=lambda: sink.overloaded,
                want=ground.provisions.want,
                serve_endpoint=lambda inner: http.serve_also(inner),
                endpoint=f"http://127.0.0.1:{sock.getsockname()[1]}",
                runtime_api=api_address(sock.getsockname()[1]),
                credentials=lambda spec: role_credentials(
                    spec, functions.roles, sessions, clock.time()
                ),
            )
            stack.push_async_callback(pool.close, _POOL_DEADLINE_S)
            tracer = Tracer(clock)
            segments = SegmentStore(database)
            traces = Recorder(segments, tracer.caller, clock)
            stack.push_async_callback(traces.flush)
            observer = self._observer(tracer)
            stack.push_async_callback(observer.close)
            live = Live(clock, pool.by_function)
            invoker = Invoker(
                pool,
                sink,
                clock,
                admission=Admission(config.concurrency),
                versions=lambda runtime: label(runtime, ground.versions.get(runtime)),
                listeners=[lambda_metrics, meter.invocations, live, traces, *observer.listeners],
            )
            lambda_metrics.watch(invoker.busy, invoker.admission)
            queues_store = await SqsStore.open(database, clock, keys)
            queues = SqsService(queues_store, database, authorizer, clock)
            authorizer.tell("sqs", queues.resources)
            metrics.draw_from(QueueMeter(queues_store, clock))
            stack.push_async_callback(queues.close)
            elsewhere = {
                each.service: Forwarder(each, ServiceProtocol.load(each.service).signing_name)
                for each in config.services
            }
            for forwarder in elsewhere.values():
                stack.push_async_callback(forwarder.close)
            queues_for_services: ServiceMessages | QueuesElsewhere = queues.for_services
            if "sqs" in elsewhere:
                queues_for_services = QueuesElsewhere(elsewhere["sqs"], clock)
            topics_store = await SnsStore.open(database, clock)
            topics = SnsService(
                store=topics_store,
                database=database,
                keys=keys,
                authorizer=authorizer,
                clock=clock,
                functions=lambda: functions.for_services,
                queues=queues_for_services,
                endpoint=config.public_url or local_url_of(sock),
                mail_relay=config.mail_relay,
                mail_sender=config.mail_sender,
            )
            authorizer.tell("sns", topics.resources)
            metrics.draw_from(topics.measured)
            buckets = S3Service(
                await BucketStore.open(database, folder.objects, keys), authorizer, clock
            )
            store = await LambdaStore.open(database, keys)
            packages = await Packages.open(store, blobs, folder.code, clock)
            functions = LambdaService(
                store=store,
                packages=packages,
                database=database,
                invoker=invoker,
                metrics=SeveralSinks(observer.measurements, lambda_metrics),
                directory=directory,
                authorizer=authorizer,
                objects=ObjectsElsewhere(elsewhere["s3"], authorizer)
                if "s3" in elsewhere
                else buckets.for_services,
                clock=clock,
                tracer=tracer,
                queues=queues_for_services,
                topics=topics.for_services,
                presign=lambda url, seconds: presign_url(
                    root_key, "GET", url, config.region, "lambda", seconds, clock.time()
                ),
                interpreters=ground.interpreters,
                snapshots=warden.abilities.snapshots,
                streamed_bytes=config.streamed_mb * MB,
                file_systems=config.file_systems,
                vpcs=config.vpcs,
                image_folders=config.images,
            )
            authorizer.tell("lambda", functions.resources)
            authorizer.tell("s3", buckets.resources)
            stack.push_async_callback(functions.events.close)
            stack.push_async_callback(functions.pollers.close)
            stack.push_async_callback(functions.durable.close)
            deliveries = Deliveries(
                database, directory, authorizer, queues_for_services, sink, metrics, clock
            )
            if isinstance(queues_for_services, QueuesElsewhere):
                queues_for_services.send_with(deliveries)
            deliveries.invoke_with(functions.for_services)
            deliveries.publish_with(topics.for_services)
            buses = EventsService(await EventsStore.open(database, keys), deliveries, clock)
            authorizer.tell("events", buses.resources)
            stack.push_async_callback(buses.hang_up)
            stack.push_async_callback(deliveries.close)
            stack.push_async_callback(buses.close)
            services: dict[str, Service] = {}
            schedules = SchedulerService(
                await SchedulerStore.open(database), deliveries, services, authorizer, clock
            )
            stack.push_async_callback(schedules.close)
            functions.deliver_to_buses(buses.for_services)
            buckets.tell(
                Neighbours(
                    functions.for_services,
                    queues_for_services,
                    topics.for_services,
                    buses.for_services,
                )
            )
            await functions.start()
            await queues.start()
            alarms = await Alarms.open(
                database,
                metrics,
                AlarmNeighbours(functions.for_services, topics.for_services, buses.for_services),
                clock,
            )
            cloudwatch = CloudWatchService(metrics, database, clock, folder.path / "graphs", alarms)
            stack.push_async_callback(cloudwatch.close)
            logs = LogsService(
                logs_store, database, sink, watching, buckets.for_services, authorizer, clock
            )
            stack.push_async_callback(logs.close)
            await topics.start()
            stack.push_async_callback(topics.close)
            services |= {
                service.name: service
                for service in (
                    functions,
                    logs,
                    buckets,
                    IamService(identities, clock),
                    StsService(directory, authorizer, sessions, clock),
                    queues,
                    cloudwatch,
                    topics,
                    buses,
                    schedules,
                    XRayService(segments, traces, clock),
                )
            }
            costs = CostReports(meter.store, clock, meter.flush)
            own_routes = OwnRoutes(
                verifier,
                authorizer,
                functions.package_path,
                self._health,
                observer.page,
                accounts,
                Skills(
                    functions.for_services,
                    authorizer,
                    lambda: skill_verifier(clock),
                    config.account_id,
                    config.region,
                ),
                {
                    "cost": Report("ce:GetCostAndUsage", costs.answer),
                    "top": Report("cloudwatch:GetMetricData", live.answer),
                },
            )
            gateway = Gateway(
                services,
                verifier,
                authorizer,
                own_routes,
                functions.urls,
                buckets.for_browsers,
                config.region,
                topics.pages.answer,
                observer.requests,
                elsewhere,
            )
            http = HttpServer(gateway.handle, clock)
            for work in (
                http.keep_time(),
                pool.reap(),
                _resume_when_drained(sink, pool),
                functions.keep_snapshots(),
                functions.keep_images(),
                invoker.keep_provisioned(),
                identities.uses.keep(clock),
                queues.keep_time(),
                logs.keep_time(),
                metrics.keep(),
                alarms.keep(),
                traces.keep(),
                observer.keep(),
                buckets.keep_lifecycles(),
            ):
                stack.push_async_callback(_cancel, asyncio.create_task(work))
            await http.start(sock)
            stack.push_async_callback(
                self._drain, functions, queues, deliveries, logs, invoker, http
            )
            for name, told, value in (
                ("ingle_sandboxes", "Sandboxes that there are.", lambda: pool.count),
                ("ingle_invocations_running", "Invocations that run now.", lambda: invoker.running),
                ("ingle_sandbox_memory_free_bytes", "Memory for more sandboxes.", memory.free),
            ):
                observer.show(name, told, value)
            for runtime in store.runtimes():
                invoker.prepare(runtime)
            await logs.start()
            await functions.events.start()
            await functions.durable.start()
            functions.poll()
            meter.watch()
            await deliveries.start()
            buses.start()
            schedules.start()
            endpoint = url_of(sock)
            Endpoint(endpoint, config.region, config.account_id, os.getpid()).write(folder.path)
            yield endpoint

    def _enforced(self) -> bool:
        """Whether permissions are enforced; say so where they are not."""
        if self._config.iam == "audit":
            tell(
                "permissions are not enforced (iam = audit): every signed request is let through, "
                "and what would be denied is logged; `ingle iam explain` tells why",
                self._config.log_format,
            )
        return self._config.iam == "enforce"

    def _keys(self, root_key: AccessKey) -> dict[str, AccessKey]:
        keys = {root_key.access_key_id: root_key}
        if self._config.dev:
            keys[_DEV_KEY] = AccessKey(
                _DEV_KEY,
                _DEV_KEY,
                root_key.principal,
                loopback_only=True,
            )
        return keys

    async def _drain(
        self,
        functions: LambdaService,
        queues: SqsService,
        deliveries: Deliveries,
        logs: LogsService,
        invoker: Invoker,
        http: HttpServer,
    ) -> None:
        deadline = asyncio.get_running_loop().time() + self._config.drain_seconds
        deliveries.stop()
        functions.pollers.stop()
        functions.durable.stop()
        await functions.events.stop()
        queues.stop()
        logs.stop()
        if not await invoker.drain(self._config.drain_seconds):
            _logger.warning(
                "some invocations were still running after %d seconds and are ended",
                self._config.drain_seconds,
            )
        left = max(1.0, deadline - asyncio.get_running_loop().time())
        # What functions are done with is deleted from its queue.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(functions.pollers.finished(), left)
        await http.close(left)

    def _warden_lost(self) -> None:
        _logger.critical(
            "the warden is gone, so no function can run; the server stops. Start it again, and "
            "see `ingle doctor` if this happens twice"
        )
        self.broken = True
        self._stop.set()

    def _say_what_is_weaker(self, warden: WardenClient) -> None:
        for finding in findings(warden.abilities, warden.outbound):
            if not finding.ok:
                say_weaker(finding, self._config)

    def _observer(self, tracer: Tracer) -> Observer:
        config = self._config
        try:
            return Observer(
                self._clock,
                tracer.caller,
                log_requests=config.log_requests,
                otlp_endpoint=config.otlp_endpoint,
                otlp_headers=config.otlp_headers,
            )
        except SpansUnavailable as error:
            raise ConfigError(
                "otlp_endpoint",
                "the configuration",
                "sending spans takes more than is installed: pip install 'ingle[otel]'",
            ) from error

    def _health(self) -> Mapping[str, Any]:
        return {
            "status": "stopping" if self._stop.is_set() else "running",
            "version": self._version,
            "region": self._config.region,
        }


async def _cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _resume_when_drained(sink: Sink, pool: Pool) -> None:
    """Let functions write on whenever the log sink has caught up."""
    while True:
        await pool.paused()
        await sink.drained()
        pool.resume()
