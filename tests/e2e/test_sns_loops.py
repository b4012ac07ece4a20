"""Functions that publish to the topic that they are called by: they are stopped, as on AWS."""

import urllib.request

import pytest

from tests.e2e.callers import allow, new_role
from tests.e2e.conftest import create, eventually
from tests.e2e.queues import LOGS, TAKES, receive
from tests.e2e.topics import new_topic, open_queue, subscribed

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


def test_a_function_that_publishes_to_its_own_topic_is_stopped(server, sns, sqs, functions):
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sns').publish(TopicArn='{topic}', Message='again')\n"
    )
    role = new_role(server, LOGS, allow("sns:Publish", on=[topic]))
    name = create(functions, source, Role=role, Timeout=30)
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="first")
    labels = f'account="{ACCOUNT}",region="us-east-1",function="{name}"'
    dropped = f"ingle_lambda_recursive_invocations_dropped_total{{{labels}}} 1"

    def stopped():
        with urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics") as answer:
            return dropped in answer.read().decode()

    eventually(stopped, "the loop is stopped", 60)
    found = []
    while messages := receive(sqs, url, 1):
        found += messages
    # The first, and one for each of the rounds that are let pass.
    assert len(found) == 17


def test_a_loop_over_a_queue_is_stopped(server, sns, sqs, functions):
    topic = new_topic(sns)
    _, arn = open_queue(sqs, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    watched, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sns').publish(TopicArn='{topic}', Message='again')\n"
    )
    role = new_role(server, LOGS, allow("sns:Publish", on=[topic]), allow(*TAKES, on=[arn]))
    name = create(functions, source, Role=role, Timeout=30)
    functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=1)
    sns.publish(TopicArn=topic, Message="first")
    labels = f'account="{ACCOUNT}",region="us-east-1",function="{name}"'
    dropped = f"ingle_lambda_recursive_invocations_dropped_total{{{labels}}} "

    def stopped():
        with urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics") as answer:
            return dropped in answer.read().decode()

    eventually(stopped, "the loop is stopped", 60)
    found = []
    while messages := receive(sqs, watched, 1):
        found += messages
    assert len(found) == 17
