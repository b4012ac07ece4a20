"""Forms, as browsers post them."""

import contextlib
import http.client
import urllib.parse

import pytest
from botocore.config import Config

from tests.e2e.test_s3_access import let_in, open_up
from tests.e2e.test_s3_uploads import objects

BOUNDARY = "----a-boundary"


def post(url, fields, body, after="", name="my file.txt"):
    """Post a form; return the status, the headers and the body."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    data = "".join(parts).encode() + body + f"\r\n--{BOUNDARY}--\r\n{after}".encode()
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc, timeout=30)
    with contextlib.closing(connection):
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        connection.request("POST", where.path or "/", data, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


@pytest.fixture(params=["s3", "s3v4"])
def form(request, server, bucket):
    """Make what a form needs to post the key, in both versions of signatures."""
    client = server.client("s3", config=Config(signature_version=request.param))

    def make(key, fields=None, conditions=None):
        made = client.generate_presigned_post(
            bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=60
        )
        return made["url"], made["fields"]

    return make


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_a_form_stores_its_file(s3, bucket, form, size):
    body = bytes(number % 256 for number in range(size))
    told = {"Content-Type": "text/x", "x-amz-meta-a": "1", "success_action_status": "201"}
    url, fields = form("dir/${filename}", told, [{name: value} for name, value in told.items()])
    status, headers, answer = post(url, fields, body)
    assert status == 201, answer
    assert b"<Key>dir/my file.txt</Key>" in answer
    found = s3.get_object(Bucket=bucket, Key="dir/my file.txt")
    assert found["Body"].read() == body
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"a": "1"})
    assert headers["etag"] == found["ETag"]


def test_a_form_leads_on_to_where_it_says(bucket, form):
    target = "https://a.example/done?x=1"
    url, fields = form(
        "k", {"success_action_redirect": target}, [{"success_action_redirect": target}]
    )
    status, headers, _ = post(url, fields, b"x")
    assert status == 303
    assert headers["location"].startswith(f"{target}&bucket={bucket}&key=k&etag=")


def test_a_form_must_be_as_its_policy_says(s3, bucket, form):
    url, fields = form("k", None, [["content-length-range", 2, 100_000]])
    for changed, body, status, code in (
        ({"key": "other"}, b"xx", 403, b"Policy Condition failed"),
        ({"x-amz-meta-a": "1"}, b"xx", 403, b"Extra input fields: x-amz-meta-a"),
        ({"policy": fields["policy"][:-8]}, b"xx", 403, b"SignatureDoesNotMatch"),
        ({}, b"x", 400, b"EntityTooSmall"),
        ({}, bytes(100_001), 400, b"EntityTooLarge"),
    ):
        told, _, answer = post(url, {**fields, **changed}, body)
        assert (told, code in answer) == (status, True), answer
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert post(url, fields, b"xx")[0] == 204


def test_a_policy_ends_and_must_be_one(server, bucket):
    client = server.client("s3", config=Config(signature_version="s3v4"))
    made = client.generate_presigned_post(bucket, "k", ExpiresIn=-5)
    status, _, answer = post(made["url"], made["fields"], b"x")
    assert status == 403
    assert b"Policy expired" in answer


def test_nobody_posts_unless_the_bucket_is_open(server, s3, bucket):
    url = f"{server.endpoint}/{bucket}"
    assert post(url, {"key": "k"}, b"x")[0] == 403
    open_up(s3, bucket)
    let_in(s3, bucket, "*", "s3:PutObject")
    assert post(url, {"key": "k"}, b"x", after="an epilogue")[0] == 204
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    status, _, answer = post(url, {"nokey": "k"}, b"x")
    assert (status, b"field named 'key'" in answer) == (400, True)
    status, _, answer = post(url, {"key": "k", "x-ignore-it": "x" * 30_000}, b"x")
    assert (status, b"MaxPostPreDataLengthExceeded" in answer) == (400, True)


def test_a_form_without_an_end_leaves_nothing(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="bucket")
    open_up(s3, "bucket")
    let_in(s3, "bucket", "*", "s3:PutObject")
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n'
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    connection = http.client.HTTPConnection(*own_server.address, timeout=30)
    with contextlib.closing(connection):
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        connection.request(
            "POST", "/bucket", head.encode() + bytes(200_000), {"Content-Type": kind}
        )
        response = connection.getresponse()
        assert response.status == 400
        assert b"MalformedPOSTRequest" in response.read()
    assert objects(own_server) == []


def test_a_form_may_have_tags(s3, bucket, form):
    tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>c&amp;d</Value></Tag></TagSet></Tagging>"
    url, fields = form("k", {"tagging": tags}, [{"tagging": tags}])
    assert post(url, fields, b"x")[0] == 204
    found = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert found == [{"Key": "a b", "Value": "c&d"}]
    for wrong in ("<a", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"):
        url, fields = form("wrong", {"tagging": wrong}, [{"tagging": wrong}])
        status, _, answer = post(url, fields, b"x")
        assert (status, b"<Code>MalformedXML</Code>" in answer) == (400, True)
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]
