"""What becomes of events that were given up.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

import logging
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import service_principal
from ingle.services.delivering.model import Delivery, DeliveryFailed, Done, Step
from ingle.services.delivering.permission import Bringers, condition_keys
from ingle.services.neighbours import Queues
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)
_SCHEDULER = "scheduler.amazonaws.com"


class DeadLetters:
    """Sends what was given up to the queue that its target names.

    Args:
        queues: take it.
        bringers: know who sends it.
    """

    def __init__(self, queues: Queues, bringers: Bringers) -> None:
        self._queues = queues
        self._bringers = bringers

    def step(self, delivery: Delivery, error: DeliveryFailed, exhausted: str) -> Step | None:
        """Say what is to be done in the transaction that gives a delivery up.

        Args:
            delivery: the delivery.
            error: what it failed of at last.
            exhausted: which limit of its retry policy it reached, or "".

        Returns:
            None where it goes nowhere.
        """
        arn = delivery.dead_letter
        what = f"{delivery.source_arn} was not delivered to {delivery.arn}: {error.message}"
        if arn is None:
            _logger.warning("%s", what)
            return None
        try:
            if delivery.service == _SCHEDULER:
                sender = self._bringers.of(delivery)
            else:
                sender = service_principal(delivery.service)
            self._queues.check_may_send(sender, arn, condition_keys(delivery))
        except (ServiceError, DeliveryFailed) as fault:
            _logger.warning("%s; nor to %s: %s", what, arn, fault)
            return None
        message = {
            "MessageBody": delivery.event.decode(),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in _attributes(delivery, error, exhausted).items()
                if value
            },
        }

        async def run(connection: AsyncConnection) -> Done | None:
            try:
                return await self._queues.add(
                    connection, delivery.service, arn, message, delivery.trace
                )
            except ServiceError as fault:
                _logger.warning("%s; nor to %s: %s", what, arn, fault)
                return None

        return run


def _attributes(delivery: Delivery, error: DeliveryFailed, exhausted: str) -> dict[str, str]:
    retries = str(max(0, delivery.attempts - 1))
    found = {
        "TARGET_ARN": delivery.arn,
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
    }
    if delivery.service != _SCHEDULER:
        found |= {
            "RULE_ARN": delivery.source_arn,
            "RETRY_ATTEMPTS": retries if error.again else "",
        }
        return found
    time = datetime.fromtimestamp(delivery.created_ms / 1000, UTC)
    return found | {
        "SCHEDULE_ARN": delivery.source_arn,
        "SCHEDULED_TIME": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "RETRY_ATTEMPTS": retries,
        "IS_PAYLOAD_TRUNCATED": "false",
    }
