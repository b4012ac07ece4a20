"""The dead-letter queue of a function, whose targets are services that Ingle does not have.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.invoke.events.destinations import service_of
from ingle.services.lambda_.destinations import SERVICES
from ingle.services.lambda_.errors import InvalidParameterValue

_TARGETS = ("sqs", "sns")


def refuse_dead_letters(members: Mapping[str, Any]) -> None:
    """Refuse a function's DeadLetterConfig, whose targets Ingle does not have.

    Args:
        members: the structure that may have one.

    Raises:
        InvalidParameterValue: it names a target.
    """
    arn = (members.get("DeadLetterConfig") or {}).get("TargetArn")
    if not arn:
        return
    service = service_of(arn)
    if service not in _TARGETS:
        raise InvalidParameterValue(
            f"DeadLetterConfig.TargetArn {arn} is neither an Amazon SQS queue nor an Amazon SNS "
            "topic."
        )
    raise InvalidParameterValue(
        f"DeadLetterConfig is not supported by this version of Ingle: {SERVICES[service]} is not "
        "available. Leave it out, or set an OnFailure destination with "
        "PutFunctionEventInvokeConfig."
    )
