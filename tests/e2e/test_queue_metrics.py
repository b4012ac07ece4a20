"""What queues do is seen in CloudWatch."""

import datetime
import uuid
from typing import Any

from tests.e2e.clocked import ClockedServer


def test_messages_are_counted_and_depths_told_once_a_minute(tmp_path: Any) -> None:
    server = ClockedServer(tmp_path / "data").start()
    try:
        sqs, cloudwatch = server.client("sqs"), server.client("cloudwatch")
        name = f"q-{uuid.uuid4().hex}"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        now = datetime.datetime.now(datetime.UTC)

        def told(statistic: str, metric: str) -> float | None:
            found = cloudwatch.get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName=metric,
                Dimensions=[{"Name": "QueueName", "Value": name}],
                StartTime=now - datetime.timedelta(hours=1),
                EndTime=now + datetime.timedelta(hours=1),
                Period=7200,
                Statistics=[statistic],
            )["Datapoints"]
            return float(found[0][statistic]) if found else None

        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)
        for body in ("a", "bbb", "cc"):
            sqs.send_message(QueueUrl=url, MessageBody=body)
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert told("Sum", "NumberOfMessagesSent") == 3
        assert told("Sum", "NumberOfMessagesReceived") == 1
        assert told("Sum", "NumberOfMessagesDeleted") == 1
        assert told("Sum", "NumberOfEmptyReceives") == 1
        assert told("Average", "SentMessageSize") == 2
        server.advance(61)
        assert told("Maximum", "ApproximateNumberOfMessagesVisible") == 2
        assert told("Maximum", "ApproximateNumberOfMessagesNotVisible") == 0
        age = told("Maximum", "ApproximateAgeOfOldestMessage")
        assert age is not None
        assert 60 <= age < 600
    finally:
        server.kill()
