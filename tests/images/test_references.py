"""The names of images."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.images.errors import ImageInvalid
from ingle.images.references import Reference, parse
from tests.images.building import digest

DIGEST = digest(b"")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("uri", "kind", "path", "tag", "pin"),
    [
        ("oci:/images/hello", "oci", "/images/hello", None, None),
        ("oci:/images/hello:v1", "oci", "/images/hello", "v1", None),
        (f"oci:/images/hello@{DIGEST}", "oci", "/images/hello", None, DIGEST),
        ("oci-archive:/i/h.tar:v1", "oci-archive", "/i/h.tar", "v1", None),
        ("docker-archive:/i/h.tar", "docker-archive", "/i/h.tar", None, None),
        ("docker-archive:/i/h.tar:a/b:v1", "docker-archive", "/i/h.tar", "a/b:v1", None),
        ("s3://b/dir/h.tar", "s3", "b/dir/h.tar", None, None),
        ("s3://b/h.tar:a/b:v1", "s3", "b/h.tar", "a/b:v1", None),
        (f"s3://b/h.tar@{DIGEST}", "s3", "b/h.tar", None, DIGEST),
        (f"{ECR}/hello:v1", "ecr", "hello", "v1", None),
        (f"{ECR}/team/hello:v1", "ecr", "team/hello", "v1", None),
        (f"{ECR}/hello@{DIGEST}", "ecr", "hello", None, DIGEST),
        (f"{ECR}/hello:v1@{DIGEST}", "ecr", "hello", "v1", DIGEST),
        (f"{ECR}.cn/hello:v1", "ecr", "hello", "v1", None),
    ],
)
def test_every_form_of_a_name_is_read(
    uri: str, kind: str, path: str, tag: str | None, pin: str | None
) -> None:
    reference = parse(uri)
    assert (reference.kind, reference.path, reference.tag) == (kind, path, tag)
    assert reference.digest == pin


def test_a_pinned_name_names_the_same_place() -> None:
    assert parse("oci:/images/hello:v1").pinned(DIGEST) == f"oci:/images/hello@{DIGEST}"
    assert parse(f"{ECR}/hello:v1").pinned(DIGEST) == f"{ECR}/hello@{DIGEST}"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("hello:v1", "a name begins with"),
        ("localhost:5000/hello:v1", "a name begins with"),
        ("docker://hello:v1", "a name begins with"),
        ("oci:hello", "not an absolute one"),
        ("oci:", "not an absolute one"),
        ("oci:/images/../etc", "holds .."),
        (f"{ECR}/hello", "neither a tag nor a digest"),
        (f"{ECR}/../hello:v1", "a name begins with"),
        (f"{ECR}/hello:", "is no tag"),
        (f"{ECR}/hello:../x", "a name begins with"),
        (f"{ECR}/hello@sha256:abc", "a name begins with"),
        ("s3://bucket", "or with s3://, a bucket and a key"),
        ("oci-archive:s3://bucket/hello.tar", "not an absolute one"),
        ("oci:/images/hel\0lo", "cannot be printed"),
        ("oci:/images/hello\n", "cannot be printed"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(uri: str, reason: str) -> None:
    with pytest.raises(ImageInvalid, match=reason):
        parse(uri)


@given(st.text(string.printable, max_size=60))
def test_no_name_leads_upwards(uri: str) -> None:
    for each in (uri, f"oci:{uri}", f"{ECR}/{uri}"):
        try:
            reference = parse(each)
        except ImageInvalid:
            continue
        assert isinstance(reference, Reference)
        assert ".." not in reference.path.split("/")
