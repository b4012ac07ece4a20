"""What Amazon SNS refuses, with boto3: in AWS's words, or by the name of what is lacking."""

import pytest

from tests.e2e.conftest import ROLE
from tests.e2e.topics import code, new_topic

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


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
    bad = {**entry, "Id": "no way"}
    assert code(sns.publish_batch, TopicArn=arn, **{batch: [bad]})[0] == "InvalidBatchEntryId"
    halves = [{"Id": each, "Message": "x" * 131073} for each in "ab"]
    assert code(sns.publish_batch, TopicArn=arn, **{batch: halves})[0] == "BatchRequestTooLong"
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    assert code(sns.publish, TopicArn=elsewhere, Message="x") == (
        invalid,
        "Invalid parameter: TopicArn",
    )
    many = [{**entry, "Id": str(number)} for number in range(11)]
    assert code(sns.publish_batch, TopicArn=arn, **{batch: many})[0] == (
        "TooManyEntriesInBatchRequest"
    )


@pytest.mark.parametrize(
    ("suffix", "protocol", "attributes", "why"),
    [
        ("", "sqs", {"Colour": "red"}, "AttributeName"),
        ("", "sqs", {"FilterPolicy": "{"}, "FilterPolicy: failed to parse JSON."),
        ("", "sqs", {"FilterPolicyScope": "Body"}, "FilterPolicyScope: Invalid value [Body]."),
        ("", "sqs", {"RawMessageDelivery": "yes"}, "RawMessageDelivery: Invalid value [yes]."),
        ("", "sqs", {"RedrivePolicy": "{"}, "RedrivePolicy: failed to parse JSON."),
        (
            "",
            "sqs",
            {"RedrivePolicy": '{"deadLetterTargetArn": "nowhere"}'},
            "RedrivePolicy: deadLetterTargetArn is an invalid arn",
        ),
        (
            "",
            "lambda",
            {"RawMessageDelivery": "true"},
            "Delivery protocol [lambda] does not support raw message delivery.",
        ),
        (
            "",
            "http",
            {"DeliveryPolicy": '{"throttlePolicy": {"maxReceivesPerSecond": 0}}'},
            "DeliveryPolicy: maxReceivesPerSecond",
        ),
        (
            ".fifo",
            "sqs",
            {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}'},
            "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
        ),
    ],
)
def test_attributes_that_a_subscription_may_not_have_are_refused(
    sns, suffix, protocol, attributes, why
):
    endpoints = {
        "sqs": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q{suffix}",
        "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        "http": "http://127.0.0.1:9/",
    }
    found = code(
        sns.subscribe,
        TopicArn=new_topic(sns, suffix),
        Protocol=protocol,
        Endpoint=endpoints[protocol],
        Attributes=attributes,
    )
    assert found[0] == "InvalidParameter"
    assert found[1].startswith(f"Invalid parameter: Attributes Reason: {why}")


def test_a_fifo_topic_is_for_queues_only_and_a_fifo_queue_for_fifo_topics(sns):
    fifo = new_topic(sns, ".fifo")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    for protocol, endpoint in (("lambda", function), ("http", "http://127.0.0.1:9/")):
        found = code(sns.subscribe, TopicArn=fifo, Protocol=protocol, Endpoint=endpoint)
        assert found == (
            "InvalidParameter",
            f"Invalid parameter: Invalid protocol type: {protocol}",
        )
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"
    found = code(sns.subscribe, TopicArn=new_topic(sns), Protocol="sqs", Endpoint=queue)
    assert "FIFO SQS Queues can not be subscribed to standard SNS topics" in found[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KmsMasterKeyId", "alias/aws/sns"),
        ("DataProtectionPolicy", "{}"),
        ("LambdaSuccessFeedbackRoleArn", ROLE),
    ],
)
def test_what_ingle_does_not_do_is_refused_by_name(sns, name, value):
    topic = new_topic(sns)
    found = code(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert found[0] == "InvalidParameter"
    assert f"{name} is not supported by this version of Ingle" in found[1]
    # Without a value there is nothing to do.
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue="")


def test_operations_that_ingle_does_not_have_say_so(sns):
    for call, members in (
        (sns.publish, {"PhoneNumber": "+15550100", "Message": "m"}),
        (
            sns.subscribe,
            {"TopicArn": new_topic(sns), "Protocol": "sms", "Endpoint": "+15550100"},
        ),
        (sns.list_platform_applications, {}),
        (sns.get_sms_attributes, {}),
    ):
        found = code(call, **members)
        assert found[0] in ("InvalidParameter", "NotImplemented")
        assert "Ingle" in found[1]
