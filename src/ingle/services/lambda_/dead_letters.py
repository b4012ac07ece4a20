"""The dead-letter queue of a function: where events go that were given up.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.lambda_.destinations import Destinations, is_arn_of
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.model import Function

_TARGETS = {"sqs": "SendMessage on SQS", "sns": "Publish on SNS"}


def dead_letter_target(config: Mapping[str, Any]) -> str | None:
    """Read a DeadLetterConfig; None where it takes the target away.

    Raises:
        InvalidParameterValue: it names neither a queue nor a topic.
    """
    arn: str = config.get("TargetArn") or ""
    if arn and not any(is_arn_of(service, arn) for service in _TARGETS):
        raise InvalidParameterValue(
            f"DeadLetterConfig.TargetArn {arn} is neither an Amazon SQS queue nor an Amazon SNS "
            "topic."
        )
    return arn or None


class DeadLetters:
    """Checks dead-letter queues when they are configured.

    Args:
        destinations: know where can be delivered.
    """

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    def check(self, function: Function) -> None:
        """Check the dead-letter queue of a function that is to have one.

        Raises:
            InvalidParameterValue: it is not there, or the function's role may not send to it.
        """
        arn = function.dead_letter
        if arn is None:
            return
        service = next(each for each in _TARGETS if is_arn_of(each, arn))
        if self._destinations.is_refused(function, arn):
            raise InvalidParameterValue(
                f"The provided execution role does not have permissions to call {_TARGETS[service]}"
            )
        self._destinations.check_one(function, arn)
