"""Queues for tests, and roles of functions that may use them."""

import uuid
from typing import Any

from tests.e2e.callers import allow, new_role
from tests.e2e.server import Server

LOGS = allow("logs:*")
TAKES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def new_queue(sqs: Any, suffix: str = "", **attributes: str) -> tuple[str, str]:
    """Make a queue; return its URL and its ARN."""
    if suffix == ".fifo":
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} | attributes
    name = f"q-{uuid.uuid4().hex[:12]}{suffix}"
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def role_that_sends(server: Server, *arns: str) -> str:
    """Make a role for functions that may send to queues."""
    return new_role(server, LOGS, allow("sqs:SendMessage", on=list(arns)))


def role_that_takes(server: Server, *arns: str) -> str:
    """Make a role for functions that may receive and delete."""
    return new_role(server, LOGS, allow(*TAKES, on=list(arns)))


def receive(sqs: Any, url: str, wait_s: int = 20, **members: Any) -> list[dict[str, Any]]:
    """Receive up to ten messages with all that is known of them, waiting for the first."""
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=wait_s,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
        **members,
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found
