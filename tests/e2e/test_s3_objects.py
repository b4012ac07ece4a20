"""Objects: put, got, described, copied, deleted; their conditions, ranges and checksums."""

import base64
import datetime
import hashlib
import zlib

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import refusal
from tests.e2e.raw import bytes_of, send, signed

KEYS = [
    "plain",
    "with space",
    "ünïcödé/日本/🙂",
    "a//b",
    "/leading",
    "trailing/",
    "..",
    "../up/./down",
    "a+b&c=d?e#f%20g",
    "quote'\"<>\\`",
    "\x01\x1f\x7f control",
    "nul\x00inside",
    "tab\tnewline\nreturn\r",
    "~!@$^*(){}[]|:;,",
    "x" * 1024,
]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_every_key_gives_back_what_was_put_under_it(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    if "\x00" not in key and "\x01" not in key:
        [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
        assert listed["Key"] == key
    s3.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_key_that_is_too_long_is_refused(s3, bucket):
    status, code, message = refusal(s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"")
    assert (status, code, message) == (400, "KeyTooLongError", "Your key is too long")


def test_an_object_is_described_as_it_was_put(s3, bucket):
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    told = {
        "CacheControl": "max-age=1",
        "ContentDisposition": 'attachment; filename="a,b"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "ContentType": "text/plain; charset=utf-8",
        "Metadata": {"one": "1", "two": "two, three"},
        "StorageClass": "STANDARD_IA",
    }
    made = s3.put_object(
        Bucket=bucket, Key="k", Body=b"body", Expires=expires, Tagging="a=1&b=%20", **told
    )
    assert made["ETag"] == f'"{hashlib.md5(b"body").hexdigest()}"'
    assert made["ServerSideEncryption"] == "AES256"
    for found in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: found[name] for name in told} == told
        assert found["Expires"] == expires
        assert (found["ContentLength"], found["ETag"]) == (4, made["ETag"])
        assert found["AcceptRanges"] == "bytes"
        assert "VersionId" not in found
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": " "},
    ]
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    overridden = s3.get_object(
        Bucket=bucket,
        Key="k",
        ResponseContentType="text/html",
        ResponseContentDisposition="inline",
    )
    assert overridden["ContentType"] == "text/html"
    assert overridden["ContentDisposition"] == "inline"


def test_without_a_type_an_object_is_binary(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


@pytest.mark.parametrize("size", [0, 1, 32_768, 32_769, 65_536, 65_537, 131_072, 1_300_000])
def test_objects_of_every_size_come_back_whole(s3, bucket, size):
    body = bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == size


@pytest.mark.parametrize("size", [1000, 700_000])
@pytest.mark.parametrize(
    ("header", "bounds"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-99", (10, 100)),
        ("bytes=-5", (-5, None)),
        ("bytes=-10000000", (0, None)),
        ("bytes=990-", (990, None)),
        ("bytes=500-10000000", (500, None)),
    ],
)
def test_a_range_is_a_part_of_the_object(s3, bucket, size, header, bounds):
    body = bytes(number * 7 % 256 for number in range(size))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    found = s3.get_object(Bucket=bucket, Key="k", Range=header)
    expected = body[bounds[0] : bounds[1]]
    assert found["Body"].read() == expected
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    start = bounds[0] if bounds[0] >= 0 else size + bounds[0]
    assert found["ContentRange"] == f"bytes {start}-{start + len(expected) - 1}/{size}"


def test_a_range_across_the_pieces_of_a_file(s3, bucket):
    body = bytes(number * 11 % 256 for number in range(1_500_000))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    for start, end in ((65_535, 65_537), (524_287, 524_289), (1, 1_499_999), (131_072, 196_608)):
        found = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={start}-{end - 1}")
        assert found["Body"].read() == body[start:end]


def test_a_range_behind_the_end_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    for header in ("bytes=5-", "bytes=-0"):
        assert refusal(s3.get_object, Bucket=bucket, Key="k", Range=header) == (
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
        )
    for header in ("bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=-"):
        found = s3.get_object(Bucket=bucket, Key="k", Range=header)
        assert found["Body"].read() == b"12345"


def test_reads_hold_to_their_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x", CacheControl="max-age=1")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    before = modified - datetime.timedelta(seconds=5)
    read = {"Bucket": bucket, "Key": "k"}
    s3.get_object(**read, IfMatch=etag, IfUnmodifiedSince=before)
    s3.get_object(**read, IfNoneMatch='"other"', IfModifiedSince=modified)
    s3.get_object(**read, IfMatch="*")
    for condition in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": before}):
        status, code, _ = refusal(s3.get_object, **read, **condition)
        assert (status, code) == (412, "PreconditionFailed")
    for condition in ({"IfNoneMatch": etag}, {"IfModifiedSince": modified}):
        with pytest.raises(ClientError) as caught:
            s3.get_object(**read, **condition)
        response = caught.value.response["ResponseMetadata"]
        assert response["HTTPStatusCode"] == 304
        headers = response["HTTPHeaders"]
        assert (headers["etag"], headers["cache-control"]) == (etag, "max-age=1")
        assert headers["last-modified"] == f"{modified:%a, %d %b %Y %H:%M:%S} GMT"
        # It would take the place of the type that a browser has kept with the body.
        assert "content-type" not in headers


@pytest.mark.parametrize(
    ("target", "headers", "name", "value"),
    [
        ("?list-type=2&max-keys=many", {}, "max-keys", "many"),
        ("/k?partNumber=one", {}, "partNumber", "one"),
        ("/k?versionId=", {}, "versionId", ""),
        ("/k", {"If-Modified-Since": "yesterday"}, "if-modified-since", "yesterday"),
    ],
)
def test_what_cannot_be_read_beside_the_body_is_named(
    server, s3, bucket, target, headers, name, value
):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers["x-amz-content-sha256"] = hashlib.sha256().hexdigest()
    request = signed(server, "GET", f"/{bucket}{target}", b"", service="s3", headers=headers)
    told = send(server, bytes_of(request)).body.decode()
    assert "<Code>InvalidArgument</Code>" in told
    assert f"<ArgumentName>{name}</ArgumentName><ArgumentValue>{value}</ArgumentValue>" in told


def test_writes_hold_to_their_conditions(s3, bucket):
    write = {"Bucket": bucket, "Key": "k"}
    assert refusal(s3.put_object, **write, Body=b"0", IfMatch='"any"')[:2] == (404, "NoSuchKey")
    etag = s3.put_object(**write, Body=b"1", IfNoneMatch="*")["ETag"]
    failed = (
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
    )
    assert refusal(s3.put_object, **write, Body=b"2", IfNoneMatch="*") == failed
    assert refusal(s3.put_object, **write, Body=b"2", IfMatch='"other"') == failed
    assert refusal(s3.delete_object, **write, IfMatch='"other"') == failed
    assert refusal(s3.put_object, **write, Body=b"2", IfNoneMatch=etag)[:2] == (
        501,
        "NotImplemented",
    )
    assert s3.get_object(**write)["Body"].read() == b"1"
    s3.put_object(**write, Body=b"2", IfMatch=etag)
    assert s3.get_object(**write)["Body"].read() == b"2"


DIGESTS = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
    "MD5": lambda body: hashlib.md5(body).digest(),
    "SHA512": lambda body: hashlib.sha512(body).digest(),
}


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_checksum_is_verified_and_kept(s3, bucket, algorithm):
    body = b"some body"
    right = base64.b64encode(DIGESTS[algorithm](body)).decode()
    wrong = base64.b64encode(DIGESTS[algorithm](b"other")).decode()
    member = f"Checksum{algorithm}"
    status, code, message = refusal(
        s3.put_object, Bucket=bucket, Key="k", Body=body, **{member: wrong}
    )
    assert (status, code) == (400, "BadDigest")
    assert message == f"The {algorithm} you specified did not match the calculated checksum."
    assert refusal(s3.head_object, Bucket=bucket, Key="k")[0] == 404
    status, code, message = refusal(
        s3.put_object, Bucket=bucket, Key="k", Body=body, **{member: "bm8="}
    )
    assert (status, code) == (400, "InvalidRequest")
    assert message == f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."
    made = s3.put_object(Bucket=bucket, Key="k", Body=body, **{member: right})
    assert (made[member], made["ChecksumType"]) == (right, "FULL_OBJECT")
    found = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found[member] == right
    assert member not in s3.head_object(Bucket=bucket, Key="k")
    told = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ETag", "StorageClass"]
    )
    assert told["Checksum"] == {member: right, "ChecksumType": "FULL_OBJECT"}
    assert told["ObjectSize"] == len(body)
    assert told["ETag"] == hashlib.md5(body).hexdigest()


def test_known_checksums_of_crc32c_and_crc64nvme(s3, bucket):
    # Of "123456789": https://reveng.sourceforge.io/crc-catalogue/all.htm
    for member, value in (
        ("ChecksumCRC32C", "e3069283"),
        ("ChecksumCRC64NVME", "ae8b14860a799888"),
    ):
        text = base64.b64encode(bytes.fromhex(value)).decode()
        made = s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", **{member: text})
        assert made[member] == text


def test_a_wrong_md5_is_refused(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    status, code, message = refusal(
        s3.put_object, Bucket=bucket, Key="k", Body=b"body", ContentMD5=wrong
    )
    assert (status, code) == (400, "BadDigest")
    assert message == "The Content-MD5 you specified did not match what we received."
    status, code, _ = refusal(
        s3.put_object, Bucket=bucket, Key="k", Body=b"body", ContentMD5="bm9uZQ=="
    )
    assert (status, code) == (400, "InvalidDigest")


def test_a_copy_has_what_its_source_has_unless_it_says_otherwise(s3, bucket):
    body = bytes(100_000)
    s3.put_object(
        Bucket=bucket,
        Key="a b/ü",
        Body=body,
        Metadata={"x": "1"},
        ContentType="text/x",
        Tagging="t=1",
    )
    source = {"Bucket": bucket, "Key": "a b/ü"}
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.delete_object(**source)
    found = s3.get_object(Bucket=bucket, Key="copy")
    assert found["Body"].read() == body
    assert (found["Metadata"], found["ContentType"], found["TagCount"]) == ({"x": "1"}, "text/x", 1)
    s3.copy_object(
        Bucket=bucket,
        Key="copy",
        CopySource={"Bucket": bucket, "Key": "copy"},
        MetadataDirective="REPLACE",
        Metadata={"y": "2"},
        TaggingDirective="REPLACE",
        ChecksumAlgorithm="SHA256",
    )
    found = s3.get_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert found["Body"].read() == body
    assert (found["Metadata"], found["ContentType"]) == ({"y": "2"}, "binary/octet-stream")
    assert "TagCount" not in found
    assert found["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(body).digest()).decode()


def test_a_copy_onto_itself_must_change_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    status, code, message = refusal(
        s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k"}
    )
    assert (status, code) == (400, "InvalidRequest")
    assert message.startswith("This copy request is illegal")
    status, code, _ = refusal(
        s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "none"}
    )
    assert (status, code) == (404, "NoSuchKey")
    status, code, _ = refusal(
        s3.copy_object,
        Bucket=bucket,
        Key="k2",
        CopySource={"Bucket": bucket, "Key": "k"},
        CopySourceIfNoneMatch="*",
    )
    assert (status, code) == (412, "PreconditionFailed")


def test_tags_are_set_and_removed(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    for wrong, message in (
        (
            [{"Key": f"k{n}", "Value": ""} for n in range(11)],
            "Object tags cannot be greater than 10",
        ),
        ([{"Key": "a", "Value": ""}] * 2, "Cannot provide multiple Tags with the same key"),
        ([{"Key": "aws:a", "Value": ""}], "System tags cannot be added/updated by requester"),
    ):
        assert refusal(
            s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": wrong}
        ) == (400, "InvalidTag", message)
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert refusal(s3.get_object_tagging, Bucket=bucket, Key="no")[:2] == (404, "NoSuchKey")


def test_many_objects_are_deleted_at_once_each_by_itself(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x")
    objects = [{"Key": f"k{number}"} for number in range(4)]
    objects += [{"Key": "none"}, {"Key": "k4", "ETag": '"other"'}, {"Key": "x" * 1025}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [each["Key"] for each in answer["Deleted"]] == ["k0", "k1", "k2", "k3", "none"]
    assert [each["Code"] for each in answer["Errors"]] == ["PreconditionFailed", "KeyTooLongError"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k4"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def posted(server, path, body, headers):
    """Post bytes, and return the answer."""
    digest = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    request = signed(server, "POST", path, body, service="s3", headers={**headers, **digest})
    return send(server, bytes_of(request))


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete/>",
        b"<Delete><Quiet>true</Quiet></Delete>",
        b"<Delete><Object><VersionId>null</VersionId></Object></Delete>",
        b"<Delete><Object><Key>k</Key></Object><Object/></Delete>",
    ],
)
def test_a_list_of_deletions_that_is_none_deletes_nothing(server, s3, bucket, body):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers = {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}
    answer = posted(server, f"/{bucket}?delete=", body, headers)
    assert (answer.status, b"<Code>MalformedXML</Code>" in answer.body) == (400, True), answer
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1


def test_nothing_is_posted_to_a_key(server, s3, bucket):
    for kind in ("text/plain", "multipart/form-data; boundary=x"):
        answer = posted(server, f"/{bucket}/k", b"hello", {"Content-Type": kind})
        assert (answer.status, b"<Code>MethodNotAllowed</Code>" in answer.body) == (405, True)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_metadata_over_two_kilobytes_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})
    status, code, _ = refusal(
        s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048}
    )
    assert (status, code) == (400, "MetadataTooLarge")


def test_what_aws_does_not_have_is_told_in_its_words(s3, bucket):
    status, code, message = refusal(s3.list_objects_v2, Bucket=bucket, EncodingType="base64")
    assert (status, code) == (400, "InvalidArgument")
    assert message == "Invalid Encoding Method specified in Request"
    upload = {"Bucket": bucket, "Key": "k", "ChecksumAlgorithm": "CRC99"}
    status, code, message = refusal(s3.create_multipart_upload, **upload)
    assert (status, code) == (400, "InvalidRequest")
    assert message.startswith("Checksum algorithm provided is unsupported. ")
