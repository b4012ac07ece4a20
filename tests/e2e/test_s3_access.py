"""Who may use buckets: users, other accounts, everybody; and by which URLs."""

import contextlib
import http.client
import secrets
import urllib.parse

import pytest
from botocore.config import Config

from tests.e2e.callers import allow, document, new_account, new_user
from tests.e2e.conftest import refusal


def fetch(url, method="GET", data=None, **headers):
    """Make a request that nobody signed; return the status, the headers and the body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}", data, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def let_in(s3, bucket, principal, *actions, **more):
    """Let somebody do something with the objects of a bucket."""
    statement = allow(*actions, on=f"arn:aws:s3:::{bucket}/*", Principal=principal, **more)
    s3.put_bucket_policy(Bucket=bucket, Policy=document(statement))


def open_up(s3, bucket):
    """Take away what keeps everybody out."""
    s3.delete_public_access_block(Bucket=bucket)


def test_a_user_does_what_its_policy_allows_and_nothing_else(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="in/k", Body=b"x")
    user = server.client(
        "s3", **new_user(server, allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/in/*"))
    )
    assert user.get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"
    for call, members in (
        (user.put_object, {"Key": "in/k", "Body": b"y"}),
        (user.get_object, {"Key": "out/k"}),
        (user.list_objects_v2, {}),
        (user.delete_object, {"Key": "in/k"}),
    ):
        status, code, message = refusal(call, Bucket=bucket, **members)
        assert (status, code) == (403, "AccessDenied")
        assert "is not authorized to perform: s3:" in message
    # Who may not list is not told what is not there.
    assert refusal(user.get_object, Bucket=bucket, Key="in/none")[:2] == (403, "AccessDenied")
    answer = user.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "in/k"}]})
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]
    assert s3.get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"


def test_a_copy_takes_the_permission_to_read_its_source(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    user = server.client(
        "s3", **new_user(server, allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/*"))
    )
    source = {"Bucket": bucket, "Key": "secret"}
    status, code, _ = refusal(user.copy_object, Bucket=bucket, Key="k", CopySource=source)
    assert (status, code) == (403, "AccessDenied")
    upload = user.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    status, code, _ = refusal(
        user.upload_part_copy,
        Bucket=bucket,
        Key="k",
        UploadId=upload,
        PartNumber=1,
        CopySource=source,
    )
    assert (status, code) == (403, "AccessDenied")


def test_another_account_is_let_in_by_the_bucket_s_policy(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    account = "".join(secrets.choice("123456789") for _ in range(12))
    keys = new_account(server, account)
    other = server.client("s3", **keys)
    assert refusal(other.get_object, Bucket=bucket, Key="k")[:2] == (403, "AccessDenied")
    let_in(s3, bucket, {"AWS": account}, "s3:GetObject")
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refusal(other.put_object, Bucket=bucket, Key="k", Body=b"")[:2] == (403, "AccessDenied")
    assert refusal(other.create_bucket, Bucket=bucket)[:2] == (409, "BucketAlreadyExists")
    assert other.list_buckets()["Buckets"] == []
    status, code, _ = refusal(s3.get_object, Bucket=bucket, Key="k", ExpectedBucketOwner=account)
    assert (status, code) == (403, "AccessDenied")


def test_everybody_is_let_in_only_where_nothing_blocks_it(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x", ContentType="text/plain")
    url = f"{server.endpoint}/{bucket}/a%20b"
    status, headers, body = fetch(url)
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code>" in body
    everybody = allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*", Principal="*")
    status, code, message = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=document(everybody))
    assert (status, code) == (403, "AccessDenied")
    assert "BlockPublicPolicy" in message
    open_up(s3, bucket)
    let_in(s3, bucket, "*", "s3:GetObject")
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    status, headers, body = fetch(url)
    assert (status, headers["content-type"], body) == (200, "text/plain", b"x")
    assert fetch(url, "PUT", b"y")[0] == 403
    block = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert fetch(url)[0] == 403
    assert s3.get_object(Bucket=bucket, Key="a b")["Body"].read() == b"x"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_work_as_long_as_they_are_whole(server, s3, bucket, version):
    client = server.client("s3", config=Config(signature_version=version))
    put = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k ü"}, 60)
    assert ("X-Amz-Signature" in put) == (version == "s3v4")
    assert fetch(put, "PUT", b"body")[0] == 200
    get = client.generate_presigned_url(
        "get_object",
        {"Bucket": bucket, "Key": "k ü", "ResponseContentType": "text/html"},
        60,
    )
    status, headers, body = fetch(get)
    assert (status, headers["content-type"], body) == (200, "text/html", b"body")
    listed = client.generate_presigned_url("list_objects_v2", {"Bucket": bucket}, 60)
    assert b"<KeyCount>1</KeyCount>" in fetch(listed)[2]
    status, _, body = fetch(get.replace("html", "xml"))
    assert status == 403
    assert b"SignatureDoesNotMatch" in body
    assert fetch(get, "DELETE")[0] == 403


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize(
    "host", ["{0}.s3.localhost", "{0}.s3.us-east-1.localhost", "{0}.localhost"]
)
def test_a_bucket_may_be_in_the_host_name(server, s3, bucket, host, version):
    s3.put_object(Bucket=bucket, Key="dir/k", Body=b"x")
    # As a client signs it that reaches the server by such a name.
    authority = f"{host.format(bucket)}:{server.address[1]}"
    client = server.client(
        "s3",
        endpoint_url=f"http://{authority.removeprefix(bucket + '.')}",
        config=Config(s3={"addressing_style": "virtual"}, signature_version=version),
    )
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "dir/k"}, 60)
    parts = urllib.parse.urlsplit(url)
    assert parts.netloc == authority
    local = f"{server.endpoint}{parts.path}?{parts.query}"
    assert fetch(local, Host=authority)[2] == b"x"
    url = client.generate_presigned_url("list_objects_v2", {"Bucket": bucket}, 60)
    parts = urllib.parse.urlsplit(url)
    status, _, body = fetch(f"{server.endpoint}{parts.path}?{parts.query}", Host=authority)
    assert status == 200
    assert b"<Key>dir/k</Key>" in body


def test_browsers_are_answered_by_the_rules_of_the_bucket(server, s3, bucket):
    url = f"{server.endpoint}/{bucket}/k"
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    status, _, body = fetch(url, "OPTIONS", **asked)
    assert status == 403
    assert b"<Code>AccessForbidden</Code>" in body
    assert b"<Message>CORSResponse: CORS is not enabled for this bucket.</Message>" in body
    for changed, text in (
        ({"Origin": None}, b"Insufficient information. Origin request header needed."),
        ({"Access-Control-Request-Method": None}, b"Invalid Access-Control-Request-Method: null"),
        ({"Access-Control-Request-Method": "BREW"}, b"Access-Control-Request-Method: BREW"),
    ):
        headers = {name: value for name, value in {**asked, **changed}.items() if value}
        status, _, body = fetch(url, "OPTIONS", **headers)
        assert (status, b"<Code>BadRequest</Code>" in body, text in body) == (400, True, True)
    rule = {
        "AllowedMethods": ["PUT", "GET"],
        "AllowedOrigins": ["https://*.example"],
        "AllowedHeaders": ["x-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    status, headers, _ = fetch(
        url, "OPTIONS", **asked, **{"Access-Control-Request-Headers": "X-Amz-Date"}
    )
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://a.example"
    assert headers["access-control-allow-methods"] == "PUT, GET"
    assert headers["access-control-allow-headers"] == "x-amz-date"
    assert headers["access-control-max-age"] == "60"
    for changed in (
        {"Origin": "https://other.test"},
        {"Access-Control-Request-Method": "DELETE"},
        {"Access-Control-Request-Headers": "content-type"},
    ):
        assert fetch(url, "OPTIONS", **{**asked, **changed})[0] == 403
    status, headers, _ = fetch(url, Origin="https://a.example")
    assert status == 403
    assert headers["access-control-allow-origin"] == "https://a.example"
    assert headers["access-control-expose-headers"] == "ETag"
    assert fetch(url, Origin="https://other.test")[1]["access-control-allow-origin"] is None


def test_a_policy_may_look_at_tags_and_prefixes(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="home/me/k", Body=b"x")
    user = server.client(
        "s3",
        **new_user(
            server,
            allow(
                "s3:ListBucket",
                on=f"arn:aws:s3:::{bucket}",
                Condition={"StringLike": {"s3:prefix": "home/me/*"}},
            ),
        ),
    )
    assert user.list_objects_v2(Bucket=bucket, Prefix="home/me/")["KeyCount"] == 1
    assert refusal(user.list_objects_v2, Bucket=bucket, Prefix="home/")[1] == "AccessDenied"


def test_everybody_is_told_that_there_is_no_such_bucket(server):
    port = server.endpoint.rpartition(":")[2]
    for url, headers in (
        (f"{server.endpoint}/never-was-there/key", {}),
        (f"{server.endpoint}/key", {"Host": f"never-was-there.s3.localhost:{port}"}),
    ):
        for method in ("GET", "PUT", "DELETE"):
            status, _, body = fetch(url, method, b"", **headers)
            assert status == 404, (method, body)
            assert b"<Code>NoSuchBucket</Code>" in body
            assert b"<BucketName>never-was-there</BucketName>" in body
