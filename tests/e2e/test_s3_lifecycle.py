"""What expires in buckets, on a server whose clock is put forward."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.notifying import Listening, configure

DAY_S = 86_400.0
DEADLINE_S = 30.0
BUCKET = "bucket"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedServer]:
    started = ClockedServer(tmp_path_factory.mktemp("clocked") / "data")
    started.start()
    yield started
    started.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_what_has_expired_is_deleted(server: ClockedServer) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="plain")
    for key in ("logs/old", "logs/kept", "other"):
        s3.put_object(Bucket="plain", Key=key, Body=b"x" * 50_000)
    s3.put_object_tagging(
        Bucket="plain", Key="logs/old", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    upload = s3.create_multipart_upload(Bucket="plain", Key="never")["UploadId"]
    s3.upload_part(Bucket="plain", Key="never", UploadId=upload, PartNumber=1, Body=b"y" * 50_000)
    rules = [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Expiration": {"Days": 2},
        },
        {
            "ID": "unfinished",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="plain", LifecycleConfiguration={"Rules": rules})
    told = s3.get_bucket_lifecycle_configuration(Bucket="plain")
    assert told["Rules"] == rules
    assert 'rule-id="old"' in s3.head_object(Bucket="plain", Key="logs/old")["Expiration"]
    assert "Expiration" not in s3.head_object(Bucket="plain", Key="other")
    begun = s3.create_multipart_upload(Bucket="plain", Key="later")
    assert begun["AbortRuleId"] == "unfinished"
    server.advance(4 * DAY_S)
    s3 = server.client("s3")
    wait_until(lambda: "Uploads" not in s3.list_multipart_uploads(Bucket="plain"))
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="plain")["Contents"]]
    assert keys == ["logs/kept", "other"]
    files = [each for each in (server.data_dir / "objects").glob("??/*") if each.is_file()]
    assert len(files) == 2
    s3.delete_bucket_lifecycle(Bucket="plain")
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.get_bucket_lifecycle_configuration(Bucket="plain")
    assert caught.value.response["Error"]["Code"] == "NoSuchLifecycleConfiguration"


def test_versions_expire_in_their_order(server: ClockedServer) -> None:
    """First what is there is hidden, then what is hidden goes, then what hides it."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket="versioned", Key="key", Body=body)
    rule = {
        "Status": "Enabled",
        "Filter": {},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket="versioned", LifecycleConfiguration={"Rules": [rule]}
    )

    def there() -> tuple[int, int]:
        found = server.client("s3").list_object_versions(Bucket="versioned")
        return len(found.get("Versions", ())), len(found.get("DeleteMarkers", ()))

    server.advance(3 * DAY_S)
    wait_until(lambda: there() == (2, 1))
    server.advance(4 * DAY_S)
    wait_until(lambda: there() == (1, 1))
    server.advance(3 * DAY_S)
    wait_until(lambda: there() == (0, 0) or there() == (0, 1))
    server.advance(1 * DAY_S)
    wait_until(lambda: there() == (0, 0))


def test_a_queue_is_told_of_what_expires(server: ClockedServer) -> None:
    bucket = "telling"
    server.client("s3").create_bucket(Bucket=bucket)
    heard = Listening(server, bucket)
    configure(server.client("s3"), bucket, "Queue", heard.arn, "s3:LifecycleExpiration:*")
    heard.bodies(1)
    s3 = server.client("s3")
    s3.put_object(Bucket=bucket, Key="old", Body=b"x")
    rule = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    server.advance(3 * DAY_S)
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName=heard.arn.rpartition(":")[2])["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    (record,) = json.loads(message["Body"])["Records"]
    assert (record["eventName"], record["eventVersion"]) == ("LifecycleExpiration:Delete", "2.3")
    assert record["userIdentity"]["principalId"] == "s3.amazonaws.com"
    assert record["s3"]["object"]["key"] == "old"
