"""Multipart uploads."""

import base64
import hashlib
import os
import zlib

import pytest

from tests.e2e.conftest import refusal

PART = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def big():
    """The bytes of a part that is not the last one."""
    return os.urandom(PART)


@pytest.fixture
def upload(s3, bucket):
    """Begin an upload of the key `k`; what its operations take."""
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "1"})
    return {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}


def put(s3, upload, number, body, **more):
    etag = s3.upload_part(**upload, PartNumber=number, Body=body, **more)["ETag"]
    return {"PartNumber": number, "ETag": etag}


def test_parts_make_an_object_in_the_order_of_their_numbers(s3, upload, big):
    last = put(s3, upload, 7, b"the end")
    put(s3, upload, 2, b"replaced")
    first = put(s3, upload, 2, big)
    put(s3, upload, 3, b"not chosen")
    listed = s3.list_parts(**upload)
    assert [(each["PartNumber"], each["Size"]) for each in listed["Parts"]] == [
        (2, PART),
        (3, 10),
        (7, 7),
    ]
    assert refusal(s3.get_object, Bucket=upload["Bucket"], Key="k")[1] == "NoSuchKey"
    made = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [first, last]})
    digests = hashlib.md5(big).digest() + hashlib.md5(b"the end").digest()
    assert made["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    read = {"Bucket": upload["Bucket"], "Key": "k"}
    found = s3.get_object(**read)
    assert found["Body"].read() == big + b"the end"
    assert found["Metadata"] == {"a": "1"}
    across = s3.get_object(**read, Range=f"bytes={PART - 2}-{PART + 2}")
    assert across["Body"].read() == big[-2:] + b"the"
    part = s3.get_object(**read, PartNumber=7)
    assert (part["Body"].read(), part["PartsCount"]) == (b"the end", 2)
    assert refusal(s3.get_object, **read, PartNumber=3)[:2] == (416, "InvalidPartNumber")
    assert refusal(s3.list_parts, **upload)[:2] == (404, "NoSuchUpload")
    told = s3.get_object_attributes(**read, ObjectAttributes=["ObjectParts"])
    assert told["ObjectParts"]["TotalPartsCount"] == 2


def test_a_composite_checksum_is_that_of_the_checksums(s3, bucket, big):
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == ("SHA256", "COMPOSITE")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    parts = []
    for number, body in enumerate((big, b"end"), 1):
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        part = put(s3, upload, number, body, ChecksumSHA256=digest)
        parts.append({**part, "ChecksumSHA256": digest})
    wrong = [parts[0], {**parts[1], "ChecksumSHA256": parts[0]["ChecksumSHA256"]}]
    refused = refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wrong})
    assert refused[:2] == (400, "InvalidPart")
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    raw = hashlib.sha256(big).digest() + hashlib.sha256(b"end").digest()
    expected = base64.b64encode(hashlib.sha256(raw).digest()).decode() + "-2"
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (expected, "COMPOSITE")
    told = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"]
    )
    assert [each["Size"] for each in told["ObjectParts"]["Parts"]] == [PART, 3]


def test_a_full_checksum_of_parts_is_that_of_the_whole(s3, bucket, big):
    made = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )
    upload = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    parts = [put(s3, upload, 1, big), put(s3, upload, 2, b"end")]
    whole = base64.b64encode(zlib.crc32(big + b"end").to_bytes(4, "big")).decode()
    wrong = base64.b64encode(bytes(4)).decode()
    complete = {**upload, "MultipartUpload": {"Parts": parts}, "ChecksumType": "FULL_OBJECT"}
    refused = refusal(s3.complete_multipart_upload, **complete, ChecksumCRC32=wrong)
    assert refused[:2] == (400, "BadDigest")
    done = s3.complete_multipart_upload(**complete, ChecksumCRC32=whole)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")


def test_what_cannot_be_completed_is_refused_and_the_upload_stays(s3, upload, big):
    small = put(s3, upload, 1, b"small")
    last = put(s3, upload, 2, b"last")

    def refused(parts, **more):
        return refusal(
            s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts}, **more
        )[:2]

    assert refused([small, last]) == (400, "EntityTooSmall")
    assert refused([last, small]) == (400, "InvalidPartOrder")
    assert refused([small, small]) == (400, "InvalidPartOrder")
    assert refused([{"PartNumber": 3, "ETag": last["ETag"]}]) == (400, "InvalidPart")
    assert refused([{"PartNumber": 2, "ETag": small["ETag"]}]) == (400, "InvalidPart")
    for malformed in ([], [{"PartNumber": 2}], [{"ETag": last["ETag"]}]):
        assert refused(malformed) == (400, "MalformedXML")
    assert refused([last], MpuObjectSize=5) == (400, "InvalidRequest")
    assert refused([last], IfMatch='"x"') == (404, "NoSuchKey")
    assert len(s3.list_parts(**upload)["Parts"]) == 2
    s3.put_object(Bucket=upload["Bucket"], Key="k", Body=b"x")
    assert refused([last], IfNoneMatch="*") == (412, "PreconditionFailed")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [last]})


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_numbers_of_parts_out_of_range_are_refused(s3, upload, number):
    assert refusal(s3.upload_part, **upload, PartNumber=number, Body=b"") == (
        400,
        "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive",
    )


def test_an_aborted_upload_is_gone(s3, upload):
    put(s3, upload, 1, bytes(100_000))
    [listed] = s3.list_multipart_uploads(Bucket=upload["Bucket"])["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == ("k", upload["UploadId"])
    s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=upload["Bucket"])
    for call, more in (
        (s3.abort_multipart_upload, {}),
        (s3.upload_part, {"PartNumber": 1, "Body": b"x"}),
        (
            s3.complete_multipart_upload,
            {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}},
        ),
    ):
        assert refusal(call, **upload, **more)[:2] == (404, "NoSuchUpload")


def test_parts_are_copied_from_objects(s3, upload, big):
    bucket = upload["Bucket"]
    source = {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=big)
    parts = []
    for number, copied in ((1, None), (2, "bytes=10-19")):
        more = {"CopySourceRange": copied} if copied else {}
        made = s3.upload_part_copy(**upload, PartNumber=number, CopySource=source, **more)
        parts.append({"PartNumber": number, "ETag": made["CopyPartResult"]["ETag"]})
    refused = refusal(
        s3.upload_part_copy,
        **upload,
        PartNumber=3,
        CopySource=source,
        CopySourceRange=f"bytes=0-{PART}",
    )
    assert refused[:2] == (400, "InvalidArgument")
    s3.delete_object(**source)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == big + big[10:20]
    # What was made of parts is copied byte by byte, and is one whole afterwards.
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    expected = hashlib.md5(big + big[10:20]).hexdigest()
    assert copied["CopyObjectResult"]["ETag"] == f'"{expected}"'


def test_uploads_and_parts_are_listed_in_pages(s3, bucket):
    ids = {}
    for key in ("a/1", "a/2", "b", "b"):
        made = s3.create_multipart_upload(Bucket=bucket, Key=key)
        ids.setdefault(key, []).append(made["UploadId"])
    found, marker = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **marker)
        found += [(each["Key"], each["UploadId"]) for each in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
    assert found == [(key, each) for key in sorted(ids) for each in sorted(ids[key])]
    folded = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in folded["CommonPrefixes"]] == ["a/"]
    assert [each["Key"] for each in folded["Uploads"]] == ["b", "b"]
    upload = {"Bucket": bucket, "Key": "a/1", "UploadId": ids["a/1"][0]}
    for number in (1, 5, 9):
        put(s3, upload, number, b"x")
    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})
    numbers = [[each["PartNumber"] for each in page["Parts"]] for page in pages]
    assert numbers == [[1, 5], [9]]


def test_who_missed_the_answer_may_complete_again(s3, upload, big):
    parts = {"Parts": [put(s3, upload, 1, big), put(s3, upload, 2, b"end")]}
    first = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    again = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    for answer in (first, again):
        del answer["ResponseMetadata"]
    assert again == first
    # It is no other upload's, and does not bring back what is gone.
    s3.delete_object(Bucket=upload["Bucket"], Key="k")
    assert refusal(s3.complete_multipart_upload, **upload, MultipartUpload=parts)[:2] == (
        404,
        "NoSuchUpload",
    )
