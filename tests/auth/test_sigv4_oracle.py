"""Whatever botocore signs is accepted, and nothing else."""

import string
from urllib.parse import quote, urlencode

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.auth.sigv4 import Identity, Verifier
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

from .signing import KEY, StillClock, copy, sign

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
SEGMENT = st.one_of(
    st.sampled_from(["", ".", "..", "a", "a b", "ü", "+", "%", "~", "arn:aws:x:$LATEST", "a*b(c)"]),
    TEXT,
)
PATH = st.lists(SEGMENT, max_size=5).map(lambda s: "/" + quote("/".join(s), safe="/-_.~:$@"))
QUERY = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5).map(
    lambda pairs: urlencode(pairs, quote_via=quote, safe="-_.~")
)
VALUE = st.text(string.ascii_letters + string.digits + "  \t,;=/\"'", max_size=20)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["X-Amz-Meta-A", "X-Amz-Target", "X-Custom", "Content-Type"]), VALUE),
    max_size=4,
).map(tuple)
METHOD = st.sampled_from(["GET", "PUT", "POST", "DELETE"])
BODY = st.binary(max_size=100)


def verifier(clock: StillClock) -> Verifier:
    return Verifier({KEY.access_key_id: KEY}.get, clock)


def identity(service: str) -> Identity:
    return Identity(KEY.access_key_id, KEY.principal, "us-east-1", service)


@pytest.mark.parametrize(
    ("signer", "service"),
    [(SigV4Auth, "lambda"), (SigV4Auth, "sts"), (S3SigV4Auth, "s3")],
)
@given(method=METHOD, path=PATH, query=QUERY, headers=HEADERS, body=BODY)
@settings(max_examples=150)
def test_what_botocore_signs_in_the_header_is_accepted(
    signer: type[SigV4Auth],
    service: str,
    method: str,
    path: str,
    query: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
) -> None:
    clock = StillClock()
    request = sign(
        clock,
        signer,
        service=service,
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
    )
    assert verifier(clock).verify(request) == identity(service)
    assert request.body == body


@pytest.mark.parametrize(
    ("signer", "service"),
    [(SigV4QueryAuth, "lambda"), (SigV4QueryAuth, "sts"), (S3SigV4QueryAuth, "s3")],
)
@given(path=PATH, query=QUERY, expires=st.integers(1, 604_800))
@settings(max_examples=150)
def test_what_botocore_presigns_is_accepted(
    signer: type[SigV4Auth], service: str, path: str, query: str, expires: int
) -> None:
    clock = StillClock()
    request = sign(
        clock,
        signer,
        service=service,
        method="GET",
        path=path,
        query=query,
        body=b"",
        expires=expires,
    )
    assert "authorization" not in request.headers
    clock.now += expires
    assert verifier(clock).verify(request) == identity(service)


def test_spaces_sent_as_plus_signs_in_the_query_are_spaces(clock: StillClock) -> None:
    request = sign(clock, query="Marker=a%20b%2Bc")
    request.query = "Marker=a+b%2Bc"
    assert verifier(clock).verify(request) == identity("lambda")


def test_lower_case_escapes_and_needless_ones_in_the_query_are_canonicalised(
    clock: StillClock,
) -> None:
    request = sign(clock, query="Marker=a%2Fb~c")
    request.query = "Marker=%61%2fb%7Ec"
    assert verifier(clock).verify(request) == identity("lambda")


def test_parameters_without_a_value_have_an_empty_one(clock: StillClock) -> None:
    request = sign(clock, query="acl=&a=1&a=0&a-b=2")
    request.query = "a=1&acl&a-b=2&a=0"
    assert verifier(clock).verify(request) == identity("lambda")


def test_a_header_of_utf_8_bytes_is_verified_over_these_bytes(clock: StillClock) -> None:
    request = sign(clock, headers=(("X-Amz-Meta-Name", "Grüße"),))
    received = dict(request.headers)
    received["x-amz-meta-name"] = "Grüße".encode().decode("latin-1")
    request.headers = received
    assert verifier(clock).verify(request) == identity("lambda")


def test_a_signature_with_a_date_header_is_accepted(clock: StillClock) -> None:
    request = sign(clock, headers=(("Date", "whatever"),))
    assert "x-amz-date" not in request.headers
    assert verifier(clock).verify(request) == identity("lambda")


@pytest.mark.parametrize("separator", [",", ", ", " ", ",  "])
def test_the_parts_of_the_header_may_be_separated_in_other_ways(
    clock: StillClock, separator: str
) -> None:
    request = sign(clock)
    scheme, *parts = request.headers["authorization"].replace(",", "").split(" ")
    request.headers = dict(request.headers) | {
        "authorization": f"{scheme} {separator.join(reversed(parts))}"
    }
    assert verifier(clock).verify(request) == identity("lambda")


def _tampered(request: Request) -> dict[str, Request]:
    """Make copies of a request, each with another signed part changed."""
    made: dict[str, Request] = {}

    def make(name: str) -> Request:
        made[name] = copy(request)
        return made[name]

    make("method").method = "PATCH"
    make("path").path += "x"
    make("query").query += "&extra=1" if request.query else "extra=1"
    make("body").body += b" "
    for name in request.headers:
        if name in ("authorization", "x-amz-content-sha256"):
            continue
        changed = make(f"header {name}")
        changed.headers = dict(changed.headers) | {name: request.headers[name] + "1"}
        dropped = make(f"without {name}")
        dropped.headers = {n: v for n, v in request.headers.items() if n != name}
    return made


HEADERS_SENT = (("Content-Type", "text/plain"), ("X-Amz-Meta-A", "1"))


@pytest.mark.parametrize(
    ("signer", "service"),
    [(SigV4Auth, "lambda"), (SigV4Auth, "sts"), (S3SigV4Auth, "s3")],
)
def test_tampering_with_any_signed_part_is_refused(
    clock: StillClock, signer: type[SigV4Auth], service: str
) -> None:
    request = sign(clock, signer, service=service, query="a=1", headers=HEADERS_SENT)
    assert verifier(clock).verify(copy(request)) == identity(service)
    for name, tampered in _tampered(request).items():
        with pytest.raises(ServiceError):
            pytest.fail(f"{name}: {verifier(clock).verify(tampered)}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("us-east-1", "eu-west-1"),
        ("/lambda/", "/logs/"),
        ("Signature=", "Signature=0"),
        ("Credential=AKIA", "Credential=AKIB"),
        ("SignedHeaders=host;", "SignedHeaders="),
        (";x-amz-date", ""),
        ("aws4_request", "aws5_request"),
    ],
)
def test_tampering_with_the_header_itself_is_refused(clock: StillClock, old: str, new: str) -> None:
    request = sign(clock)
    authorization = request.headers["authorization"]
    assert old in authorization
    request.headers = dict(request.headers) | {"authorization": authorization.replace(old, new)}
    with pytest.raises(ServiceError):
        verifier(clock).verify(request)


@pytest.mark.parametrize(
    ("signer", "service"), [(SigV4QueryAuth, "lambda"), (S3SigV4QueryAuth, "s3")]
)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("us-east-1", "eu-west-1"),
        ("X-Amz-Expires=60", "X-Amz-Expires=600"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("a=1", "a=2"),
        ("a=1&", ""),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bx-a"),
    ],
)
def test_tampering_with_a_presigned_query_is_refused(
    clock: StillClock, signer: type[SigV4Auth], service: str, old: str, new: str
) -> None:
    request = sign(clock, signer, service=service, method="GET", query="a=1", body=b"", expires=60)
    assert old in request.query
    request.query = request.query.replace(old, new)
    with pytest.raises(ServiceError):
        verifier(clock).verify(request)


def test_a_presigned_request_is_good_for_its_method_path_and_host_only(clock: StillClock) -> None:
    request = sign(clock, S3SigV4QueryAuth, service="s3", method="GET", body=b"", expires=60)
    for changes in ({"method": "PUT"}, {"path": "/other"}, {"headers": {"host": "elsewhere"}}):
        tampered = copy(request)
        for name, value in changes.items():
            setattr(tampered, name, value)
        with pytest.raises(ServiceError) as refused:
            verifier(clock).verify(tampered)
        assert refused.value.error_code == "SignatureDoesNotMatch"
