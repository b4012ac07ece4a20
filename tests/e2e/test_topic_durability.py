"""No message whose publishing was acknowledged is lost, however the server ends."""

import itertools
import json
import socket

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.queues import receive
from tests.e2e.topics import Endpoint, new_topic, subscribed
from tests.e2e.witness import create_witness, runs

THREADS = 4
WORK = (
    "def numbers(event):\n    return [each['Sns']['Message'] for each in event['Records']]\n"
    "def work(event):\n    pass\n"
)


class Publisher:
    """Publishes ever higher numbers, over kills; what was not acknowledged, again."""

    def __init__(self, thread, topic, group):
        self.topic, self.group = topic, group
        self.accepted = []
        self._numbers = itertools.count(thread * 10**6 + 1)
        self._again = []

    def run(self, server):
        sns = server.client("sns")
        for number in itertools.chain(self._again, self._numbers):
            members = {"MessageGroupId": self.group} if self.group else {}
            try:
                sns.publish(TopicArn=self.topic, Message=str(number), **members)
            except (BotoCoreError, ClientError):  # it is gone, or going
                self._again = [number]
                return
            self.accepted.append(number)


def test_every_message_that_was_acknowledged_is_delivered_through_twenty_kills(own_server):
    server = own_server
    sns, sqs, functions = (server.client(each) for each in ("sns", "sqs", "lambda"))
    topic = new_topic(sns)
    fifo = new_topic(sns, ".fifo", ContentBasedDeduplication="true")
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    fifo_url, _ = subscribed(sns, sqs, fifo, ".fifo", RawMessageDelivery="true")
    name = create_witness(server, WORK)
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    paths = [each.removeprefix(server.endpoint) for each in (url, fifo_url)]
    publishers = [
        Publisher(each, fifo if each % 2 else topic, str(each) if each % 2 else None)
        for each in range(THREADS)
    ]
    *_, kills = killing(server, publishers, seed=8, within_s=0.4)
    wanted = {number for each in publishers[::2] for number in each.accepted}
    assert len(wanted) >= kills
    eventually(lambda: wanted <= runs(server, name).keys(), "the function got all", 60)
    queued = emptied(server, server.endpoint + paths[0])
    assert wanted <= set(queued)
    ordered = emptied(server, server.endpoint + paths[1])
    assert len(ordered) == len(set(ordered))
    for each in publishers[1::2]:
        own = [number for number in ordered if number // 10**6 == each.accepted[0] // 10**6]
        assert own == sorted(own)
        assert set(each.accepted) <= set(own)


def emptied(server, url):
    """Take all messages out of a queue: their numbers in the order in which they came."""
    sqs, found = server.client("sqs"), []
    while messages := receive(sqs, url, 1):
        found += [int(each["Body"]) for each in messages]
        entries = [
            {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
            for number, each in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return found


def test_what_an_endpoint_outside_has_not_taken_is_delivered_after_a_kill(own_server):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    sns = own_server.client("sns")
    topic = new_topic(sns)
    policy = {"healthyRetryPolicy": {"numRetries": 20, "minDelayTarget": 1, "maxDelayTarget": 1}}
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=f"http://127.0.0.1:{port}/hook",
        Attributes={"DeliveryPolicy": json.dumps(policy)},
    )
    own_server.kill()
    endpoint = Endpoint(port)
    try:
        own_server.start()
        eventually(lambda: endpoint.got, "the endpoint was asked to confirm")
        document = json.loads(endpoint.got[0][1])
        assert document["Type"] == "SubscriptionConfirmation"
    finally:
        endpoint.close()
