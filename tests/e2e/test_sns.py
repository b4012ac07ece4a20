"""Amazon SNS over HTTP, with boto3: topics, subscriptions, and messages to all who subscribed."""

import base64
import json
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from tests.e2e.callers import allow, document, new_account, new_role, new_user
from tests.e2e.conftest import ROLE, create, eventually
from tests.e2e.queues import LOGS, new_queue, receive

ACCOUNT = "000000000000"
SAYS = "def handler(event, context):\n    print('GOT', __import__('json').dumps(event))\n"
LOUD = "def handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


def new_topic(sns, suffix="", **attributes):
    if suffix == ".fifo":
        attributes = {"FifoTopic": "true"} | attributes
    name = f"t-{uuid.uuid4().hex[:12]}{suffix}"
    return sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]


def open_queue(sqs, topic, suffix="", **attributes):
    """Make a queue that a topic may send to; return its URL and its ARN."""
    url, arn = new_queue(sqs, suffix, **attributes)
    policy = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def subscribed(sns, sqs, topic, suffix="", **attributes):
    url, arn = open_queue(sqs, topic, suffix)
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url, answer["SubscriptionArn"]


def code(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def signed_text(message, names):
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def verify(message, confirmation=False):
    """Do what the SDKs' verifiers do, but for the name of the certificate's host."""
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if confirmation:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    pem = urllib.request.urlopen(message["SigningCertURL"]).read()
    key = load_pem_x509_certificate(pem).public_key()
    chosen = {"1": SHA1, "2": SHA256}[message["SignatureVersion"]]()
    key.verify(
        base64.b64decode(message["Signature"]),
        signed_text(message, names),
        padding.PKCS1v15(),
        chosen,
    )


class Endpoint:
    """An HTTP endpoint: keeps what it gets, and answers with the statuses that it is given."""

    def __init__(self, port=0):
        self.got, self.statuses = [], []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                endpoint.got.append((dict(self.headers), body))
                self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


def test_boto3_makes_describes_tags_and_deletes_topics(sns):
    arn = new_topic(sns, DisplayName="Hello")
    name = arn.rpartition(":")[2]
    assert arn == f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"
    assert sns.create_topic(Name=name)["TopicArn"] == arn
    assert {"TopicArn": arn} in [
        each for page in sns.get_paginator("list_topics").paginate() for each in page["Topics"]
    ]
    told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (told["Owner"], told["DisplayName"]) == (ACCOUNT, "Hello")
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SignatureVersion"] == "2"
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["c"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert code(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


def test_permissions_are_statements_of_the_policy(sns):
    arn = new_topic(sns)
    sns.add_permission(
        TopicArn=arn, Label="theirs", AWSAccountId=["444455556666"], ActionName=["Publish"]
    )
    policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    assert policy["Statement"][1] == {
        "Sid": "theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "SNS:Publish",
        "Resource": arn,
    }
    sns.remove_permission(TopicArn=arn, Label="theirs")
    assert code(sns.remove_permission, TopicArn=arn, Label="theirs")[0] == "NotFound"


def test_bad_requests_are_refused_in_aws_s_words(sns):
    arn = new_topic(sns)
    invalid = "InvalidParameter"
    assert code(sns.create_topic, Name="no way") == (invalid, "Invalid parameter: Topic Name")
    assert code(sns.publish, TopicArn=arn, Message="") == (
        invalid,
        "Invalid parameter: Empty message",
    )
    assert code(sns.publish, TopicArn=arn, Message="x" * 262145) == (
        invalid,
        "Invalid parameter: Message too long",
    )
    assert code(sns.publish, TopicArn="nothing", Message="x") == (
        invalid,
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
    )
    assert code(sns.publish, TopicArn=f"{arn}x", Message="x")[0] == "NotFound"
    assert code(sns.publish, TopicArn=arn, Message="{}", MessageStructure="json") == (
        invalid,
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    )
    assert (
        code(
            sns.publish,
            TopicArn=arn,
            Message="x",
            MessageAttributes={"n": {"DataType": "Number", "StringValue": "many"}},
        )[0]
        == "ParameterValueInvalid"
    )
    assert code(sns.subscribe, TopicArn=arn, Protocol="pigeon", Endpoint="x") == (
        invalid,
        "Invalid parameter: Amazon SNS does not support this protocol string: pigeon",
    )
    assert code(sns.subscribe, TopicArn=arn, Protocol="sqs", Endpoint="x") == (
        invalid,
        "Invalid parameter: SQS endpoint ARN",
    )
    assert "mail relay" in code(sns.subscribe, TopicArn=arn, Protocol="email", Endpoint="a@b.c")[1]
    entry = {"Id": "a", "Message": "x"}
    batch = "PublishBatchRequestEntries"
    assert code(sns.publish_batch, TopicArn=arn, **{batch: [entry, entry]})[0] == (
        "BatchEntryIdsNotDistinct"
    )
    many = [{**entry, "Id": str(number)} for number in range(11)]
    assert code(sns.publish_batch, TopicArn=arn, **{batch: many})[0] == (
        "TooManyEntriesInBatchRequest"
    )


def test_a_message_comes_to_a_queue_signed_and_to_a_raw_one_as_it_was(sns, sqs):
    for version in ("1", "2"):
        topic = new_topic(sns, SignatureVersion=version)
        url, subscription = subscribed(sns, sqs, topic)
        raw, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
        attributes = {
            "colour": {"DataType": "String", "StringValue": "red"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        sent = sns.publish(
            TopicArn=topic, Message="hello\nyou", Subject="s", MessageAttributes=attributes
        )
        (message,) = receive(sqs, url)
        body = json.loads(message["Body"])
        assert list(body) == [
            "Type",
            "MessageId",
            "TopicArn",
            "Subject",
            "Message",
            "Timestamp",
            "SignatureVersion",
            "Signature",
            "SigningCertURL",
            "UnsubscribeURL",
            "MessageAttributes",
        ]
        assert body["MessageId"] == sent["MessageId"]
        assert body["MessageAttributes"]["bytes"] == {"Type": "Binary", "Value": "AP8="}
        assert subscription.rpartition(":")[2] in body["UnsubscribeURL"]
        verify(body)
        (message,) = receive(sqs, raw)
        assert message["Body"] == "hello\nyou"
        assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
        with urllib.request.urlopen(body["UnsubscribeURL"]) as answer:
            assert b"UnsubscribeResponse" in answer.read()
        assert code(sns.get_subscription_attributes, SubscriptionArn=subscription)[0] == "NotFound"


def test_each_protocol_gets_its_own_text(sns, sqs):
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    text = json.dumps({"default": "d", "sqs": "for queues"})
    sns.publish(TopicArn=topic, Message=text, MessageStructure="json")
    (message,) = receive(sqs, url)
    assert message["Body"] == "for queues"


def test_a_queue_whose_policy_lets_nobody_in_gets_nothing_and_the_dead_letter_queue_gets_it(
    sns, sqs
):
    topic = new_topic(sns)
    url, arn = new_queue(sqs)
    letters, letters_arn = open_queue(sqs, topic)
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters_arn})},
    )
    sns.publish(TopicArn=topic, Message="lost")
    (message,) = receive(sqs, letters)
    assert json.loads(message["Body"])["Message"] == "lost"
    assert receive(sqs, url, wait_s=0) == []


def test_filters_choose_by_attributes_and_by_the_body(sns, sqs):
    topic = new_topic(sns)
    by_attribute, subscription = subscribed(
        sns,
        sqs,
        topic,
        RawMessageDelivery="true",
        FilterPolicy=json.dumps(
            {"colour": ["red", {"prefix": "bl"}], "n": [{"numeric": [">", 3]}]}
        ),
    )
    by_body, _ = subscribed(
        sns,
        sqs,
        topic,
        RawMessageDelivery="true",
        FilterPolicyScope="MessageBody",
        FilterPolicy=json.dumps({"order": {"paid": [True]}}),
    )

    def publish(message, colour, number):
        attributes = {
            "colour": {"DataType": "String", "StringValue": colour},
            "n": {"DataType": "Number", "StringValue": str(number)},
        }
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)

    paid = json.dumps({"order": {"paid": True}})
    publish("1", "red", 4)
    publish("2", "red", 3)
    publish("3", "green", 4)
    publish(paid, "blue", 5)
    assert [each["Body"] for each in receive(sqs, by_attribute)] == ["1", paid]
    assert [each["Body"] for each in receive(sqs, by_body)] == [paid]
    told = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert told["FilterPolicyScope"] == "MessageAttributes"
    for policy, why in (
        ("{", "failed to parse JSON."),
        ('{"a": "b"}', '"a" must be an object or an array'),
        (json.dumps({str(n): ["x"] for n in range(6)}), "can not have more than 5 keys"),
        (json.dumps({n: list("0123456789") for n in "abc"}), "too complex"),
        ('{"a": {"b": ["c"]}}', "does not support nested"),
    ):
        found = code(
            sns.set_subscription_attributes,
            SubscriptionArn=subscription,
            AttributeName="FilterPolicy",
            AttributeValue=policy,
        )
        assert found[0] == "InvalidParameter"
        assert why in found[1]


def test_a_fifo_topic_keeps_the_order_and_takes_no_copies(sns, sqs):
    topic = new_topic(sns, ".fifo", ContentBasedDeduplication="true")
    url, _ = subscribed(sns, sqs, topic, ".fifo", RawMessageDelivery="true")
    first = sns.publish(TopicArn=topic, Message="0", MessageGroupId="g")
    again = sns.publish(TopicArn=topic, Message="0", MessageGroupId="g")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    entries = [{"Id": str(n), "Message": str(n), "MessageGroupId": "g"} for n in range(1, 6)]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    found = receive(sqs, url)
    assert [each["Body"] for each in found] == [str(n) for n in range(6)]
    assert found[0]["Attributes"]["MessageGroupId"] == "g"
    assert "MessageGroupId" in code(sns.publish, TopicArn=topic, Message="x")[1]


def test_a_function_gets_an_event_if_its_policy_lets_the_topic(sns, sqs, functions, logs):
    topic = new_topic(sns)
    name = create(functions, SAYS)
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    letters, letters_arn = open_queue(sqs, topic)
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters_arn})},
    )["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="refused")
    (message,) = receive(sqs, letters)
    assert json.loads(message["Body"])["Records"][0]["Sns"]["Message"] == "refused"
    functions.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    attributes = {"Test": {"DataType": "String", "StringValue": "TestString"}}
    sent = sns.publish(TopicArn=topic, Message="taken", MessageAttributes=attributes)

    def got():
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return [each["message"] for each in events if "GOT" in each["message"]]

    eventually(got, "the function ran")
    (line,) = got()
    (record,) = json.loads(line.partition("GOT ")[2])["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventVersion"] == "1.0"
    assert record["EventSubscriptionArn"] == subscription
    message = record["Sns"]
    assert message.pop("MessageAttributes") == {"Test": {"Type": "String", "Value": "TestString"}}
    assert message.pop("Subject") is None
    assert (message["Message"], message["MessageId"]) == ("taken", sent["MessageId"])
    assert {"SigningCertUrl", "UnsubscribeUrl"} <= set(message)
    verify({**message, "SigningCertURL": message["SigningCertUrl"]})


def test_an_http_endpoint_confirms_and_then_gets_messages(sns, endpoint):
    topic = new_topic(sns)
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    eventually(lambda: endpoint.got, "the endpoint got something")
    headers, body = endpoint.got.pop()
    document = json.loads(body)
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    verify(document, confirmation=True)
    sns.publish(TopicArn=topic, Message="nobody hears this")
    with urllib.request.urlopen(document["SubscribeURL"]) as answer:
        text = answer.read().decode()
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["SubscriptionArn"] in text
    sent = sns.publish(TopicArn=topic, Message="hello")
    eventually(lambda: endpoint.got, "the endpoint got something")
    headers, body = endpoint.got.pop()
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == sent["MessageId"]
    assert headers["x-amz-sns-subscription-arn"] == subscription["SubscriptionArn"]
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    verify(json.loads(body))
    wrong = document["SubscribeURL"].replace(document["Token"], "x")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(wrong)


def test_an_endpoint_that_fails_is_tried_again_and_then_given_up(sns, sqs, endpoint):
    topic = new_topic(sns)
    letters, letters_arn = open_queue(sqs, topic)
    policy = {"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2}}
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=endpoint.url,
        Attributes={
            "DeliveryPolicy": json.dumps(policy),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": letters_arn}),
            "RawMessageDelivery": "true",
        },
    )
    eventually(lambda: endpoint.got, "the endpoint got something")
    token = json.loads(endpoint.got.pop()[1])["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    endpoint.statuses = [500, 503]
    sns.publish(TopicArn=topic, Message="third time")
    eventually(lambda: len(endpoint.got) == 3, "three attempts")
    endpoint.statuses = [500, 500, 500]
    sns.publish(TopicArn=topic, Message="never")
    assert [each["Body"] for each in receive(sqs, letters)] == ["never"]
    endpoint.statuses = [404]
    sns.publish(TopicArn=topic, Message="at once")
    assert [each["Body"] for each in receive(sqs, letters)] == ["at once"]
    assert len(endpoint.got) == 7


def test_records_and_dead_letters_of_functions_come_to_topics(server, sns, sqs, functions):
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    arn = [topic]
    role = new_role(server, LOGS, allow("sns:Publish", on=arn))
    name = create(functions, LOUD, Role=role, DeadLetterConfig={"TargetArn": topic})
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    sent = functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    request_id = sent["ResponseMetadata"]["RequestId"]
    found = receive(sqs, url)
    if len(found) < 2:
        found += receive(sqs, url)
    (letter,) = (each for each in found if "MessageAttributes" in each)
    (record,) = (json.loads(each["Body"]) for each in found if "MessageAttributes" not in each)
    assert record["requestContext"]["requestId"] == request_id
    assert json.loads(letter["Body"]) == {"a": 1}
    attributes = letter["MessageAttributes"]
    assert attributes["RequestID"] == {"DataType": "String", "StringValue": request_id}
    assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}
    assert attributes["ErrorMessage"] == {"DataType": "String", "StringValue": "no"}


def test_a_role_that_may_not_publish_cannot_have_a_topic_as_destination(sns, functions):
    topic = new_topic(sns)
    name = create(functions, LOUD, Role=ROLE)
    found = code(
        functions.put_function_event_invoke_config,
        FunctionName=name,
        DestinationConfig={"OnSuccess": {"Destination": topic}},
    )
    assert found[0] == "InvalidParameterValueException"
    assert "Publish" in found[1]


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


def test_callers_need_permission_and_those_of_other_accounts_the_topic_s_policy(server, sns):
    topic = new_topic(sns)
    mine = server.client("sns", **new_user(server, allow("sns:Publish", on=topic)))
    mine.publish(TopicArn=topic, Message="m")
    assert code(mine.get_topic_attributes, TopicArn=topic)[0] == "AuthorizationError"
    nobody = server.client("sns", **new_user(server))
    assert code(nobody.publish, TopicArn=topic, Message="m")[0] == "AuthorizationError"
    root = new_account(server, "666655554444")
    theirs = server.client("sns", **new_user(server, allow("sns:Publish"), root=root))
    assert code(theirs.publish, TopicArn=topic, Message="m")[0] == "AuthorizationError"
    sns.add_permission(
        TopicArn=topic, Label="theirs", AWSAccountId=["666655554444"], ActionName=["Publish"]
    )
    theirs.publish(TopicArn=topic, Message="m")
