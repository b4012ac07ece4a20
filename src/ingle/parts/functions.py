"""Functions: their service, with all that it runs on."""

from dataclasses import dataclass
from typing import Self

from ingle.auth.presign import presign_url
from ingle.ground import Ground
from ingle.invoke.invoker import Invoker
from ingle.invoke.metrics import SeveralSinks
from ingle.parts.base import Base
from ingle.parts.identities import Identities
from ingle.parts.messaging import Messaging
from ingle.parts.observing import Observing
from ingle.parts.records import Records
from ingle.pool.memory import MB
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.store import LambdaStore
from ingle.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Functions:
    """Functions.

    Attributes:
        store: where they are kept.
        service: runs them, and answers for them.
    """

    store: LambdaStore
    service: LambdaService

    @classmethod
    async def open(
        cls,
        base: Base,
        blobs: BlobStore,
        identities: Identities,
        records: Records,
        observing: Observing,
        messaging: Messaging,
        invoker: Invoker,
        ground: Ground,
        *,
        snapshots: bool,
    ) -> Self:
        """Read what functions there are.

        Args:
            base: what everything is built on.
            blobs: keep their packages.
            identities: who there is; the authorizer is told of functions.
            records: take measurements.
            observing: takes measurements, and knows traces.
            messaging: the queues, topics and objects that functions have to do with.
            invoker: runs them.
            ground: what the server was started with the rights for.
            snapshots: whether sandboxes can be kept as files.
        """
        config, clock = base.config, base.clock
        store = await LambdaStore.open(base.database, base.keys)
        service = LambdaService(
            store=store,
            packages=await Packages.open(store, blobs, base.folder.code, clock),
            database=base.database,
            invoker=invoker,
            metrics=SeveralSinks(observing.observer.measurements, records.lambda_metrics),
            directory=identities.directory,
            authorizer=identities.authorizer,
            objects=messaging.objects_for_functions,
            clock=clock,
            tracer=observing.tracer,
            queues=messaging.queues_for_services,
            topics=messaging.topics.for_services,
            presign=lambda url, seconds: presign_url(
                identities.root_key, "GET", url, config.region, "lambda", seconds, clock.time()
            ),
            interpreters=ground.interpreters,
            snapshots=snapshots,
            streamed_bytes=config.streamed_mb * MB,
            file_systems=config.file_systems,
            vpcs=config.vpcs,
            image_folders=config.images,
        )
        identities.authorizer.tell("lambda", service.resources)
        base.ending.push_async_callback(service.events.close)
        base.ending.push_async_callback(service.pollers.close)
        base.ending.push_async_callback(service.durable.close)
        return cls(store, service)
