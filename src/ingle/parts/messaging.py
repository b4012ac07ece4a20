"""What messages and objects are sent to: queues, topics and buckets, here or elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from ingle.auth.authorizer import Authorizer
from ingle.forwarding.forwarder import Forwarder
from ingle.parts.base import Base
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.lambda_.service_invocations import ServiceInvocations
from ingle.services.s3.api import S3Service
from ingle.services.s3.elsewhere import ObjectsElsewhere
from ingle.services.s3.for_services import ForServices
from ingle.services.s3.store import BucketStore
from ingle.services.sns.api import SnsService
from ingle.services.sns.store import SnsStore
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.elsewhere import QueuesElsewhere
from ingle.services.sqs.for_services import ServiceMessages
from ingle.services.sqs.measuring import QueueMeter
from ingle.services.sqs.store import SqsStore
from ingle.wire.protocol import ServiceProtocol


@dataclass(frozen=True, slots=True)
class Messaging:
    """Queues, topics and buckets.

    Attributes:
        elsewhere: calls the services that are elsewhere, by botocore's names.
        queues: the service of this server.
        queues_for_services: the queues that other services use, here or elsewhere.
        topics: the service.
        buckets: the service of this server.
        objects_for_functions: the objects that functions use, here or elsewhere.
    """

    elsewhere: Mapping[str, Forwarder]
    queues: SqsService
    queues_for_services: ServiceMessages | QueuesElsewhere
    topics: SnsService
    buckets: S3Service
    objects_for_functions: ForServices | ObjectsElsewhere

    @classmethod
    async def open(
        cls,
        base: Base,
        authorizer: Authorizer,
        metrics: Metrics,
        functions: Callable[[], ServiceInvocations],
        endpoint: str,
    ) -> Self:
        """Read what there is.

        Args:
            base: what everything is built on.
            authorizer: decides who may do what; it is told of queues, topics and buckets.
            metrics: get the measurements of queues and topics.
            functions: run for subscriptions; asked for once messages are published.
            endpoint: the URL that topics name to their subscribers.
        """
        config, clock, database, keys = base.config, base.clock, base.database, base.keys
        queues_store = await SqsStore.open(database, clock, keys)
        queues = SqsService(queues_store, database, authorizer, clock)
        authorizer.tell("sqs", queues.resources)
        metrics.draw_from(QueueMeter(queues_store, clock))
        base.ending.push_async_callback(queues.close)
        elsewhere = {
            each.service: Forwarder(each, ServiceProtocol.load(each.service).signing_name)
            for each in config.services
        }
        for forwarder in elsewhere.values():
            base.ending.push_async_callback(forwarder.close)
        queues_for_services: ServiceMessages | QueuesElsewhere = queues.for_services
        if "sqs" in elsewhere:
            queues_for_services = QueuesElsewhere(elsewhere["sqs"], clock)
        topics = SnsService(
            store=await SnsStore.open(database, clock),
            database=database,
            keys=keys,
            authorizer=authorizer,
            clock=clock,
            functions=functions,
            queues=queues_for_services,
            endpoint=endpoint,
            mail_relay=config.mail_relay,
            mail_sender=config.mail_sender,
        )
        authorizer.tell("sns", topics.resources)
        metrics.draw_from(topics.measured)
        buckets = S3Service(
            await BucketStore.open(database, base.folder.objects, keys), authorizer, clock
        )
        authorizer.tell("s3", buckets.resources)
        objects: ForServices | ObjectsElsewhere = buckets.for_services
        if "s3" in elsewhere:
            objects = ObjectsElsewhere(elsewhere["s3"], authorizer)
        return cls(elsewhere, queues, queues_for_services, topics, buckets, objects)
