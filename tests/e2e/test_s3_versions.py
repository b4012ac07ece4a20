"""Versions of objects, and delete markers."""

import pytest

from tests.e2e.conftest import refusal

NONE = "0" * 32
"""What could be the id of a version."""


@pytest.fixture
def versioned(s3, bucket):
    """A bucket with versioning."""
    set_versioning(s3, bucket, "Enabled")
    return bucket


def set_versioning(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def versions(s3, bucket):
    """What there is: keys, whether it is a marker, and whether it is the latest."""
    page = s3.list_object_versions(Bucket=bucket)
    found = [(each, False) for each in page.get("Versions", ())]
    found += [(each, True) for each in page.get("DeleteMarkers", ())]
    return {(each["Key"], each["VersionId"]): (marker, each["IsLatest"]) for each, marker in found}


def test_every_put_is_a_version_of_its_own(s3, versioned):
    one = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    two = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"2"
    old = s3.get_object(Bucket=versioned, Key="k", VersionId=one)
    assert (old["Body"].read(), old["VersionId"]) == (b"1", one)
    assert versions(s3, versioned) == {("k", one): (False, False), ("k", two): (False, True)}
    order = [each["VersionId"] for each in s3.list_object_versions(Bucket=versioned)["Versions"]]
    assert order == [two, one]
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Enabled"


def test_a_delete_marker_hides_and_uncovers(s3, versioned):
    one = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True
    status, code, _ = refusal(s3.get_object, Bucket=versioned, Key="k")
    assert (status, code) == (404, "NoSuchKey")
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    status, code, _ = refusal(
        s3.get_object, Bucket=versioned, Key="k", VersionId=marker["VersionId"]
    )
    assert (status, code) == (405, "MethodNotAllowed")
    assert refusal(s3.delete_bucket, Bucket=versioned)[1] == "BucketNotEmpty"
    gone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, marker["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"
    assert versions(s3, versioned) == {("k", one): (False, True)}


def test_deleting_the_latest_version_uncovers_the_one_before(s3, versioned):
    bodies = [b"%d" % number * 50_000 for number in range(3)]
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=body)["VersionId"] for body in bodies]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[2])
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == bodies[1]
    [listed] = s3.list_objects_v2(Bucket=versioned)["Contents"]
    assert listed["Key"] == "k"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[1])
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])
    assert versions(s3, versioned) == {}


def test_a_marker_is_made_also_where_nothing_is(s3, versioned):
    made = s3.delete_object(Bucket=versioned, Key="none")
    assert versions(s3, versioned) == {("none", made["VersionId"]): (True, True)}


def test_what_was_there_before_versioning_is_the_version_null(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    set_versioning(s3, bucket, "Enabled")
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    one = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"0"
    set_versioning(s3, bucket, "Suspended")
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"2"
    assert versions(s3, bucket) == {("k", "null"): (False, True), ("k", one): (False, False)}
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    assert versions(s3, bucket) == {("k", "null"): (True, True), ("k", one): (False, False)}


def test_a_version_that_is_not_there_is_told(s3, versioned):
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    for call in (s3.get_object, s3.get_object_tagging):
        assert refusal(call, Bucket=versioned, Key="k", VersionId=NONE)[:2] == (
            404,
            "NoSuchVersion",
        )
    s3.delete_object(Bucket=versioned, Key="k", VersionId=NONE)


@pytest.mark.parametrize("version_id", ["none", NONE + "0", "\x00", NONE[:-1] + "!"])
def test_an_id_that_no_version_has_is_refused(s3, versioned, version_id):
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    where = {"Bucket": versioned, "Key": "k"}
    wrong = (400, "InvalidArgument", "Invalid version id specified")
    for call in (s3.get_object, s3.get_object_tagging, s3.delete_object):
        assert refusal(call, **where, VersionId=version_id) == wrong
    marker = {"KeyMarker": "k", "VersionIdMarker": version_id}
    assert refusal(s3.list_object_versions, Bucket=versioned, **marker) == wrong
    if version_id.isprintable():
        source = {**where, "VersionId": version_id}
        assert refusal(s3.copy_object, **where, CopySource=source) == wrong
        told = s3.delete_objects(
            Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": version_id}]}
        )
        assert [each["Code"] for each in told["Errors"]] == ["NoSuchVersion"]
    assert s3.get_object(**where)["Body"].read() == b"1"


def test_versions_are_listed_in_pages_with_folders(s3, versioned):
    expected = []
    for key in ("a", "dir/1", "dir/2", "z"):
        ids = [s3.put_object(Bucket=versioned, Key=key, Body=b"x")["VersionId"] for _ in range(3)]
        expected += [(key, each) for each in reversed(ids)]
    for size in (1, 2, 5, 1000):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, PaginationConfig={"PageSize": size}
        )
        found = [(each["Key"], each["VersionId"]) for page in pages for each in page["Versions"]]
        assert found == expected
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, Delimiter="/", PaginationConfig={"PageSize": size}
        )
        keys, folders = [], []
        for page in pages:
            keys += [each["Key"] for each in page.get("Versions", ())]
            folders += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        assert (keys, folders) == (["a"] * 3 + ["z"] * 3, ["dir/"])


def test_a_copy_may_bring_an_old_version_back(s3, versioned):
    one = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2")
    source = {"Bucket": versioned, "Key": "k", "VersionId": one}
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert copied["CopySourceVersionId"] == one
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"


def test_many_are_deleted_with_markers_and_versions(s3, versioned):
    one = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    answer = s3.delete_objects(
        Bucket=versioned, Delete={"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": one}]}
    )
    marker, version = answer["Deleted"]
    assert marker["DeleteMarker"] is True
    assert version == {"Key": "k", "VersionId": one}
    assert versions(s3, versioned) == {("k", marker["DeleteMarkerVersionId"]): (True, True)}
