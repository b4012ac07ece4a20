"""Bodies that are not what they say: nothing of them stays."""

import hashlib
import urllib.parse

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.conftest import eventually, refusal
from tests.e2e.raw import connect, read_answer

STREAMING = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def head(server, bucket, key, length, payload, **headers):
    """The signed head of a PUT whose body may be anything."""
    host = urllib.parse.urlsplit(server.endpoint).netloc
    request = AWSRequest(
        "PUT",
        f"{server.endpoint}/{bucket}/{key}",
        headers={"Host": host, "x-amz-content-sha256": payload, **headers},
    )
    request.context["payload_signing_enabled"] = True
    credentials = Credentials(
        server.credentials["AWS_ACCESS_KEY_ID"], server.credentials["AWS_SECRET_ACCESS_KEY"]
    )

    class Auth(S3SigV4Auth):
        def payload(self, request):
            return payload

    Auth(credentials, "s3", "us-east-1").add_auth(request)
    lines = [f"PUT /{bucket}/{key} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def sent(server, data):
    """Send bytes, and return the answer's status and body."""
    with connect(server) as sock:
        sock.sendall(data)
        answer = read_answer(sock)
    return answer.status, answer.body


def objects(server):
    """The files of the bytes of objects, the unfinished ones too."""
    return [each for each in (server.data_dir / "objects").rglob("*") if each.is_file()]


def chunks(*pieces, trailer=b""):
    """A body in the frames of aws-chunked."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return framed + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_body_that_is_not_the_signed_one_is_refused(server, s3, bucket, size):
    body = bytes(size)
    right = hashlib.sha256(body).hexdigest()
    status, told = sent(server, head(server, bucket, "k", size, right) + b"x" + body[1:])
    assert status == 400
    assert b"<Code>XAmzContentSHA256Mismatch</Code>" in told
    assert b"<ClientComputedContentSHA256>" + right.encode() in told
    assert refusal(s3.head_object, Bucket=bucket, Key="k")[0] == 404
    assert sent(server, head(server, bucket, "k", size, right) + body)[0] == 200


@pytest.mark.parametrize("size", [10, 200_000])
def test_chunks_and_their_trailers_are_verified(server, s3, bucket, size):
    body = bytes(size)
    headers = {
        "x-amz-decoded-content-length": str(size),
        "x-amz-trailer": "x-amz-checksum-sha256",
        "Content-Encoding": "aws-chunked,gzip",
    }

    def put(framed, **more):
        start = head(server, bucket, "k", len(framed), STREAMING, **{**headers, **more})
        return sent(server, start + framed)

    import base64

    right = base64.b64encode(hashlib.sha256(body).digest())
    wrong = base64.b64encode(hashlib.sha256(b"other").digest())
    line = b"x-amz-checksum-sha256:%b\r\n"
    half = size // 2
    for framed, code in (
        (chunks(body, trailer=line % wrong), b"BadDigest"),
        (chunks(body, trailer=line % b"none"), b"InvalidRequest"),
        (chunks(body), b"MalformedTrailerError"),
        (chunks(body[:half], trailer=line % right), b"IncompleteBody"),
        (chunks(body + b"x", trailer=line % right), b"IncompleteBody"),
        (b"zz\r\n" + body, b"IncompleteBody"),
        (chunks(body, trailer=line % right)[: size // 2 + 5], b"IncompleteBody"),
    ):
        status, told = put(framed)
        assert (status, code in told) == (400, True), told
        assert refusal(s3.head_object, Bucket=bucket, Key="k")[0] == 404
    status, told = put(chunks(body[:half], body[half:], trailer=line % right))
    assert status == 200, told
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found["Body"].read() == body
    assert (found["ChecksumSHA256"], found["ContentEncoding"]) == (right.decode(), "gzip")


def test_a_checksum_that_is_announced_must_come(server, s3, bucket):
    announcing = {"x-amz-trailer": "x-amz-checksum-crc32"}
    start = head(server, bucket, "k", 4, hashlib.sha256(b"body").hexdigest(), **announcing)
    status, told = sent(server, start + b"body")
    assert (status, b"<Code>MalformedTrailerError</Code>" in told) == (400, True)
    assert refusal(s3.head_object, Bucket=bucket, Key="k")[0] == 404


def test_without_a_length_nothing_is_taken(server, bucket):
    status, told = sent(
        server,
        head(server, bucket, "k", None, "UNSIGNED-PAYLOAD", **{"Transfer-Encoding": "chunked"})
        + b"1\r\nx\r\n0\r\n\r\n",
    )
    assert status == 411
    assert b"<Code>MissingContentLength</Code>" in told


def test_what_is_too_large_is_refused_before_it_comes(server, bucket):
    size = 5 * 1024**3 + 1
    status, told = sent(server, head(server, bucket, "k", size, "UNSIGNED-PAYLOAD"))
    assert status == 400
    assert b"<Code>EntityTooLarge</Code>" in told


def test_an_upload_that_breaks_off_leaves_nothing(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="bucket")
    with connect(own_server) as sock:
        sock.sendall(head(own_server, "bucket", "k", 3_000_000, "UNSIGNED-PAYLOAD"))
        sock.sendall(bytes(2_000_000))
        eventually(lambda: objects(own_server), "the upload has begun")
    eventually(lambda: not objects(own_server), "what was begun is removed")
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


@pytest.mark.parametrize("key", ["%ff%fe", "%zz", "a%", "%4"])
def test_keys_that_are_no_utf8_or_not_encoded_are_refused(server, bucket, key):
    status, told = sent(server, head(server, bucket, key, 1, "UNSIGNED-PAYLOAD") + b"x")
    assert status == 400
    assert b"<Code>InvalidURI</Code>" in told


def test_bytes_are_encrypted_on_disk_and_gone_when_they_are_deleted(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="bucket")
    secret = b"a very secret sentence. "
    s3.put_object(Bucket="bucket", Key="small", Body=secret)
    s3.put_object(Bucket="bucket", Key="large", Body=secret * 10_000)
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/large")
    assert len(objects(own_server)) == 2
    for path in own_server.data_dir.rglob("*"):
        if path.is_file() and path.name != "lock":
            assert secret not in path.read_bytes()
    s3.put_object(Bucket="bucket", Key="large", Body=b"other")
    s3.delete_object(Bucket="bucket", Key="copy")
    assert objects(own_server) == []
