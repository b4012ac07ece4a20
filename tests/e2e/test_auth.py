"""Issue point 3: only who holds a key gets in, and a page in a browser can hold one."""

import re

import pytest

from tests.e2e.conftest import create, refusal, zip_of
from tests.e2e.raw import bytes_of, send, signed

ECHO = "def handler(event, context):\n    return event\n"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
LIST = "/2015-03-31/functions/"


@pytest.fixture(scope="module")
def echo(functions):
    name = create(functions, ECHO)
    yield name
    functions.delete_function(FunctionName=name)


@pytest.fixture
def path(echo):
    return f"/2015-03-31/functions/{echo}/invocations"


def test_a_request_without_a_signature_is_refused(server, path):
    head = f"POST {path} HTTP/1.1\r\nHost: {server.address[0]}\r\nContent-Length: 2\r\n\r\n{{}}"
    assert send(server, head.encode()).error == (
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


@pytest.mark.parametrize(("service", "status"), [("lambda", 403), ("logs", 400)])
def test_a_key_that_does_not_exist_is_refused(server, service, status):
    client = server.client(service, aws_access_key_id="AKIAIOSFODNN7EXAMPLE")
    call = client.list_functions if service == "lambda" else client.describe_log_groups
    assert refusal(call) == (
        status,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize(("service", "status"), [("lambda", 403), ("logs", 400)])
def test_a_wrong_secret_is_refused(server, service, status):
    client = server.client(service, aws_secret_access_key="not the secret")
    call = client.list_functions if service == "lambda" else client.describe_log_groups
    assert refusal(call) == (status, "InvalidSignatureException", MISMATCH)


def test_a_session_token_that_nobody_gave_is_refused(server):
    client = server.client("lambda", aws_session_token="made up")
    assert refusal(client.list_functions)[:2] == (403, "UnrecognizedClientException")


def test_the_well_known_key_of_development_is_refused_unless_asked_for(server, start_server):
    well_known = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    assert refusal(server.client("lambda", **well_known).list_functions)[1] == (
        "UnrecognizedClientException"
    )
    dev = start_server("--dev")
    assert dev.client("lambda", **well_known).list_functions()["Functions"] == []
    # A page of the web that runs in a browser on this machine must not get in with it.
    request = signed(
        dev, "GET", LIST, key=("test", "test"), headers={"Origin": "https://evil.example"}
    )
    assert send(dev, bytes_of(request)).error[:2] == (403, "UnrecognizedClientException")
    page = signed(
        dev, "GET", LIST, key=("test", "test"), headers={"Origin": "http://localhost:3000"}
    )
    assert send(dev, bytes_of(page)).status == 200


def test_a_request_signed_by_hand_is_answered(server, path):
    answer = send(server, bytes_of(signed(server, "POST", path, b'{"a": [1]}')))
    assert (answer.status, answer.body) == (200, b'{"a": [1]}')


@pytest.mark.parametrize("part", ["body", "path", "query", "header", "method"])
def test_a_request_that_was_changed_after_signing_is_refused(server, path, part):
    method = "DELETE" if part == "method" else "POST"
    request = signed(
        server, method, path, b'{"pay": 10}', headers={"X-Amz-Invocation-Type": "DryRun"}
    )
    data = bytes_of(request)
    changed = {
        "body": data.replace(b'"pay": 10', b'"pay": 99'),
        "path": data.replace(path.encode(), b"/2015-03-31/functions/other/invocations", 1),
        "query": data.replace(b"/invocations", b"/invocations?Qualifier=1", 1),
        "header": data.replace(b"DryRun", b"RequestResponse"),
        "method": data.replace(b"DELETE", b"POST", 1),
    }[part]
    assert changed != data
    assert send(server, changed).error == (403, "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("age", [-360, 360])
def test_a_clock_that_is_off_by_six_minutes_is_refused(server, path, age):
    status, code, message = send(
        server, bytes_of(signed(server, "POST", path, b"1", age_s=age))
    ).error
    assert (status, code) == (403, "InvalidSignatureException")
    stamp = r"\d{8}T\d{6}Z"
    if age > 0:
        pattern = rf"Signature expired: {stamp} is now earlier than {stamp} \({stamp} - 5 min\.\)"
    else:
        pattern = (
            rf"Signature not yet current: {stamp} is still later than {stamp} "
            rf"\({stamp} \+ 5 min\.\)"
        )
    assert re.fullmatch(pattern, message), message


@pytest.mark.parametrize("age", [-240, 240])
def test_a_clock_that_is_off_by_four_minutes_is_good_enough(server, path, age):
    assert send(server, bytes_of(signed(server, "POST", path, b"1", age_s=age))).status == 200


def test_a_presigned_request_is_answered_until_it_expires(server):
    fresh = signed(server, "GET", LIST, expires_s=60)
    assert "authorization" not in {name.lower() for name in fresh.headers}
    assert send(server, bytes_of(fresh)).status == 200
    old = signed(server, "GET", LIST, expires_s=600, age_s=590)
    assert send(server, bytes_of(old)).status == 200
    expired = signed(server, "GET", LIST, expires_s=60, age_s=120)
    status, code, message = send(server, bytes_of(expired)).error
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith("Signature expired: ")


def test_a_presigned_request_with_another_signature_is_refused(server):
    fresh = signed(server, "GET", LIST, expires_s=60)
    changed = re.sub(rb"X-Amz-Signature=....", b"X-Amz-Signature=0000", bytes_of(fresh))
    assert send(server, changed).error == (403, "InvalidSignatureException", MISMATCH)


def test_a_header_that_is_no_signature_is_refused(server):
    head = f"GET {LIST} HTTP/1.1\r\nHost: {server.address[0]}\r\nAuthorization: Bearer x\r\n\r\n"
    assert send(server, head.encode()).error[:2] == (403, "IncompleteSignatureException")


def test_the_key_is_the_owner_s_alone(server):
    credentials = server.data_dir / "credentials"
    assert credentials.stat().st_mode & 0o777 == 0o600
    assert server.data_dir.stat().st_mode & 0o777 == 0o700
    secret = server.credentials["AWS_SECRET_ACCESS_KEY"]
    assert secret in credentials.read_text()
    assert secret not in server.log


def preflight(server, path, method="POST"):
    asked = "authorization,content-type,x-amz-content-sha256,x-amz-date,x-amz-user-agent"
    lines = [
        f"OPTIONS {path} HTTP/1.1",
        f"Host: {server.address[0]}",
        "Origin: https://page.example",
        f"Access-Control-Request-Method: {method}",
        f"Access-Control-Request-Headers: {asked}",
    ]
    return asked, send(server, "\r\n".join([*lines, "", ""]).encode())


def test_a_browser_s_question_is_answered_without_a_signature(server, path):
    asked, answer = preflight(server, path)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == asked
    assert answer.headers["access-control-max-age"] == "172800"
    assert answer.body == b""


def test_a_page_may_read_answers_and_errors(server, path):
    origin = {"Origin": "https://page.example"}
    good = send(server, bytes_of(signed(server, "POST", path, b"1", headers=origin)))
    assert (good.status, good.body) == (200, b"1")
    bad = send(server, bytes_of(signed(server, "POST", path, b"{", headers=origin)))
    assert bad.status == 400
    refused = send(
        server, bytes_of(signed(server, "POST", path, b"1", key=("AKIA", "x"), headers=origin))
    )
    assert refused.status == 403
    for answer in (good, bad, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].lower().split(",")
        assert {"x-amzn-requestid", "x-amz-function-error", "x-amz-log-result"} <= set(exposed)
    plain = send(server, bytes_of(signed(server, "POST", path, b"1")))
    assert "access-control-allow-origin" not in plain.headers


def test_a_function_cannot_be_made_by_who_has_no_key(server, functions):
    stranger = server.client("lambda", aws_secret_access_key="guessed")
    assert (
        refusal(
            stranger.create_function,
            FunctionName="intruder",
            Role="arn:aws:iam::000000000000:role/x",
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": zip_of(app=ECHO)},
        )[1]
        == "InvalidSignatureException"
    )
    assert refusal(functions.get_function, FunctionName="intruder")[0] == 404
