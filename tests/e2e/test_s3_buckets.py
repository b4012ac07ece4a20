"""Buckets: made, found, configured, deleted."""

import hashlib
import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import refusal
from tests.e2e.test_s3_uploads import head, sent


def test_a_bucket_is_described_as_aws_does(s3, bucket):
    head = s3.head_bucket(Bucket=bucket)
    assert head["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    listed = s3.list_buckets(Prefix=bucket)["Buckets"]
    assert [(each["Name"], each["BucketRegion"]) for each in listed] == [(bucket, "us-east-1")]
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [grant] = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    [rule] = encryption["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@pytest.mark.parametrize(
    "name",
    [
        "AB-upper",
        "ab_cd",
        "a..b",
        "192.168.0.1",
        "-abc",
        "abc-",
        "xn--abc",
        "abc-s3alias",
        "é-bucket",
    ],
)
def test_names_that_no_bucket_can_have_are_refused(s3, name):
    client = s3
    client.meta.events.unregister("before-parameter-build.s3", _validate())
    status, code, message = refusal(client.create_bucket, Bucket=name)
    assert (status, code) == (400, "InvalidBucketName")
    assert message == "The specified bucket is not valid."


def _validate():
    from botocore.handlers import validate_bucket_name

    return validate_bucket_name


def test_making_a_bucket_again_does_nothing_only_in_us_east_1(server, s3, bucket):
    s3.create_bucket(Bucket=bucket)
    name = f"b-{uuid.uuid4().hex[:16]}"
    elsewhere = server.client("s3", region_name="eu-west-1")
    wanted = {"LocationConstraint": "eu-west-1"}
    elsewhere.create_bucket(Bucket=name, CreateBucketConfiguration=wanted)
    status, code, _ = refusal(
        elsewhere.create_bucket, Bucket=name, CreateBucketConfiguration=wanted
    )
    assert (status, code) == (409, "BucketAlreadyOwnedByYou")
    assert elsewhere.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    status, code, _ = refusal(elsewhere.create_bucket, Bucket=f"{name}-2")
    assert (status, code) == (400, "IllegalLocationConstraintException")


def test_a_client_of_another_region_is_sent_to_the_bucket_s(server, s3):
    name = f"b-{uuid.uuid4().hex[:16]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    # boto3 follows by itself.
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"x"


def test_what_is_not_there_is_told_in_aws_s_words(s3):
    name = f"b-{uuid.uuid4().hex[:16]}"
    for call in (s3.list_objects_v2, s3.get_bucket_policy, s3.delete_bucket):
        assert refusal(call, Bucket=name) == (
            404,
            "NoSuchBucket",
            "The specified bucket does not exist",
        )
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket=name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refusal(s3.put_object, Bucket=name, Key="k", Body=b"x")[1] == "NoSuchBucket"


def test_only_an_empty_bucket_is_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert refusal(s3.delete_bucket, Bucket=bucket) == (
        409,
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
    )
    s3.delete_object(Bucket=bucket, Key="k")
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert refusal(s3.delete_bucket, Bucket=bucket)[1] == "NoSuchBucket"


def test_settings_are_kept_as_they_were_set(s3, bucket):
    rules = [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example"], "MaxAgeSeconds": 5}
    ]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    tags = [{"Key": "a", "Value": "1"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    s3.delete_bucket_cors(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    for call, code in (
        (s3.get_bucket_cors, "NoSuchCORSConfiguration"),
        (s3.get_bucket_tagging, "NoSuchTagSet"),
        (s3.get_public_access_block, "NoSuchPublicAccessBlockConfiguration"),
        (s3.get_bucket_ownership_controls, "OwnershipControlsNotFoundError"),
        (s3.get_bucket_policy, "NoSuchBucketPolicy"),
    ):
        status, told, _ = refusal(call, Bucket=bucket)
        assert (status, told) == (404, code)


def test_what_ingle_does_not_do_yet_is_refused_by_name(s3, bucket):
    for call, members in (
        (s3.put_object, {"Key": "k", "Body": b"", "ServerSideEncryption": "aws:kms"}),
        (s3.put_object, {"Key": "k", "Body": b"", "StorageClass": "GLACIER"}),
        (s3.create_bucket, {"ObjectLockEnabledForBucket": True}),
        (
            s3.put_object,
            {"Key": "k", "Body": b"", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        ),
        (s3.put_object, {"Key": "k", "Body": b"", "ObjectLockLegalHoldStatus": "ON"}),
        (s3.put_bucket_request_payment, {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
        (s3.get_object_torrent, {"Key": "k"}),
    ):
        status, code, message = refusal(call, Bucket=bucket, **members)
        assert (status, code) == (501, "NotImplemented")
        assert "Ingle" in message
    status, code, _ = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", ACL="public-read")
    assert (status, code) == (400, "AccessControlListNotSupported")


def test_a_policy_must_be_about_its_bucket(s3, bucket):
    statement = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "s3:GetObject"}
    for resource, code in (("arn:aws:s3:::other/*", "MalformedPolicy"), ("x", "MalformedPolicy")):
        document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]}
        status, told, _ = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(document))
        assert (status, told) == (400, code)
    status, told, _ = refusal(s3.put_bucket_policy, Bucket=bucket, Policy="{")
    assert (status, told) == (400, "MalformedPolicy")


def test_what_a_bucket_does_not_have_is_told_to_those_that_ask(s3, bucket):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    for call, code in (
        (s3.get_bucket_replication, "ReplicationConfigurationNotFoundError"),
        (s3.get_object_lock_configuration, "ObjectLockConfigurationNotFoundError"),
    ):
        assert refusal(call, Bucket=bucket)[:2] == (404, code)


SUBRESOURCES = ("versioning", "lifecycle", "website", "cors", "tagging", "encryption", "acl")


@pytest.mark.parametrize("name", SUBRESOURCES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"<a><b></a>",
        b"not xml",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"\xff\xfe<a/>",
        b"<a>\x00</a>",
    ],
)
def test_malformed_xml_changes_nothing(server, s3, bucket, name, body):
    def settings():
        found = []
        for get in (
            s3.get_bucket_versioning,
            s3.get_bucket_lifecycle_configuration,
            s3.get_bucket_website,
            s3.get_bucket_cors,
            s3.get_bucket_tagging,
            s3.get_bucket_encryption,
            s3.get_bucket_acl,
        ):
            try:
                found.append({**get(Bucket=bucket), "ResponseMetadata": None})
            except ClientError as error:
                found.append(error.response["Error"]["Code"])
        return found

    before = settings()
    digest = hashlib.sha256(body).hexdigest()
    status, told = sent(server, head(server, bucket, f"?{name}=", len(body), digest) + body)
    assert status == 400, told
    assert any(
        f"<Code>{code}</Code>".encode() in told
        for code in ("MalformedXML", "MissingRequestBodyError", "MissingSecurityHeader")
    ), told
    assert settings() == before


@pytest.mark.parametrize("name", ["versioning", "tagging", "cors", "website", "notification"])
def test_a_document_that_is_empty_is_told_as_such(server, bucket, name):
    digest = hashlib.sha256(b"").hexdigest()
    status, told = sent(server, head(server, bucket, f"?{name}=", 0, digest))
    assert status == 400
    assert b"<Code>MissingRequestBodyError</Code><Message>Request Body is empty</Message>" in told


def test_versioning_is_enabled_or_suspended(s3, bucket):
    assert refusal(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={}) == (
        400,
        "IllegalVersioningConfigurationException",
        "The Versioning element must be specified",
    )
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("tagging", b"<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>"),
        ("versioning", b"<VersioningConfiguration><Status>On</Status></VersioningConfiguration>"),
    ],
)
def test_what_is_missing_or_wrong_within_a_document_makes_it_malformed(server, bucket, name, body):
    digest = hashlib.sha256(body).hexdigest()
    status, told = sent(server, head(server, bucket, f"?{name}=", len(body), digest) + body)
    assert (status, b"<Code>MalformedXML</Code>" in told) == (400, True), told
