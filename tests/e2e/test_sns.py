"""Amazon SNS over HTTP, with boto3: topics, subscriptions, and messages to all who subscribed."""

import json
import urllib.error
import urllib.request

import pytest

from tests.e2e.callers import allow, new_account, new_role, new_user
from tests.e2e.conftest import ROLE, create, eventually
from tests.e2e.queues import LOGS, new_queue, receive
from tests.e2e.topics import Endpoint, code, new_topic, open_queue, subscribed, verify

ACCOUNT = "000000000000"
SAYS = "def handler(event, context):\n    print('GOT', __import__('json').dumps(event))\n"
LOUD = "def handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


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


def test_of_a_batch_all_are_published_or_none(sns, sqs):
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    good = {"Id": "good", "Message": "m"}
    bad = {"Id": "bad", "Message": "{}", "MessageStructure": "json"}
    batch = "PublishBatchRequestEntries"
    assert code(sns.publish_batch, TopicArn=topic, **{batch: [good, bad]}) == (
        "InvalidParameter",
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    )
    ten = [{"Id": str(number), "Message": str(number)} for number in range(10)]
    answer = sns.publish_batch(TopicArn=topic, **{batch: ten})
    assert [each["Id"] for each in answer["Successful"]] == [each["Id"] for each in ten]
    found = []
    while len(found) < 10:
        found += [each["Body"] for each in receive(sqs, url)]
    assert sorted(found) == [each["Message"] for each in ten]


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


def test_what_a_raw_subscription_could_not_get_comes_raw_to_the_dead_letter_queue(sns, sqs):
    topic = new_topic(sns, ".fifo", ContentBasedDeduplication="true")
    _, arn = new_queue(sqs, ".fifo")
    letters, letters_arn = open_queue(sqs, topic, ".fifo")
    redrive = json.dumps({"deadLetterTargetArn": letters_arn})
    raw = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    attributes = {"colour": {"DataType": "String", "StringValue": "red"}}
    for text in "abc":
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g", MessageAttributes=attributes)
    found = receive(sqs, letters)
    assert [each["Body"] for each in found] == ["a", "b", "c"]
    assert found[0]["MessageAttributes"]["colour"]["StringValue"] == "red"


def test_the_group_of_a_standard_topic_s_message_comes_to_standard_queues(sns, sqs):
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic)
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="tenant")
    (message,) = receive(sqs, url)
    assert message["Attributes"]["MessageGroupId"] == "tenant"


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
    letter = json.loads(message["Body"])
    assert (letter["Type"], letter["Message"]) == ("Notification", "refused")
    verify(letter)
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
