"""Services that are elsewhere: another Ingle is the real one."""

import hashlib
import io
import json
import os
import socket
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from tests.e2e.callers import allow, new_role, new_user
from tests.e2e.conftest import ROLE, RUNTIME, create, eventually, refusal, zip_of
from tests.e2e.raw import bytes_of, send, signed
from tests.e2e.server import Server

KEYS = ("plain", "a b/ü+c.txt", "a/../b", "../up", "//x//", "with%20percent?&=#", "日本/🙂")


def configuration(folder: Path, endpoint: str, key: tuple[str, str], *services: str) -> str:
    """Write a file that says that services are elsewhere; return its path."""
    lines = []
    for service in services:
        lines += [
            f"[services.{service}]",
            f'endpoint = "{endpoint}"',
            f'access_key_id = "{key[0]}"',
            f'secret_access_key = "{key[1]}"',
        ]
    file = folder / "ingle.toml"
    file.write_text("\n".join(lines))
    return str(file)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two servers: one whose S3, SQS, SNS and EventBridge are those of the other."""
    folder = tmp_path_factory.mktemp("elsewhere")
    real = Server(folder / "real").start()
    made = real.credentials
    key = (made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])
    file = configuration(folder, real.endpoint, key, "s3", "sqs", "sns", "events")
    here = Server(folder / "here", "--config", file).start()
    yield here, real
    here.stop()
    real.stop()


@pytest.fixture
def here(pair: Any) -> Server:
    """The server that is called."""
    server: Server = pair[0]
    return server


@pytest.fixture
def real(pair: Any) -> Server:
    """The server that has the services."""
    server: Server = pair[1]
    return server


@pytest.fixture
def bucket(here: Server) -> str:
    name = f"b-{uuid.uuid4().hex[:16]}"
    here.client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("key", KEYS)
def test_an_object_of_any_key_is_there_and_not_here(
    here: Server, real: Server, bucket: str, key: str
) -> None:
    s3, there = here.client("s3"), real.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"hello", Metadata={"who": "Sally"})
    found = there.get_object(Bucket=bucket, Key=key)
    assert (found["Body"].read(), found["Metadata"]) == (b"hello", {"who": "Sally"})
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=1-2")
    assert (part["Body"].read(), part["ContentRange"]) == (b"el", "bytes 1-2/5")
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 5
    s3.delete_object(Bucket=bucket, Key=key)
    assert there.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_large_objects_stream_both_ways_in_parts(here: Server, real: Server, bucket: str) -> None:
    body = os.urandom(20 * 1024 * 1024 + 1)
    s3, config = here.client("s3"), TransferConfig(multipart_threshold=8 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), bucket, "large", Config=config)
    back = io.BytesIO()
    s3.download_fileobj(bucket, "large", back, Config=config)
    assert back.getvalue() == body
    assert real.client("s3").head_object(Bucket=bucket, Key="large")["ContentLength"] == len(body)


def test_a_checksum_behind_the_body_is_verified_there(here: Server, bucket: str) -> None:
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:%b\r\n\r\n"
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    answers = []
    for checksum in (b"NhCmhg==", b"AAAAAA=="):
        request = signed(
            here, "PUT", f"/{bucket}/k", body % checksum, service="s3", headers=headers
        )
        answers.append(send(here, bytes_of(request)).status)
    assert answers == [200, 400]
    assert here.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"


def test_a_body_that_is_not_the_signed_one_is_not_stored_there(
    here: Server, real: Server, bucket: str
) -> None:
    headers = {"x-amz-content-sha256": hashlib.sha256(b"something else").hexdigest()}
    request = signed(here, "PUT", f"/{bucket}/k", b"hello", service="s3", headers=headers)
    answer = send(here, bytes_of(request))
    assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.body) == (400, True)
    assert real.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_presigned_urls_are_signed_anew(here: Server, bucket: str) -> None:
    for version in ("s3", "s3v4"):
        s3 = here.client("s3", config=Config(signature_version=version))
        where = {"Bucket": bucket, "Key": "a b"}
        kind = {"ContentType": "text/plain"}
        url = s3.generate_presigned_url("put_object", Params=where | kind)
        headers = {"Content-Type": "text/plain"}
        put = urllib.request.Request(url, b"hello", headers, method="PUT")
        urllib.request.urlopen(put).close()
        url = s3.generate_presigned_url("get_object", Params=where)
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"hello"


def test_errors_come_back_as_they_are(here: Server, bucket: str) -> None:
    s3 = here.client("s3")
    assert refusal(s3.get_object, Bucket=bucket, Key="none") == (
        404,
        "NoSuchKey",
        "The specified key does not exist.",
    )
    with pytest.raises(s3.exceptions.ClientError, match="404"):
        s3.head_object(Bucket=bucket, Key="none")
    sqs = here.client("sqs")
    assert (
        refusal(sqs.get_queue_url, QueueName="none")[1] == "AWS.SimpleQueueService.NonExistentQueue"
    )


def test_permissions_count_here(here: Server, bucket: str) -> None:
    user = new_user(here, allow("s3:GetObject"))
    s3 = here.client("s3", **user)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"")[1] == "AccessDenied"
    here.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert refusal(s3.delete_object, Bucket=bucket, Key="k")[1] == "AccessDenied"


def test_code_comes_from_a_bucket_there(here: Server, real: Server, bucket: str) -> None:
    source = "def handler(event, context):\n    return 'from there'\n"
    real.client("s3").put_object(Bucket=bucket, Key="dir/code v1.zip", Body=zip_of(app=source))
    functions = here.client("lambda")
    settings = {"Runtime": RUNTIME, "Role": ROLE, "Handler": "app.handler"}
    name = f"f-{uuid.uuid4().hex[:12]}"
    code = {"S3Bucket": bucket, "S3Key": "dir/code v1.zip"}
    functions.create_function(FunctionName=name, Code=code, **settings)
    answer = functions.invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read()) == "from there"
    missing = refusal(
        functions.create_function,
        FunctionName=f"{name}-2",
        Code={"S3Bucket": bucket, "S3Key": "none"},
        **settings,
    )
    assert missing == (
        400,
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist.",
    )


def test_a_function_reaches_what_is_elsewhere(here: Server, real: Server, bucket: str) -> None:
    real.client("s3").put_object(Bucket=bucket, Key="name", Body=b"Sally")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    body = boto3.client('s3').get_object(Bucket=event, Key='name')['Body']\n"
        "    return 'Hello, ' + body.read().decode()\n"
    )
    role = new_role(here, allow("s3:GetObject"))
    name = create(here.client("lambda"), source, Role=role, Timeout=30)
    answer = here.client("lambda").invoke(FunctionName=name, Payload=json.dumps(bucket))
    assert json.loads(answer["Payload"].read()) == "Hello, Sally"


def test_queues_topics_and_events_are_there(here: Server, real: Server) -> None:
    sqs, name = here.client("sqs"), f"q-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = real.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"
    topic = here.client("sns").create_topic(Name=name)["TopicArn"]
    assert topic in [each["TopicArn"] for each in real.client("sns").list_topics()["Topics"]]
    here.client("events").put_rule(Name=name, EventPattern='{"source": ["a"]}')
    assert real.client("events").describe_rule(Name=name)["Name"] == name


def test_a_function_gets_the_messages_of_a_queue_there(here: Server, real: Server) -> None:
    sqs, functions = real.client("sqs"), here.client("lambda")
    url, arn = queue_there(real)
    other, _ = queue_there(real)
    role = new_role(here, allow("sqs:*", "logs:*"))
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    for each in event['Records']:\n"
        "        found = each['messageAttributes']['who']['binaryValue']\n"
        f"        boto3.client('sqs').send_message(QueueUrl='{other}',\n"
        "            MessageBody=each['body'] + found + each['eventSourceARN'])\n"
    )
    name = create(functions, source, Role=role, Timeout=30)
    who = {"who": {"DataType": "Binary", "BinaryValue": b"Sally"}}
    sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=who)
    made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=name)
    (message,) = sqs.receive_message(QueueUrl=other, WaitTimeSeconds=20)["Messages"]
    assert message["Body"] == f"helloU2FsbHk={arn}"

    def emptied() -> bool:
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return set(told.values()) == {"0"}

    eventually(emptied, "the message was deleted there")
    functions.delete_event_source_mapping(UUID=made["UUID"])


def test_records_of_events_go_to_a_queue_there_also_after_it_was_away(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    real = start_server("--port", str(free_port()))
    made = real.credentials
    key = (made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])
    file = configuration(tmp_path, real.endpoint, key, "sqs")
    here = start_server("--config", file)
    url, arn = queue_there(real)
    role = new_role(here, allow("sqs:*", "logs:*"))
    functions = here.client("lambda")
    name = create(functions, "def handler(event, context):\n    return event\n", Role=role)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"1")
    sqs = real.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"])["responsePayload"] == 1
    real.stop()
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"2")
    here.kill()
    real.start()
    here.start()
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"])["responsePayload"] == 2


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def queue_there(real: Server) -> tuple[str, str]:
    """Make a queue; return its URL and its ARN."""
    name = f"q-{uuid.uuid4().hex[:8]}"
    url = real.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:000000000000:{name}"


def test_what_does_not_answer_is_named(start_server: Callable[..., Server], tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    server = start_server("--config", configuration(tmp_path, endpoint, ("A" * 20, "b"), "s3"))
    status, code, message = refusal(server.client("s3").list_buckets)
    assert (status, code) == (503, "ServiceUnavailable")
    assert endpoint in message
