"""No message whose sending was acknowledged is lost, however the server ends."""

import itertools
import json

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.queues import new_queue, receive, role_that_takes
from tests.e2e.witness import create_witness, runs, runs_in_order

THREADS = 4
HIDDEN_S = 4
NUMBERS = "def numbers(event):\n    return [each['body'] for each in event['Records']]\n"
QUICK = NUMBERS + "def work(event):\n    pass\n"
FAILING = NUMBERS + (
    "def work(event):\n"
    "    bad = [each for each in event['Records'] if int(each['body']) % 13 == 0]\n"
    "    return {'batchItemFailures': [{'itemIdentifier': each['messageId']} for each in bad]}\n"
)


def send(sqs, url, numbers, accepted, group=None):
    """Send numbers until the server is gone; note those that were acknowledged.

    What was not is sent again the next time, and to a FIFO queue with the same deduplication id.
    """
    for number in numbers:
        members = (
            {}
            if group is None
            else {"MessageGroupId": group, "MessageDeduplicationId": str(number)}
        )
        try:
            sqs.send_message(QueueUrl=url, MessageBody=str(number), **members)
        except (BotoCoreError, ClientError):  # it is gone, or going
            return number
        accepted.append(number)
    return None


class Sender:
    """Sends ever higher numbers, over kills."""

    def __init__(self, thread, path, group):
        self.path, self.group = path, group
        self.accepted = []
        self._numbers = itertools.count(thread * 10**6 + 1)
        self._again = []

    def run(self, server):
        sqs = server.client("sqs")
        numbers = itertools.chain(self._again, self._numbers)
        failed = send(sqs, server.endpoint + self.path, numbers, self.accepted, self.group)
        self._again = [] if failed is None or self.group is None else [failed]


def test_every_message_that_was_acknowledged_is_processed_through_twenty_kills(own_server):
    sqs, functions = own_server.client("sqs"), own_server.client("lambda")
    dead, dead_arn = new_queue(sqs)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    queue = {"VisibilityTimeout": str(HIDDEN_S)}
    url, arn = new_queue(sqs, RedrivePolicy=policy, **queue)
    fifo_url, fifo_arn = new_queue(sqs, ".fifo", ContentBasedDeduplication="false", **queue)
    role = role_that_takes(own_server, arn, fifo_arn)
    settings = {"Role": role, "Timeout": HIDDEN_S}
    name = create_witness(own_server, FAILING, **settings)
    fifo_name = create_witness(own_server, QUICK, **settings)
    for source, function in ((arn, name), (fifo_arn, fifo_name)):
        functions.create_event_source_mapping(
            EventSourceArn=source,
            FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
    paths = [each.removeprefix(own_server.endpoint) for each in (url, fifo_url)]
    dead_path = dead.removeprefix(own_server.endpoint)
    senders = [
        Sender(each, paths[each % 2], str(each) if each % 2 else None) for each in range(THREADS)
    ]
    *_, kills = killing(own_server, senders, seed=8, within_s=0.7)
    wanted = {number for each in senders[::2] for number in each.accepted}
    ordered = [each.accepted for each in senders[1::2]]
    assert len(wanted) > kills
    # What the kills cut off thrice is a dead letter as well.
    poison = {number for number in wanted if number % 13 == 0}
    letters = {}

    def arrived():
        letters.update(read_letters(own_server, own_server.endpoint + dead_path))
        return poison <= letters.keys() and wanted <= runs(own_server, name).keys() | letters.keys()

    eventually(arrived, "all messages ran or are dead letters", 60)
    # Three times in its own queue, and once here.
    assert set(letters.values()) == {4}
    in_order = {number for each in ordered for number in each}
    eventually(lambda: in_order <= runs(own_server, fifo_name).keys(), "all in groups ran", 60)
    found = list(dict.fromkeys(runs_in_order(own_server, fifo_name)))
    for each in ordered:
        own = [number for number in found if number // 10**6 == each[0] // 10**6]
        assert own == sorted(own)


def read_letters(server, url):
    """Take dead letters out of their queue: how often each was received, by its number."""
    sqs, found = server.client("sqs"), {}
    while letters := receive(sqs, url, 1):
        entries = []
        for number, each in enumerate(letters):
            found[_number(each["Body"])] = int(each["Attributes"]["ApproximateReceiveCount"])
            entries.append({"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]})
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return found


def _number(body):
    """Read the number that a message is, also one that a topic has put into an envelope."""
    told = json.loads(body)
    return told if isinstance(told, int) else int(told["Message"])


def test_what_was_received_is_hidden_and_deleted_also_after_a_kill(own_server):
    sqs = own_server.client("sqs")
    url, _ = new_queue(sqs, VisibilityTimeout="600")
    for body in ("deleted", "hidden", "ready"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = {}
    while received.keys() < {"deleted", "hidden"}:
        [each] = sqs.receive_message(QueueUrl=url)["Messages"]
        received[each["Body"]] = each["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["deleted"])
    path = url.removeprefix(own_server.endpoint)
    own_server.kill()
    own_server.start()
    sqs, url = own_server.client("sqs"), own_server.endpoint + path
    assert [each["Body"] for each in receive(sqs, url)] == ["ready"]
    assert receive(sqs, url, 0) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["hidden"])
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["ApproximateNumberOfMessagesNotVisible"] == "1"
