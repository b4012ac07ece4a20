"""What CloudWatch tells of topics, with boto3."""

import datetime
import json

from tests.e2e.conftest import eventually
from tests.e2e.queues import new_queue, receive
from tests.e2e.topics import Endpoint, new_topic, open_queue, subscribed


def test_cloudwatch_tells_what_topics_publish_deliver_and_fail_to_deliver(server):
    sns, sqs, cloudwatch = (server.client(each) for each in ("sns", "sqs", "cloudwatch"))
    topic = new_topic(sns)
    subscribed(sns, sqs, topic)
    subscribed(sns, sqs, topic, FilterPolicy='{"colour": ["red"]}')
    letters, letters_arn = open_queue(sqs, topic)
    redrive = json.dumps({"deadLetterTargetArn": letters_arn})
    closed = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": new_queue(sqs)[1]}
    sns.subscribe(**closed, Attributes={"RedrivePolicy": redrive})
    endpoint = Endpoint()
    try:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
        eventually(lambda: endpoint.got, "the endpoint was asked to confirm")
        token = json.loads(endpoint.got.pop()[1])["Token"]
        sns.confirm_subscription(TopicArn=topic, Token=token)
        sns.publish(TopicArn=topic, Message="12345")
        sns.publish(TopicArn=topic, Message="123456789")
        eventually(lambda: len(endpoint.got) == 2, "the endpoint got both")
    finally:
        endpoint.close()
    assert len(receive(sqs, letters)) >= 1

    def told(name, statistic="Sum"):
        now = datetime.datetime.now(datetime.UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/SNS",
            MetricName=name,
            Dimensions=[{"Name": "TopicName", "Value": topic.rpartition(":")[2]}],
            StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now + datetime.timedelta(minutes=2),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(each[statistic] for each in found)

    eventually(lambda: told("NumberOfNotificationsDelivered") == 4, "all deliveries are counted")
    assert told("NumberOfMessagesPublished") == 2
    assert told("PublishSize") == 14
    assert told("NumberOfNotificationsFilteredOut") == 2
    assert told("NumberOfNotificationsFailed") == 2
    assert told("NumberOfNotificationsRedrivenToDlq") == 2
    assert told("NumberOfNotificationsFailedToRedriveToDlq") == 0
