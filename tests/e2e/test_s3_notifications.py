"""What buckets tell of their objects, and to whom."""

import base64
import hashlib
import json
import re
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from tests.e2e.callers import allow, new_user
from tests.e2e.conftest import eventually, refusal
from tests.e2e.notifying import (
    ACCOUNT,
    Listening,
    configure,
    let_s3_invoke,
    new_queue,
    new_topic,
    rule,
)
from tests.e2e.raw import bytes_of, send, signed
from tests.e2e.server import Server

CREATED = "s3:ObjectCreated:*"
REMOVED = "s3:ObjectRemoved:*"


@pytest.fixture
def listening(server: Server, s3: Any, bucket: str) -> Listening:
    """A queue that the bucket tells of everything that happens, but for the test event."""
    heard = Listening(server, bucket)
    configure(s3, bucket, "Queue", heard.arn, CREATED, REMOVED, "s3:ObjectTagging:*")
    assert [each["Event"] for each in heard.bodies(1)] == ["s3:TestEvent"]
    return heard


def test_a_record_has_all_that_aws_documents(s3: Any, bucket: str, listening: Listening) -> None:
    answer = s3.put_object(Bucket=bucket, Key="a b/ü+c.txt", Body=b"hello")
    (record,) = listening.records(1)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("eventTime"))
    found = record["s3"].pop("object")
    assert re.fullmatch("[0-9A-F]{16,}", found.pop("sequencer"))
    assert found == {
        "key": "a+b/%C3%BC%2Bc.txt",
        "size": 5,
        "eTag": hashlib.md5(b"hello").hexdigest(),
    }
    owner = record["s3"]["bucket"].pop("ownerIdentity")["principalId"]
    assert re.fullmatch("A[A-Z0-9]{13}", owner)
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": owner},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": headers["x-amz-request-id"],
            "x-amz-id-2": headers["x-amz-id-2"],
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration["QueueConfigurations"][0]["Id"],
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
        },
    }


def test_each_way_to_make_and_to_remove_an_object_has_an_event(
    server: Server, s3: Any, bucket: str, listening: Listening
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="a=b")
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", MetadataDirective="REPLACE")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"22")
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="never there")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    records = listening.records(8)
    assert [each["eventName"] for each in records] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectRemoved:Delete",
        "ObjectCreated:Put",
        "ObjectRemoved:Delete",
    ]
    assert [each["eventVersion"] for each in records[2:6]] == ["2.1", "2.3", "2.3", "2.1"]
    assert set(records[5]["s3"]["object"]) == {"key", "sequencer"}
    assert records[2]["s3"]["object"]["size"] == 2
    made = [each for each in records if not each["eventName"].startswith("ObjectTagging")]
    order = [each["s3"]["object"]["sequencer"] for each in made]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_versions_are_told_with_their_ids_and_delete_markers_as_such(
    s3: Any, bucket: str, listening: Listening
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)
    told = [
        (each["eventName"], each["s3"]["object"].get("versionId")) for each in listening.records(3)
    ]
    assert told == [
        ("ObjectCreated:Put", first),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", first),
    ]


def test_a_form_is_told_of_as_a_post(s3: Any, bucket: str, listening: Listening) -> None:
    form = s3.generate_presigned_post(bucket, "posted")
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    ]
    last = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n'
    body = ("".join(parts) + last + f"--{boundary}--\r\n").encode()
    request = urllib.request.Request(form["url"], body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    urllib.request.urlopen(request).close()
    assert [each["eventName"] for each in listening.records(1)] == ["ObjectCreated:Post"]


def test_who_did_it_is_told(server: Server, s3: Any, bucket: str, listening: Listening) -> None:
    user = new_user(server, allow("s3:*"))
    server.client("s3", **user).put_object(Bucket=bucket, Key="k")
    (record,) = listening.records(1)
    assert re.fullmatch("AWS:AIDA[A-Z0-9]+", record["userIdentity"]["principalId"])


def test_only_keys_that_begin_and_end_as_a_filter_says_are_told(
    server: Server, s3: Any, bucket: str
) -> None:
    heard = Listening(server, bucket)
    configure(s3, bucket, "Queue", heard.arn, CREATED, prefix="in box/", suffix=".txt")
    for key in ("in box/a.txt", "in box/a.jpg", "other/a.txt", "in box/.txt", "in box/b.txt/"):
        s3.put_object(Bucket=bucket, Key=key)
    keys = [
        unquote_plus(each["s3"]["object"]["key"])
        for each in heard.bodies(3)[1:]
        for each in each["Records"]
    ]
    assert keys == ["in box/a.txt", "in box/.txt"]


def test_a_filter_may_be_url_encoded(server: Server, s3: Any, bucket: str) -> None:
    heard = Listening(server, bucket)
    configure(s3, bucket, "Queue", heard.arn, CREATED, prefix="in+box/%C3%BC", skip=True)
    for key in ("in box/ü1", "in+box/%C3%BC"):
        s3.put_object(Bucket=bucket, Key=key)
    (record,) = heard.records(1)
    assert unquote_plus(record["s3"]["object"]["key"]) == "in box/ü1"


def test_functions_queues_and_topics_are_told_each_by_its_rule(
    server: Server, s3: Any, functions: Any, logs: Any, deploy: Callable[..., str], bucket: str
) -> None:
    name = deploy(
        "def handler(event, context):\n    print('told', event['Records'][0]['eventName'])\n"
    )
    heard, topic = Listening(server, bucket), new_topic(server, bucket)
    behind, behind_arn = new_queue(server, bucket, open_to_s3=False)
    server.client("sqs").set_queue_attributes(
        QueueUrl=behind,
        Attributes={
            "Policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": behind_arn,
                    },
                }
            )
        },
    )
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind_arn)
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                rule("LambdaFunction", let_s3_invoke(server, name, bucket), "s3:ObjectCreated:Put")
            ],
            "QueueConfigurations": [rule("Queue", heard.arn, "s3:ObjectRemoved:Delete")],
            "TopicConfigurations": [rule("Topic", topic, "s3:ObjectTagging:Put")],
        },
    )
    s3.put_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object(Bucket=bucket, Key="k")
    told = heard.bodies(2)
    assert (told[0]["Event"], told[1]["Records"][0]["eventName"]) == (
        "s3:TestEvent",
        "ObjectRemoved:Delete",
    )
    published: list[Any] = []

    def arrived() -> bool:
        answer = server.client("sqs").receive_message(
            QueueUrl=behind, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        published.extend(json.loads(each["Body"]) for each in answer.get("Messages", ()))
        return len(published) == 2

    eventually(arrived, "both messages came through the topic")
    assert {each["Subject"] for each in published} == {"Amazon S3 Notification"}
    messages = [json.loads(each["Message"]) for each in published]
    assert [each["Records"][0]["eventName"] for each in messages if "Records" in each] == [
        "ObjectTagging:Put"
    ]

    def printed() -> bool:
        group = f"/aws/lambda/{name}"
        try:
            found = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return any("told ObjectCreated:Put" in each["message"] for each in found)

    eventually(printed, "the function ran")


def test_eventbridge_is_told_of_everything(server: Server, s3: Any, bucket: str) -> None:
    events = server.client("events")
    url, arn = new_queue(server, bucket, open_to_s3=False)
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        },
    }
    sqs = server.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    name = f"r-{uuid.uuid4().hex[:8]}"
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}
    s3.put_object(Bucket=bucket, Key="a b", Body=b"hello")
    s3.delete_object(Bucket=bucket, Key="a b")
    found: dict[str, Any] = {}

    def arrived() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for each in answer.get("Messages", ()):
            event = json.loads(each["Body"])
            found[event["detail-type"]] = event
        return len(found) == 2

    eventually(arrived, "both events came")
    created = found["Object Created"]
    assert (created["source"], created["account"]) == ("aws.s3", ACCOUNT)
    assert created["resources"] == [f"arn:aws:s3:::{bucket}"]
    detail = created["detail"]
    assert detail["object"].pop("sequencer")
    assert detail.pop("request-id")
    assert detail == {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": "a b", "size": 5, "etag": hashlib.md5(b"hello").hexdigest()},
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    assert found["Object Deleted"]["detail"]["deletion-type"] == "Permanently Deleted"
    events.remove_targets(Rule=name, Ids=["q"])
    events.delete_rule(Name=name)


def test_a_configuration_is_given_as_it_was_set_until_it_is_unset(
    server: Server, s3: Any, bucket: str
) -> None:
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    heard = Listening(server, bucket)
    wanted = {"Id": "mine"} | rule("Queue", heard.arn, CREATED, suffix=".jpg")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted]}
    )
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["QueueConfigurations"] == [wanted]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="a.jpg")
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    assert heard.bodies(1)[0]["Event"] == "s3:TestEvent"


def test_the_test_event_is_that_of_aws(server: Server, s3: Any, bucket: str) -> None:
    heard = Listening(server, bucket)
    configure(s3, bucket, "Queue", heard.arn, CREATED)
    (event,) = heard.bodies(1)
    assert set(event) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    assert (event["Service"], event["Bucket"]) == ("Amazon S3", bucket)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [rule("Queue", "Q", CREATED), rule("Queue", "Q", "s3:ObjectCreated:Put")],
            "Configurations overlap. Configurations on the same bucket cannot share a common "
            "event type.",
        ),
        (
            [rule("Queue", "Q", CREATED, CREATED)],
            "Configurations overlap. Configurations on the same bucket cannot share a common "
            "event type.",
        ),
        (
            [
                rule("Queue", "Q", CREATED, prefix="a/", suffix="jpg"),
                rule("Queue", "Q", CREATED, prefix="a/b", suffix="pg"),
            ],
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "
            "if the prefixes are overlapping for the same event type.",
        ),
        (
            [rule("Queue", "Q", CREATED), rule("Queue", "Q", CREATED, suffix=".txt")],
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "
            "if the prefixes are overlapping for the same event type.",
        ),
        ([rule("Queue", "Q", "s3:ObjectEaten")], "The event is not supported for notifications"),
        ([rule("Queue", "Q", "ObjectCreated:*")], "The event is not supported for notifications"),
        ([rule("Queue", "nowhere", CREATED)], "The ARN is not well formed"),
        (
            [rule("Queue", "arn:aws:sqs:eu-west-1:000000000000:q", CREATED)],
            "The notification destination service region is not valid for the bucket location "
            "constraint",
        ),
        (
            [rule("Queue", "Q", CREATED, infix="a")],
            "filter rule name must be either prefix or suffix",
        ),
        (
            [
                {
                    "QueueArn": "Q",
                    "Events": [CREATED],
                    "Filter": {
                        "Key": {
                            "FilterRules": [
                                {"Name": "prefix", "Value": "a"},
                                {"Name": "Prefix", "Value": "b"},
                            ]
                        }
                    },
                }
            ],
            "Cannot specify more than one prefix rule in a filter.",
        ),
        (
            [rule("Queue", "Q", CREATED, prefix="ü" * 513)],
            "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
        ),
        (
            [
                {"Id": "same"} | rule("Queue", "Q", CREATED),
                {"Id": "same"} | rule("Queue", "Q", REMOVED),
            ],
            "Same ID used for multiple configurations. IDs must be unique.",
        ),
    ],
)
def test_what_a_configuration_cannot_say_is_refused_and_changes_nothing(
    server: Server, s3: Any, bucket: str, rules: list[dict[str, Any]], message: str
) -> None:
    heard = Listening(server, bucket)
    configure(s3, bucket, "Queue", heard.arn, REMOVED)
    before = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    wanted = [each | {"QueueArn": heard.arn} if each["QueueArn"] == "Q" else each for each in rules]
    refused = refusal(
        s3.put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": wanted},
    )
    assert refused == (400, "InvalidArgument", message)
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["QueueConfigurations"] == before


def test_rules_may_share_prefixes_where_their_suffixes_differ(
    server: Server, s3: Any, bucket: str
) -> None:
    heard = Listening(server, bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                rule("Queue", heard.arn, CREATED, prefix="images", suffix=".jpg"),
                rule("Queue", heard.arn, CREATED, prefix="images", suffix=".png"),
                rule("Queue", heard.arn, REMOVED),
            ]
        },
    )
    s3.put_object(Bucket=bucket, Key="images/a.png")
    assert len(heard.bodies(2)) == 2


def test_a_destination_must_be_there_and_let_s3_in(
    server: Server, s3: Any, deploy: Callable[..., str], bucket: str
) -> None:
    other = f"b-{uuid.uuid4().hex[:16]}"
    function = deploy("def handler(event, context):\n    return 1\n")
    closed = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    missing = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none-{uuid.uuid4().hex[:8]}"
    for_another = let_s3_invoke(server, deploy("def handler(event, context): pass\n"), other)
    faults = {
        ("LambdaFunction", closed): f"Not authorized to invoke function [{closed}]",
        ("LambdaFunction", missing): f"Not authorized to invoke function [{missing}]",
        ("LambdaFunction", for_another): f"Not authorized to invoke function [{for_another}]",
        ("Queue", new_queue(server, bucket, open_to_s3=False)[1]): "Permissions on the destination "
        "queue do not allow S3 to publish notifications from this bucket",
        ("Queue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"): "The destination queue does not exist",
        ("Topic", new_topic(server, bucket, open_to_s3=False)): "Permissions on the destination "
        "topic do not allow S3 to publish notifications from this bucket",
        ("Topic", f"arn:aws:sns:us-east-1:{ACCOUNT}:none"): "The destination topic does not exist",
        ("Queue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"): "A FIFO queue cannot be the "
        "destination of notifications",
    }
    for (key, arn), why in faults.items():
        with pytest.raises(s3.exceptions.ClientError) as caught:
            configure(s3, bucket, key, arn, CREATED)
        error = caught.value.response["Error"]
        assert error == {
            "Code": "InvalidArgument",
            "Message": "Unable to validate the following destination configurations",
            "ArgumentName": arn,
            "ArgumentValue": why,
        }
        assert f"{key}Configurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_validation_may_be_skipped_and_nobody_is_told_who_does_not_let_s3_in(
    server: Server, s3: Any, bucket: str
) -> None:
    url, arn = new_queue(server, bucket, open_to_s3=False)
    configure(s3, bucket, "Queue", arn, CREATED, skip=True)
    s3.put_object(Bucket=bucket, Key="k")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 0
    assert "Messages" not in server.client("sqs").receive_message(QueueUrl=url)


def test_a_destination_that_goes_away_keeps_no_object_from_being_stored(
    server: Server, s3: Any, functions: Any, deploy: Callable[..., str], bucket: str
) -> None:
    name = deploy("def handler(event, context): pass\n")
    configure(s3, bucket, "LambdaFunction", let_s3_invoke(server, name, bucket), CREATED)
    functions.delete_function(FunctionName=name)
    s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"stays"


UNKNOWN = b"<NotificationConfiguration><LambdaFunctionConfiguration/></NotificationConfiguration>"


@pytest.mark.parametrize(
    "body", [b"<NotificationConfiguration><Queue", b"<a/><b/>", b"<Notification/>", UNKNOWN]
)
def test_malformed_xml_is_refused_and_changes_nothing(
    server: Server, s3: Any, bucket: str, body: bytes, listening: Listening
) -> None:
    headers = {
        "Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode(),
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    request = signed(server, "PUT", f"/{bucket}?notification", body, service="s3", headers=headers)
    answer = send(server, bytes_of(request))
    assert (answer.status, b"<Code>MalformedXML</Code>" in answer.body) == (400, True)
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert configuration["QueueConfigurations"][0]["QueueArn"] == listening.arn
