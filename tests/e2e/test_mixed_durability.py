"""What was acknowledged of sends and publishes reaches functions, however the server ends."""

import itertools
import json
from collections import defaultdict

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.queues import new_queue, role_that_takes
from tests.e2e.test_queue_durability import read_letters
from tests.e2e.test_sns import new_topic, open_queue
from tests.e2e.witness import create_witness, runs, runs_in_order

HIDDEN_S = 4
POISON = 13
"""One that fails, of which there may be no other where few are accepted between two kills."""
COPY = 10**8
"""What numbers are recorded times, so that there is room for which message it was."""
FROM_QUEUES = """
import zlib

def body(each):
    try:
        return int(each["body"])
    except ValueError:  # it came from a topic, in an envelope
        return int(json.loads(each["body"])["Message"])

def numbers(event):
    return [body(each) * 10**8 + zlib.crc32(each["messageId"].encode()) % 10**8
            for each in event["Records"]]
"""
QUICK = FROM_QUEUES + "def work(event):\n    pass\n"
FAILING = (
    FROM_QUEUES
    + """
def work(event):
    bad = [each for each in event["Records"] if body(each) % 13 == 0]
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in bad]}
"""
)
FROM_TOPICS = """
def numbers(event):
    return [each["Sns"]["Message"] for each in event["Records"]]

def work(event):
    pass
"""


class Client:
    """Sends or publishes ever higher numbers, over kills.

    What was not acknowledged is sent again the next time where there is a group, with the same
    deduplication id.
    """

    def __init__(self, thread, send, group=None):
        self._send, self._group = send, group
        self.accepted = []
        self._numbers = itertools.count(thread * 10**6 + 1)
        self._again = []

    def run(self, server):
        clients = {each: server.client(each) for each in ("sqs", "sns")}
        group = self._group
        for number in itertools.chain(self._again, self._numbers):
            members = {}
            if group is not None:
                members = {"MessageGroupId": group, "MessageDeduplicationId": str(number)}
            try:
                self._send(server, clients, str(number), members)
            except (BotoCoreError, ClientError):  # it is gone, or going
                self._again = [] if group is None else [number]
                return
            self.accepted.append(number)


def sends_to(path):
    def send(server, clients, text, members):
        url = server.endpoint + path
        clients["sqs"].send_message(QueueUrl=url, MessageBody=text, **members)

    return send


def publishes_to(topic):
    def send(server, clients, text, members):
        clients["sns"].publish(TopicArn=topic, Message=text, **members)

    return send


def test_what_was_acknowledged_of_a_mixed_load_is_processed_through_twenty_kills(own_server):
    server = own_server
    sqs, sns, functions = (server.client(each) for each in ("sqs", "sns", "lambda"))
    dead, dead_arn = new_queue(sqs)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    hidden = {"VisibilityTimeout": str(HIDDEN_S)}
    topic, ordered_topic = new_topic(sns), new_topic(sns, ".fifo")
    url, arn = open_queue(sqs, topic, RedrivePolicy=policy, **hidden)
    fifo_url, fifo_arn = open_queue(
        sqs, ordered_topic, ".fifo", ContentBasedDeduplication="false", **hidden
    )
    settings = {"Role": role_that_takes(server, arn, fifo_arn), "Timeout": HIDDEN_S}
    name = create_witness(server, FAILING, **settings)
    fifo_name = create_witness(server, QUICK, **settings)
    told_name = create_witness(server, FROM_TOPICS, Timeout=HIDDEN_S)
    for source, function in ((arn, name), (fifo_arn, fifo_name)):
        functions.create_event_source_mapping(
            EventSourceArn=source,
            FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
    functions.add_permission(
        FunctionName=told_name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    told_arn = functions.get_function_configuration(FunctionName=told_name)["FunctionArn"]
    for each, protocol, endpoint in (
        (topic, "sqs", arn),
        (topic, "lambda", told_arn),
        (ordered_topic, "sqs", fifo_arn),
    ):
        sns.subscribe(TopicArn=each, Protocol=protocol, Endpoint=endpoint)
    path, fifo_path, dead_path = (
        each.removeprefix(server.endpoint) for each in (url, fifo_url, dead)
    )
    sender, publisher = Client(1, sends_to(path)), Client(2, publishes_to(topic))
    in_groups = [
        Client(3, sends_to(fifo_path), "sent"),
        Client(4, publishes_to(ordered_topic), "published"),
    ]
    clients = [sender, publisher, *in_groups]
    sqs.send_message(QueueUrl=url, MessageBody=str(POISON))
    sender.accepted.append(POISON)
    *_, kills = killing(server, clients, seed=8, within_s=0.7)
    wanted = {*sender.accepted, *publisher.accepted}
    assert len(wanted) > kills
    letters = {}

    def all_arrived():
        letters.update(read_letters(server, server.endpoint + dead_path))
        found = {each // COPY for each in runs(server, name)} | letters.keys()
        return wanted <= found and {each for each in wanted if each % 13 == 0} <= letters.keys()

    eventually(all_arrived, "all messages ran or are dead letters", 90)
    # Three times in its own queue, and once here.
    assert set(letters.values()) == {4}
    published = set(publisher.accepted)
    eventually(lambda: published <= runs(server, told_name).keys(), "the topic's function ran", 60)
    ordered = {number for each in in_groups for number in each.accepted}

    def ran_in_groups():
        return {each // COPY for each in runs(server, fifo_name)}

    eventually(lambda: ordered <= ran_in_groups(), "all in groups ran", 60)
    messages = defaultdict(set)
    for each in runs_in_order(server, fifo_name):
        messages[each // COPY].add(each % COPY)
    # What was sent or published again, because it was not acknowledged, is the same message.
    assert {number for number, found in messages.items() if len(found) > 1} == set()
    for client in in_groups:
        own = [each for each in messages if each // 10**6 == client.accepted[0] // 10**6]
        assert own == sorted(own)
