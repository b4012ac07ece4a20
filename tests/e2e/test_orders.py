"""Orders pass through a topic and a queue that keep their order to a function, each once."""

from collections import Counter

from tests.e2e.conftest import eventually
from tests.e2e.queues import role_that_takes
from tests.e2e.test_sns import new_topic, open_queue
from tests.e2e.witness import create_witness, runs_in_order

CUSTOMERS, ORDERS = 4, 12
HANDLING = """
def split(event):
    '''Handle orders one by one; of a customer none after one that fails.'''
    done, failed, stopped = [], [], set()
    for each in event["Records"]:
        told = each["attributes"]
        customer, number = told["MessageGroupId"], int(each["body"])
        fails = number % 12 == 5 and told["ApproximateReceiveCount"] == "1"
        if fails or customer in stopped:
            stopped.add(customer)
            failed.append({"itemIdentifier": each["messageId"]})
        else:
            done.append(number)
    return done, failed

def numbers(event):
    return split(event)[0]

def work(event):
    return {"batchItemFailures": split(event)[1]}
"""


def test_no_order_is_lost_or_doubled_and_each_customer_s_come_in_order(server):
    """Each is published twice, as by who got no answer; each customer's sixth fails once."""
    sns, sqs, functions = (server.client(each) for each in ("sns", "sqs", "lambda"))
    topic = new_topic(sns, ".fifo")
    hidden = {"VisibilityTimeout": "10", "ContentBasedDeduplication": "false"}
    url, arn = open_queue(sqs, topic, ".fifo", **hidden)
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    name = create_witness(server, HANDLING, Role=role_that_takes(server, arn), Timeout=10)
    functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    orders = [100 * customer + each for each in range(ORDERS) for customer in range(CUSTOMERS)]
    for number in orders:
        entries = [
            {
                "Id": copy,
                "Message": str(number),
                "MessageGroupId": str(number // 100),
                "MessageDeduplicationId": str(number),
            }
            for copy in ("first", "again")
        ]
        assert not sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Failed"]

    def left():
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return [told[f"ApproximateNumberOfMessages{each}"] for each in ("", "NotVisible")]

    eventually(lambda: len(runs_in_order(server, name)) >= len(orders), "all were handled", 60)
    eventually(lambda: left() == ["0", "0"], "the queue is empty", 30)
    handled = runs_in_order(server, name)
    assert Counter(handled) == Counter(orders)
    for customer in range(CUSTOMERS):
        own = [each for each in handled if each // 100 == customer]
        assert own == sorted(own)
