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

from ingle import __version__, allocator
from ingle.clock import Clock, SystemClock
from ingle.config import Config
from ingle.endpoint import Endpoint
from ingle.ground import Ground, prepare, within_open_files
from ingle.http.server import HttpServer
from ingle.invoke.invoker import Invoker
from ingle.listening import listen, local_url_of, url_of
from ingle.observe.logs import configure
from ingle.parts.base import Base
from ingle.parts.entrance import make_entrance
from ingle.parts.events import Events
from ingle.parts.execution import connect_warden, make_invoker, make_pool
from ingle.parts.functions import Functions
from ingle.parts.identities import Identities
from ingle.parts.messaging import Messaging
from ingle.parts.observing import Observing
from ingle.parts.records import Records
from ingle.pool.memory import Memory
from ingle.pool.pool import Pool
from ingle.sandbox import openfiles
from ingle.services.cloudwatch.api import Alarms, CloudWatchService
from ingle.services.cloudwatch.api import Neighbours as AlarmNeighbours
from ingle.services.delivering.api import Deliveries
from ingle.services.iam.api import IamService
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.kept import kept
from ingle.services.lambda_.role_credentials import role_credentials
from ingle.services.lambda_.service_invocations import Source
from ingle.services.logs.api import LogsService
from ingle.services.logs.sink import Sink
from ingle.services.sqs.api import SqsService
from ingle.services.sts.api import StsService
from ingle.services.xray.api import XRayService
from ingle.storage.blobs import BlobStore
from ingle.storage.folder import DataFolder
from ingle.wire.service import Service

_logger = logging.getLogger("ingle.server")

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
    allocator.keep_less()
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
        gc.enable()
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
        config, clock, ground = self._config, self._clock, self._ground
        async with contextlib.AsyncExitStack() as stack:
            base = await Base.open(config, self._folder, clock, stack)
            blobs = BlobStore(self._folder.blobs)
            await blobs.sweep_partial()
            identities = await Identities.open(base)
            authorizer = identities.authorizer
            warden = await connect_warden(base, ground, self._warden_lost)
            records = await Records.open(
                base,
                authorizer,
                lambda function, event, source, owner: functions.for_services.enqueue(
                    Source("logs.amazonaws.com", source, owner), function, event
                ),
                lambda: kept(store),
                warden.time,
            )
            sink, metrics, meter = records.sink, records.metrics, records.meter
            memory = Memory(warden.memory, warden.usage)
            pool = make_pool(
                base,
                ground,
                warden,
                memory,
                sink,
                sock.getsockname()[1],
                serve_endpoint=lambda inner: http.serve_also(inner),
                serve_traces=lambda inner, spec: observing.daemon.serve(inner, spec),
                credentials=lambda spec: role_credentials(
                    spec, functions.roles, identities.sessions, clock.time()
                ),
            )
            observing = Observing.open(base, pool, authorizer)
            observer = observing.observer
            invoker = make_invoker(base, ground, pool, records, observing.listeners)
            messaging = await Messaging.open(
                base,
                authorizer,
                metrics,
                lambda: functions.for_services,
                config.public_url or local_url_of(sock),
            )
            queues, topics, buckets = messaging.queues, messaging.topics, messaging.buckets
            made = await Functions.open(
                base,
                blobs,
                identities,
                records,
                observing,
                messaging,
                invoker,
                ground,
                snapshots=warden.abilities.snapshots,
            )
            store, functions = made.store, made.service
            services: dict[str, Service] = {}
            events = await Events.open(base, identities, records, messaging, functions, services)
            deliveries = events.deliveries
            await functions.start()
            await queues.start()
            alarms = await Alarms.open(
                base.database,
                metrics,
                AlarmNeighbours(
                    functions.for_services, topics.for_services, events.buses.for_services
                ),
                clock,
            )
            authorizer.tell("cloudwatch", alarms.resources)
            cloudwatch = CloudWatchService(
                metrics, base.database, clock, self._folder.path / "graphs", alarms
            )
            stack.push_async_callback(cloudwatch.close)
            logs = LogsService(
                records.logs,
                base.database,
                sink,
                records.watching,
                buckets.for_services,
                authorizer,
                clock,
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
                    IamService(identities.store, clock),
                    StsService(identities.directory, authorizer, identities.sessions, clock),
                    queues,
                    cloudwatch,
                    topics,
                    events.buses,
                    events.schedules,
                    XRayService(observing.segments, observing.traces, observing.daemon, clock),
                )
            }
            http = make_entrance(
                base,
                identities,
                records,
                observing,
                messaging,
                functions,
                services,
                self._health,
            )
            for work in (
                http.keep_time(),
                pool.reap(),
                _resume_when_drained(sink, pool),
                functions.keep_snapshots(),
                functions.keep_images(),
                invoker.keep_provisioned(),
                identities.store.uses.keep(clock),
                queues.keep_time(),
                logs.keep_time(),
                metrics.keep(),
                alarms.keep(),
                observing.traces.keep(),
                observing.daemon.keep(),
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
                (
                    "ingle_log_events_dropped_total",
                    "Log events of functions whose roles may not write logs.",
                    lambda: sink.dropped,
                ),
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
            events.buses.start()
            events.schedules.start()
            endpoint = url_of(sock)
            Endpoint(endpoint, config.region, config.account_id, os.getpid()).write(
                base.folder.path
            )
            yield endpoint

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
