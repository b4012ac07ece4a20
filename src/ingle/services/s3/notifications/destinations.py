"""Whether destinations are there and let S3 in, and the test event that they get.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from collections.abc import Sequence
from typing import Any

from ingle.iam.principal import service_principal
from ingle.services.s3.errors import InvalidArgument
from ingle.services.s3.model import Bucket
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.s3.notifications.notifier import SERVICE, SUBJECT, source_keys
from ingle.services.s3.notifications.records import test_event
from ingle.services.s3.notifications.rules import Rule
from ingle.wire.errors import ServiceError

_S3 = service_principal(SERVICE)
_UNABLE = "Unable to validate the following destination configurations"
_FIFO = ".fifo"


class Destinations:
    """Checks destinations.

    Args:
        neighbours: whom buckets tell.
    """

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    def check(self, bucket: Bucket, rules: Sequence[Rule]) -> None:
        """Check that the destinations of rules are there and let S3 in.

        Raises:
            InvalidArgument: names those that do not, and why.
        """
        faults: dict[str, str] = {}
        for rule in rules:
            fault = self._fault(bucket, rule)
            if fault:
                faults[rule.arn] = fault
        if faults:
            told: dict[str, Any] = {}
            for number, (arn, fault) in enumerate(faults.items(), 1):
                suffix = "" if len(faults) == 1 else str(number)
                told |= {f"ArgumentName{suffix}": arn, f"ArgumentValue{suffix}": fault}
            raise InvalidArgument(_UNABLE, **told)

    async def test(
        self, bucket: Bucket, rules: Sequence[Rule], request_id: str, now: float
    ) -> None:
        """Send queues and topics a test event; functions get none, as on AWS.

        Raises:
            InvalidArgument: one of them does not take it.
        """
        text, keys = test_event(bucket, request_id, now), source_keys(bucket)
        for arn, name in {each.arn: each.list for each in rules}.items():
            try:
                if name == "QueueConfigurations":
                    message = {"MessageBody": text}
                    await self._neighbours.queues.send(_S3, arn, message, keys=keys)
                elif name == "TopicConfigurations":
                    notice = {"Message": text, "Subject": SUBJECT}
                    await self._neighbours.topics.publish(_S3, arn, notice, keys=keys)
            except ServiceError as error:
                raise InvalidArgument(
                    _UNABLE, ArgumentName=arn, ArgumentValue=error.message
                ) from error

    def _fault(self, bucket: Bucket, rule: Rule) -> str:
        """Say what is wrong with a destination; "" for nothing."""
        keys, neighbours = source_keys(bucket), self._neighbours
        if rule.list == "LambdaFunctionConfigurations":
            try:
                neighbours.functions.prepared(
                    rule.arn,
                    b"{}",
                    service=SERVICE,
                    source_arn=bucket.arn,
                    source_account=bucket.account_id,
                )
            except ServiceError:
                return f"Not authorized to invoke function [{rule.arn}]"
            return ""
        queue = rule.list == "QueueConfigurations"
        noun = "queue" if queue else "topic"
        if rule.arn.endswith(_FIFO):
            return f"A FIFO {noun} cannot be the destination of notifications"
        try:
            if queue:
                if neighbours.queues.find(rule.arn) is None:
                    return "The destination queue does not exist"
                neighbours.queues.check_may_send(_S3, rule.arn, keys)
            else:
                if neighbours.topics.find(rule.arn) is None:
                    return "The destination topic does not exist"
                neighbours.topics.check_may_publish(_S3, rule.arn, keys)
        except ServiceError:
            return (
                f"Permissions on the destination {noun} do not allow S3 to publish notifications "
                "from this bucket"
            )
        return ""
