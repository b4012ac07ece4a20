"""Amazon SQS over HTTP: with boto3, and in the protocol that older SDKs speak."""

import json
import re
import threading
import time
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from tests.e2e.callers import allow, new_account, new_user
from tests.e2e.queues import new_queue, receive
from tests.e2e.raw import bytes_of, connect, read_answer, send, signed

MISSING = "http://127.0.0.1/000000000000/nobody"
THEIRS = "444455557777"


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture(scope="module")
def their_root(server):
    return new_account(server, THEIRS)


def form(server, path, **fields):
    """Call in the query protocol, and return the status and the body of the answer."""
    body = urlencode({"Version": "2012-11-05", **fields}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(
        server, bytes_of(signed(server, "POST", path, body, service="sqs", headers=headers))
    )
    return answer.status, answer.body.decode()


def element(body, name):
    found = re.search(rf"<{name}>(.*?)</{name}>", body, re.DOTALL)
    assert found is not None, body
    return found[1]


def test_boto3_sends_receives_hides_and_deletes(sqs):
    url, _ = new_queue(sqs)
    sqs.send_message(
        QueueUrl=url,
        MessageBody="one",
        DelaySeconds=0,
        MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}},
    )
    entries = [{"Id": each, "MessageBody": each} for each in ("two", "three")]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 2
    found = receive(sqs, url)
    assert [each["Body"] for each in found] == ["one", "two", "three"]
    assert found[0]["MessageAttributes"]["a"]["BinaryValue"] == b"\x00\xff"
    handles = [each["ReceiptHandle"] for each in found]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handles[0], VisibilityTimeout=0)
    entries = [{"Id": "x", "ReceiptHandle": handles[1], "VisibilityTimeout": 0}]
    sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
    again = receive(sqs, url)
    assert [each["Attributes"]["ApproximateReceiveCount"] for each in again] == ["2", "2"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"])
    entries = [
        {"Id": "x", "ReceiptHandle": again[1]["ReceiptHandle"]},
        {"Id": "y", "ReceiptHandle": handles[2]},
    ]
    assert "Failed" not in sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_boto3_waits_for_a_message(sqs, server):
    url, _ = new_queue(sqs)
    sender = threading.Timer(1.0, sqs.send_message, kwargs={"QueueUrl": url, "MessageBody": "b"})
    began = time.monotonic()
    sender.start()
    assert [each["Body"] for each in receive(sqs, url)] == ["b"]
    assert time.monotonic() - began < 20
    sender.join()


def test_errors_have_the_codes_of_both_protocols(sqs, server):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.send_message(QueueUrl=MISSING, MessageBody="b")
    response = caught.value.response
    assert response["Error"] == {
        "Code": "AWS.SimpleQueueService.NonExistentQueue",
        "Message": "The specified queue does not exist.",
        "QueryErrorCode": "QueueDoesNotExist",
        "Type": "Sender",
    }
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    status, body = form(server, "/", Action="SendMessage", QueueUrl=MISSING, MessageBody="b")
    assert status == 400
    assert element(body, "Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert element(body, "Message") == ("The specified queue does not exist for this wsdl version.")
    with pytest.raises(ClientError) as caught:
        sqs.create_queue(QueueName="q", Attributes={"Colour": "red"})
    assert caught.value.response["Error"]["Code"] == "InvalidAttributeName"
    url, _ = new_queue(sqs)
    with pytest.raises(ClientError) as caught:
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_older_sdks_call_the_queue_s_own_url(server, sqs):
    _, body = form(
        server,
        "/",
        Action="CreateQueue",
        QueueName="old",
        **{
            "Attribute.1.Name": "DelaySeconds",
            "Attribute.1.Value": "0",
            "Tag.1.Key": "a",
            "Tag.1.Value": "b",
        },
    )
    path = element(body, "QueueUrl").removeprefix(server.endpoint)
    assert path == "/000000000000/old"
    status, body = form(
        server,
        path,
        Action="SendMessage",
        MessageBody="Grüße & <Küsse>",
        **{
            "MessageAttribute.1.Name": "n",
            "MessageAttribute.1.Value.DataType": "Number",
            "MessageAttribute.1.Value.StringValue": "7",
        },
    )
    assert status == 200
    digest = element(body, "MD5OfMessageAttributes")
    _, body = form(
        server,
        path,
        Action="ReceiveMessage",
        **{"AttributeName.1": "All", "MessageAttributeName.1": "n"},
    )
    assert element(body, "Body") == "Grüße &amp; &lt;Küsse&gt;"
    assert element(body, "MD5OfMessageAttributes") == digest
    assert "<Name>SenderId</Name><Value>000000000000</Value>" in body
    handle = element(body, "ReceiptHandle")
    assert form(server, path, Action="DeleteMessage", ReceiptHandle=handle)[0] == 200
    _, body = form(server, path, Action="GetQueueAttributes", **{"AttributeName.1": "All"})
    assert "<Name>ApproximateNumberOfMessagesNotVisible</Name><Value>0</Value>" in body
    _, body = form(server, path, Action="ListQueueTags")
    assert "<Key>a</Key><Value>b</Value>" in body
    status, body = form(
        server,
        path,
        Action="SendMessageBatch",
        **{
            "SendMessageBatchRequestEntry.1.Id": "x",
            "SendMessageBatchRequestEntry.1.MessageBody": "b",
        },
    )
    assert element(body, "Id") == "x"
    assert sqs.receive_message(QueueUrl=server.endpoint + path)["Messages"][0]["Body"] == "b"


def test_an_entry_of_a_batch_needs_an_id(server):
    status, body = form(
        server,
        "/000000000000/old",
        Action="SendMessageBatch",
        **{"SendMessageBatchRequestEntry.1.MessageBody": "b"},
    )
    assert (status, element(body, "Code")) == (400, "MissingParameter")


def test_a_policy_lets_another_account_in(server, sqs, their_root):
    url, _ = new_queue(sqs)
    theirs = server.client("sqs", **their_root)
    with pytest.raises(ClientError) as caught:
        theirs.send_message(QueueUrl=url, MessageBody="b")
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    sqs.add_permission(
        QueueUrl=url, Label="theirs", AWSAccountIds=[THEIRS], Actions=["SendMessage"]
    )
    theirs.send_message(QueueUrl=url, MessageBody="b")
    (message,) = receive(sqs, url)
    assert message["Attributes"]["SenderId"] == THEIRS
    with pytest.raises(ClientError):
        theirs.receive_message(QueueUrl=url)
    sqs.remove_permission(QueueUrl=url, Label="theirs")
    with pytest.raises(ClientError):
        theirs.send_message(QueueUrl=url, MessageBody="b")


def test_a_user_may_do_what_its_policy_says_and_no_more(server, sqs):
    url, arn = new_queue(sqs)
    user = server.client("sqs", **new_user(server, allow("sqs:SendMessage", on=arn)))
    user.send_message(QueueUrl=url, MessageBody="b")
    entries = [{"Id": "a", "MessageBody": "b"}]
    user.send_message_batch(QueueUrl=url, Entries=entries)
    for call in (user.receive_message, user.purge_queue, user.delete_queue):
        with pytest.raises(ClientError) as caught:
            call(QueueUrl=url)
        assert "is not authorized to perform: sqs:" in caught.value.response["Error"]["Message"]


def test_a_policy_can_deny_and_ask_for_tags(server, sqs):
    url, arn = new_queue(sqs)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:ResourceTag/closed": "yes"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sender = server.client("sqs", **new_user(server, allow("sqs:SendMessage")))
    sender.send_message(QueueUrl=url, MessageBody="b")
    sqs.tag_queue(QueueUrl=url, Tags={"closed": "yes"})
    with pytest.raises(ClientError):
        sender.send_message(QueueUrl=url, MessageBody="b")


def test_a_server_that_stops_answers_those_who_wait(own_server):
    sqs = own_server.client("sqs")
    url, _ = new_queue(sqs)
    wanted = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.ReceiveMessage",
    }
    with connect(own_server) as waiting:
        request = signed(own_server, "POST", "/", wanted, service="sqs", headers=headers)
        waiting.sendall(bytes_of(request))
        sqs.list_queues()
        assert own_server.stop() == 0
        answer = read_answer(waiting)
    assert (answer.status, answer.body) == (200, b"{}")


def test_cloudwatch_has_the_metrics_of_queues(server, sqs):
    url, arn = new_queue(sqs)
    for body in ("one", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    now = time.time()
    told = server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="SentMessageSize",
        Dimensions=[{"Name": "QueueName", "Value": arn.rpartition(":")[2]}],
        StartTime=now - 600,
        EndTime=now + 600,
        Period=3600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    assert sum(each["Sum"] for each in told) == 8
    assert sum(each["SampleCount"] for each in told) == 2
    assert told[0]["Unit"] == "Bytes"
