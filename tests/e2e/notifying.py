"""Buckets that tell functions, queues and topics, for tests."""

import json
import uuid
from typing import Any

import pytest

from tests.e2e.server import Server

ACCOUNT = "000000000000"


def lets_in(arn: str, action: str, bucket: str) -> str:
    """The policy of a queue or topic that a bucket may tell."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": arn,
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def new_queue(server: Server, bucket: str, *, open_to_s3: bool = True) -> tuple[str, str]:
    """Make a queue that a bucket may tell; return its URL and its ARN."""
    sqs = server.client("sqs")
    name = f"q-{uuid.uuid4().hex[:12]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    if open_to_s3:
        policy = lets_in(arn, "sqs:SendMessage", bucket)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def new_topic(server: Server, bucket: str, *, open_to_s3: bool = True) -> str:
    """Make a topic that a bucket may tell; return its ARN."""
    sns = server.client("sns")
    arn: str = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:12]}")["TopicArn"]
    if open_to_s3:
        policy = lets_in(arn, "sns:Publish", bucket)
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return arn


def let_s3_invoke(server: Server, function: str, bucket: str) -> str:
    """Let a bucket run a function; return the function's ARN."""
    server.client("lambda").add_permission(
        FunctionName=function,
        StatementId=f"s3-{uuid.uuid4().hex[:8]}",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=ACCOUNT,
    )
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"


def configure(
    s3: Any, bucket: str, key: str, arn: str, *events: str, skip: bool = False, **filters: str
) -> None:
    """Have a bucket tell one destination.

    Args:
        key: `Queue`, `Topic` or `LambdaFunction`.
        filters: prefix and suffix.
    """
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={f"{key}Configurations": [rule(key, arn, *events, **filters)]},
        SkipDestinationValidation=skip,
    )


def rule(key: str, arn: str, *events: str, **filters: str) -> dict[str, Any]:
    """One configuration, as the API has it."""
    found: dict[str, Any] = {f"{key}Arn": arn, "Events": list(events)}
    if filters:
        rules = [{"Name": name, "Value": value} for name, value in filters.items()]
        found["Filter"] = {"Key": {"FilterRules": rules}}
    return found


class Listening:
    """Takes what a bucket tells out of a queue.

    Attributes:
        arn: the queue's.
    """

    def __init__(self, server: Server, bucket: str) -> None:
        self._sqs = server.client("sqs")
        self._url, self.arn = new_queue(server, bucket)

    def bodies(self, count: int) -> list[Any]:
        """Take so many messages; fail where they do not come, and where more do."""
        found: list[Any] = []
        while len(found) < count:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=10
            )
            messages = answer.get("Messages")
            if not messages:
                pytest.fail(f"{len(found)} of {count} messages came")
            for each in messages:
                found.append(json.loads(each["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=each["ReceiptHandle"])
        more = self._sqs.receive_message(QueueUrl=self._url).get("Messages", [])
        assert not more, more
        return found

    def records(self, count: int) -> list[Any]:
        """Take the records of so many messages."""
        return [each["Records"][0] for each in self.bodies(count)]
