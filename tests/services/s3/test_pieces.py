"""The parts of S3 that are pure logic."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.policy import Policy, PolicyKind
from ingle.services.s3 import checksums
from ingle.services.s3.copying import parse_source
from ingle.services.s3.errors import InvalidRange
from ingle.services.s3.model import Checksum, Content
from ingle.services.s3.names import check_bucket_name
from ingle.services.s3.public import is_public
from ingle.services.s3.ranges import parse_range
from ingle.wire.buckets import bucket_of_host
from ingle.wire.errors import ServiceError

CRCS = ("CRC32", "CRC32C", "CRC64NVME")


@given(algorithm=st.sampled_from(CRCS), parts=st.lists(st.binary(), min_size=1, max_size=5))
def test_full_checksums_of_parts_are_those_of_the_whole(algorithm: str, parts: list[bytes]) -> None:
    contents = [
        Content("", number, len(part), "", _checksum(algorithm, part), False, b"", "", 0)
        for number, part in enumerate(parts)
    ]
    whole = checksums.combined(algorithm, checksums.FULL, contents)
    assert whole == _checksum(algorithm, b"".join(parts))


def _checksum(algorithm: str, data: bytes) -> Checksum:
    digest = checksums.digest_of(algorithm)
    digest.update(data)
    return checksums.checksum_of(algorithm, digest)


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [("CRC32", "cbf43926"), ("CRC32C", "e3069283"), ("CRC64NVME", "ae8b14860a799888")],
)
def test_checksums_are_those_of_the_catalogue(algorithm: str, value: str) -> None:
    found = _checksum(algorithm, b"123456789").value
    assert base64.b64decode(found).hex() == value


@given(st.binary(max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_a_slice(data: bytes, first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if last >= first and first >= len(data):
        with pytest.raises(InvalidRange):
            parse_range(header, len(data))
        return
    found = parse_range(header, len(data))
    if last < first:
        assert found is None
    else:
        assert found is not None
        assert data[slice(*found)] == data[first : last + 1]


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.localhost:4566", "b"),
        ("b.s3.eu-west-1.localhost", "b"),
        ("a.b.s3.amazonaws.com", "a.b"),
        ("s3.b.s3-eu-west-1.amazonaws.com", "s3.b"),
        ("b.localhost:4566", "b"),
        ("s3.localhost:4566", None),
        ("s3.us-east-1.amazonaws.com", None),
        ("127.0.0.1:4566", None),
        ("localhost:4566", None),
        ("ingle.example:4566", None),
    ],
)
def test_buckets_are_found_in_host_names(host: str, bucket: str | None) -> None:
    assert bucket_of_host(host) == bucket


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("b/k", ("b", "k", None)),
        ("/b/k/l", ("b", "k/l", None)),
        ("b/a%20b%3F?versionId=v", ("b", "a b?", "v")),
        ("b%2Fk", ("b", "k", None)),
    ],
)
def test_copy_sources_are_read(text: str, meant: tuple[str, str, str | None]) -> None:
    assert parse_source(text) == meant


@pytest.mark.parametrize("name", ["abc", "a.b-c", "1" * 63, "my-bucket.example"])
def test_names_that_buckets_can_have(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize("name", ["ab", "a" * 64, "A" * 5, "a_b", "a..b", "10.0.0.1", "-ab", "ab-"])
def test_names_that_no_bucket_can_have(name: str) -> None:
    with pytest.raises(ServiceError):
        check_bucket_name(name)


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": "v"}}}, True),
    ],
)
def test_policies_that_let_everybody_in(change: dict[str, object], public: bool) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, **change}]}
    assert is_public(Policy.parse(document, PolicyKind.RESOURCE, "b")) is public
