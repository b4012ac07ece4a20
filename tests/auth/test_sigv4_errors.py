"""AWS's own codes and texts, by family of services."""

import hashlib
from dataclasses import replace

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth

from ingle.auth.claims import format_timestamp
from ingle.auth.sigv4 import AccessKey, Identity, Verifier
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

from .conftest import DEV, TEMPORARY
from .signing import HOST, KEY, StillClock, sign

TARGET = (("X-Amz-Target", "Logs_20140328.DescribeLogGroups"),)
REST_JSON = ("lambda", SigV4Auth, ())
TARGET_JSON = ("logs", SigV4Auth, TARGET)
QUERY = ("sts", SigV4Auth, ())
S3 = ("s3", S3SigV4Auth, ())
FAMILIES = [REST_JSON, TARGET_JSON, QUERY, S3]
Case = tuple[str, type[SigV4Auth], tuple[tuple[str, str], ...]]


def signed(clock: StillClock, case: Case, key: AccessKey = KEY) -> Request:
    service, signer, headers = case
    return sign(clock, signer, service=service, headers=headers, key=key)


def refusal(verifier: Verifier, request: Request) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        verifier.verify(request)
    return refused.value


def with_headers(request: Request, **changes: str) -> Request:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    request.headers = dict(request.headers) | names
    return request


@pytest.mark.parametrize(
    ("service", "headers", "code", "status", "message"),
    [
        ("lambda", {}, "MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        (
            None,
            {"x-amz-target": "Logs_20140328.DescribeLogGroups"},
            "MissingAuthenticationTokenException",
            400,
            "Missing Authentication Token",
        ),
        ("sts", {}, "MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        (
            None,
            {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            "MissingAuthenticationToken",
            403,
            "Request is missing Authentication Token",
        ),
        ("s3", {}, "AccessDenied", 403, "Access Denied"),
    ],
)
def test_an_unsigned_request_is_refused(
    service: str | None, headers: dict[str, str], code: str, status: int, message: str
) -> None:
    verifier = Verifier({}.get, StillClock(), lambda _request: service)
    error = refusal(verifier, Request("POST", "/", headers={"host": HOST} | headers))
    assert (error.error_code, error.http_status, error.message) == (code, status, message)


def test_without_a_way_to_find_the_service_an_unsigned_request_is_refused_as_json() -> None:
    error = refusal(Verifier({}.get, StillClock()), Request("GET", "/"))
    assert error.error_code == "MissingAuthenticationTokenException"


INVALID = "The security token included in the request is invalid."


@pytest.mark.parametrize(
    ("case", "code", "status", "message"),
    [
        (REST_JSON, "UnrecognizedClientException", 403, INVALID),
        (TARGET_JSON, "UnrecognizedClientException", 400, INVALID),
        (QUERY, "InvalidClientTokenId", 403, INVALID),
        (
            S3,
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    ],
)
def test_an_unknown_key_is_refused(
    verifier: Verifier, clock: StillClock, case: Case, code: str, status: int, message: str
) -> None:
    stranger = AccessKey("AKIASTRANGER", "secret", KEY.principal)
    error = refusal(verifier, signed(clock, case, stranger))
    assert (error.error_code, error.http_status, error.message) == (code, status, message)
    if case is S3:
        assert error.members == {"AWSAccessKeyId": "AKIASTRANGER"}


MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@pytest.mark.parametrize(
    ("case", "code", "status"),
    [
        (REST_JSON, "InvalidSignatureException", 403),
        (TARGET_JSON, "InvalidSignatureException", 400),
        (QUERY, "SignatureDoesNotMatch", 403),
        (S3, "SignatureDoesNotMatch", 403),
    ],
)
def test_a_wrong_secret_is_refused_with_signature_does_not_match(
    verifier: Verifier, clock: StillClock, case: Case, code: str, status: int
) -> None:
    forger = AccessKey(KEY.access_key_id, "guessed", KEY.principal)
    error = refusal(verifier, signed(clock, case, forger))
    assert (error.error_code, error.http_status) == (code, status)
    if case is not S3:
        assert error.message == MISMATCH
        assert error.members == {}
    else:
        assert error.message.endswith("Check your key and signing method.")
        assert error.members["AWSAccessKeyId"] == KEY.access_key_id
        assert error.members["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
        assert error.members["CanonicalRequest"].startswith("POST\n")
    assert KEY.secret_access_key not in str(error) + str(error.members)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (REST_JSON, "InvalidSignatureException"),
        (TARGET_JSON, "InvalidSignatureException"),
        (QUERY, "SignatureDoesNotMatch"),
    ],
)
def test_a_signature_out_of_its_time_is_refused(
    verifier: Verifier, clock: StillClock, case: Case, code: str
) -> None:
    request = signed(clock, case)
    sent = clock.now
    for inside in (sent - 300, sent + 300):
        clock.now = inside
        verifier.verify(request)
    clock.now = sent + 301
    error = refusal(verifier, request)
    assert error.error_code == code
    assert error.message == (
        f"Signature expired: {format_timestamp(sent)} is now earlier than "
        f"{format_timestamp(sent + 1)} ({format_timestamp(sent + 301)} - 5 min.)"
    )
    clock.now = sent - 301
    error = refusal(verifier, request)
    assert error.error_code == code
    assert error.message == (
        f"Signature not yet current: {format_timestamp(sent)} is still later than "
        f"{format_timestamp(sent - 1)} ({format_timestamp(sent - 301)} + 5 min.)"
    )


def test_s3_refuses_a_skewed_clock_in_its_own_words(verifier: Verifier, clock: StillClock) -> None:
    request = signed(clock, S3)
    for offset in (301, -602):
        clock.now += offset
        error = refusal(verifier, request)
        assert (error.error_code, error.http_status) == ("RequestTimeTooSkewed", 403)
        assert error.members["RequestTime"] == request.headers["x-amz-date"]
        assert error.members["MaxAllowedSkewMilliseconds"] == "300000"


def test_a_presigned_request_is_refused_before_and_after_its_time(
    verifier: Verifier, clock: StillClock
) -> None:
    request = sign(clock, SigV4QueryAuth, method="GET", body=b"", expires=120)
    sent = clock.now
    clock.now = sent + 121
    error = refusal(verifier, request)
    assert error.error_code == "InvalidSignatureException"
    assert error.message.endswith(f"({format_timestamp(sent + 121)} - 2 min.)")
    clock.now = sent - 301
    assert "not yet current" in refusal(verifier, request).message


def test_s3_refuses_a_presigned_request_before_and_after_its_time(
    verifier: Verifier, clock: StillClock
) -> None:
    request = sign(clock, S3SigV4QueryAuth, service="s3", method="GET", body=b"", expires=90)
    clock.now += 91
    error = refusal(verifier, request)
    assert (error.error_code, error.message) == ("AccessDenied", "Request has expired")
    assert error.members["X-Amz-Expires"] == "90"
    clock.now -= 91 + 301
    error = refusal(verifier, request)
    assert (error.error_code, error.message) == ("AccessDenied", "Request is not yet valid")


@pytest.mark.parametrize("service", ["lambda", "s3"])
@pytest.mark.parametrize(
    ("expires", "message"),
    [
        ("604801", "X-Amz-Expires must be less than a week"),
        ("9" * 5000, "X-Amz-Expires must be less than a week"),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("soon", "X-Amz-Expires should be a number"),
        ("", "X-Amz-Expires should be a number"),
    ],
)
def test_an_expiry_that_is_no_number_of_seconds_up_to_a_week_is_refused(
    verifier: Verifier, clock: StillClock, service: str, expires: str, message: str
) -> None:
    signer = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    request = sign(clock, signer, service=service, method="GET", body=b"", expires=60)
    request.query = request.query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    error = refusal(verifier, request)
    assert error.message.startswith(message)
    expected = "AuthorizationQueryParametersError" if service == "s3" else None
    assert error.error_code == (expected or "IncompleteSignatureException")


@pytest.mark.parametrize(
    "name", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Algorithm"]
)
def test_a_presigned_request_with_a_parameter_missing_names_it(
    verifier: Verifier, clock: StillClock, name: str
) -> None:
    request = sign(clock, SigV4QueryAuth, method="GET", body=b"", expires=60)
    request.query = "&".join(p for p in request.query.split("&") if not p.startswith(name))
    error = refusal(verifier, request)
    assert error.error_code == "IncompleteSignatureException"
    assert error.message.startswith(f"AWS query-string parameters must include '{name}'.")


def test_s3_wants_all_six_parameters(verifier: Verifier, clock: StillClock) -> None:
    request = sign(clock, S3SigV4QueryAuth, service="s3", method="GET", body=b"", expires=60)
    request.query = request.query.replace("X-Amz-Date", "X-Amz-Dote")
    error = refusal(verifier, request)
    assert (error.error_code, error.http_status) == ("AuthorizationQueryParametersError", 400)
    assert error.message.startswith("Query-string authentication version 4 requires")


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("Bearer abc", "Invalid key=value pair (missing equal-sign) in Authorization header"),
        ("AWS4-HMAC-SHA512 Credential=a", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request",
            "Authorization header requires 'Signature' parameter. "
            "Authorization header requires 'SignedHeaders' parameter. ",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b'",
        ),
    ],
)
@pytest.mark.parametrize(
    ("target", "code"), [("", "IncompleteSignatureException"), ("form", "IncompleteSignature")]
)
def test_a_malformed_header_is_refused_and_not_repeated(
    verifier: Verifier, clock: StillClock, authorization: str, message: str, target: str, code: str
) -> None:
    request = with_headers(sign(clock), authorization=authorization)
    if target:
        with_headers(request, content_type="application/x-www-form-urlencoded")
    error = refusal(verifier, request)
    assert error.error_code == code
    assert error.message.startswith(message)
    assert "abc" not in error.message


def test_a_header_without_a_date_is_refused(verifier: Verifier, clock: StillClock) -> None:
    request = sign(clock)
    request.headers = {n: v for n, v in request.headers.items() if n != "x-amz-date"}
    error = refusal(verifier, request)
    assert error.error_code == "IncompleteSignatureException"
    assert "existence of either a 'X-Amz-Date' or a 'Date' header" in error.message


@pytest.mark.parametrize("date", ["yesterday", "20261301T000000Z", "20260101T000000", ""])
def test_a_date_that_is_none_is_refused(verifier: Verifier, clock: StillClock, date: str) -> None:
    error = refusal(verifier, with_headers(sign(clock), x_amz_date=date))
    assert error.error_code == "IncompleteSignatureException"
    assert f"Got '{date}'" in error.message
    error = refusal(verifier, with_headers(signed(clock, S3), x_amz_date=date))
    assert error.error_code == "AccessDenied"
    assert error.message == "AWS authentication requires a valid Date or x-amz-date header"


def test_a_scope_of_another_day_is_refused(verifier: Verifier, clock: StillClock) -> None:
    for case, code, text in (
        (REST_JSON, "InvalidSignatureException", "Date in Credential scope does not match"),
        (S3, "AuthorizationHeaderMalformed", "Invalid credential date."),
    ):
        request = signed(clock, case)
        today = format_timestamp(clock.now)[:8]
        authorization = request.headers["authorization"].replace(f"/{today}/", "/20200101/")
        error = refusal(verifier, with_headers(request, authorization=authorization))
        assert error.error_code == code
        assert text in error.message


@pytest.mark.parametrize(
    ("authorization", "code", "message"),
    [
        ("AWS4-HMAC-SHA256", "InvalidArgument", "Authorization header is invalid"),
        ("Basic abc", "InvalidArgument", "Unsupported Authorization Type"),
        ("AWS key:signature", "InvalidRequest", "The authorization mechanism you have provided"),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the authorization header requires three",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101//s3/aws4_request, SignedHeaders=host, "
            "Signature=0",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; a non-empty region",
        ),
    ],
)
def test_s3_refuses_a_malformed_header_in_its_own_words(
    clock: StillClock, authorization: str, code: str, message: str
) -> None:
    verifier = Verifier({KEY.access_key_id: KEY}.get, clock, lambda _request: "s3")
    error = refusal(verifier, with_headers(signed(clock, S3), authorization=authorization))
    assert error.error_code == code
    assert error.message.startswith(message)
    assert error.http_status == 400


def test_s3_takes_one_signature_only(verifier: Verifier, clock: StillClock) -> None:
    request = signed(clock, S3)
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    error = refusal(verifier, request)
    assert error.error_code == "InvalidArgument"
    assert error.message.startswith("Only one auth mechanism allowed")


@pytest.mark.parametrize("name", ["x-amz-acl", "x-amz-security-token-extra"])
def test_s3_refuses_headers_of_its_own_that_are_not_signed(
    verifier: Verifier, clock: StillClock, name: str
) -> None:
    request = signed(clock, S3)
    request.headers = dict(request.headers) | {name: "public-read-write"}
    error = refusal(verifier, request)
    assert (error.error_code, error.http_status) == ("AccessDenied", 403)
    assert error.members == {"HeadersNotSigned": name}


def test_s3_compares_the_stated_hash_with_the_body(verifier: Verifier, clock: StillClock) -> None:
    request = signed(clock, S3)
    request.body = b"another body"
    error = refusal(verifier, request)
    assert (error.error_code, error.http_status) == ("XAmzContentSHA256Mismatch", 400)
    stated = request.headers["x-amz-content-sha256"]
    assert error.members["ClientComputedContentSHA256"] == stated
    assert error.members["S3ComputedContentSHA256"] != stated


@pytest.mark.parametrize("stated", ["", "abc", "STREAMING-AWS4-HMAC-SHA256-EVENTS", "A" * 64])
def test_s3_refuses_a_payload_hash_that_is_none(
    verifier: Verifier, clock: StillClock, stated: str
) -> None:
    error = refusal(verifier, with_headers(signed(clock, S3), x_amz_content_sha256=stated))
    assert error.error_code == "InvalidArgument"
    assert error.members["ArgumentName"] == "x-amz-content-sha256"


def test_s3_wants_the_payload_hash(verifier: Verifier, clock: StillClock) -> None:
    request = sign(clock, SigV4Auth, service="s3")
    error = refusal(verifier, request)
    assert error.error_code == "InvalidRequest"
    assert "x-amz-content-sha256" in error.message


@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_an_unsigned_payload_may_be_anything(
    verifier: Verifier, clock: StillClock, service: str
) -> None:
    headers = (("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),)
    request = sign(clock, SigV4Auth, service=service, headers=headers, body=b"one")
    request.body = b"two"
    assert verifier.verify(request).service == service


def test_a_literal_hash_must_be_that_of_the_body_everywhere(
    verifier: Verifier, clock: StillClock
) -> None:
    stated = hashlib.sha256(b"one").hexdigest()
    request = sign(clock, headers=(("X-Amz-Content-SHA256", stated),), body=b"one")
    assert verifier.verify(request).service == "lambda"
    request.body = b"two"
    assert refusal(verifier, request).error_code == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (REST_JSON, "UnrecognizedClientException"),
        (QUERY, "InvalidClientTokenId"),
        (S3, "InvalidToken"),
    ],
)
def test_session_tokens_must_be_those_of_the_key(
    verifier: Verifier, clock: StillClock, case: Case, code: str
) -> None:
    assert verifier.verify(signed(clock, case, TEMPORARY)).access_key_id == TEMPORARY.access_key_id
    for key in (
        replace(KEY, session_token="surplus"),
        replace(TEMPORARY, session_token="wrong"),
        replace(TEMPORARY, session_token=None),
    ):
        assert refusal(verifier, signed(clock, case, key)).error_code == code


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_the_development_key_is_accepted_on_loopback(
    verifier: Verifier, clock: StillClock, client: str
) -> None:
    identity = verifier.verify(sign(clock, key=DEV, client=client))
    assert identity == Identity("test", DEV.principal, "us-east-1", "lambda")


@pytest.mark.parametrize("client", ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "unix", None])
def test_the_development_key_is_unknown_elsewhere(
    verifier: Verifier, clock: StillClock, client: str | None
) -> None:
    error = refusal(verifier, sign(clock, key=DEV, client=client))
    assert error.error_code == "UnrecognizedClientException"
    assert verifier.verify(sign(clock, client=client)).access_key_id == KEY.access_key_id


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://app.localhost", True),
        ("https://evil.example", False),
        ("https://localhost.evil.example", False),
        ("http://[::1", False),
        ("null", False),
    ],
)
def test_the_development_key_is_unknown_to_pages_of_other_origins(
    verifier: Verifier, clock: StillClock, origin: str, accepted: bool
) -> None:
    request = with_headers(sign(clock, key=DEV), origin=origin)
    if accepted:
        assert verifier.verify(request).access_key_id == "test"
    else:
        assert refusal(verifier, request).error_code == "UnrecognizedClientException"
    assert verifier.verify(with_headers(sign(clock), origin=origin)).access_key_id


def test_a_key_whose_secret_changed_is_verified_with_the_new_one(clock: StillClock) -> None:
    keys = {KEY.access_key_id: KEY}
    verifier = Verifier(keys.get, clock)
    request = sign(clock)
    verifier.verify(request)
    keys[KEY.access_key_id] = AccessKey(KEY.access_key_id, "rotated", KEY.principal)
    assert refusal(verifier, request).error_code == "InvalidSignatureException"


async def test_long_bodies_are_verified_too(verifier: Verifier, clock: StillClock) -> None:
    request = sign(clock, body=b"x" * 600_000)
    assert (await verifier.authenticate(request)).service == "lambda"
    request.body += b"x"
    with pytest.raises(ServiceError):
        await verifier.authenticate(request)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=é/20260101/r/lambda/aws4_request, SignedHeaders=host, "
        "Signature=ü",
        "=,=,=",
        "AWS4-HMAC-SHA256 " + "Credential=" * 1000,
        "",
    ],
)
@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_garbage_is_refused_and_never_an_internal_error(
    clock: StillClock, authorization: str, service: str
) -> None:
    verifier = Verifier({}.get, clock, lambda _request: service)
    refusal(verifier, with_headers(sign(clock, service=service), authorization=authorization))


def test_secrets_are_not_shown() -> None:
    shown = repr(TEMPORARY)
    assert TEMPORARY.access_key_id in shown
    assert TEMPORARY.secret_access_key not in shown
    assert "the-token" not in shown
