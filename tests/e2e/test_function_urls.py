"""Calls of function URLs."""

import base64
import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.raw import signed
from tests.e2e.urls import allow, connection, publish, request

ECHO = "def handler(event, context):\n    return event\n"
ANSWER = """import json
def handler(event, context):
    answer = json.loads(event["body"])
    if answer == "raise":
        raise ValueError(answer)
    return answer
"""
FORBIDDEN = (
    403,
    "AccessDeniedException",
    {
        "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
    },
)
TEXT = {"Content-Type": "text/plain"}
MB = 1024 * 1024
OPERATION = "InvokeFunction operation"


@pytest.fixture
def echo(functions, deploy):
    """A public URL of a function that answers the event."""
    return publish(functions, deploy(ECHO))


@pytest.fixture
def answering(server, functions, deploy):
    """Have a function answer a value: `answering(value)` → what its URL answers."""
    url = publish(functions, deploy(ANSWER))
    return lambda value: request(server, url, "POST", json.dumps(value).encode(), TEXT)


def test_the_event_has_payload_format_2_0(server, echo):
    reply = request(
        server,
        f"{echo}a%20b/c?x=1&x=2&y=%C3%BC",
        "PUT",
        b'{"a": 1}',
        {"Content-Type": "application/json", "Cookie": "a=1; b=2", "X-Mixed": "Kept"},
    )
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    event = reply.json
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b/c", "x=1&x=2&y=%C3%BC")
    assert event["queryStringParameters"] == {"x": "1,2", "y": "ü"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-mixed"] == "Kept"
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    host = echo.split("/")[2]
    assert event["headers"]["host"] == host
    context = event["requestContext"]
    assert context["domainName"] == host.partition(":")[0]
    assert context["apiId"] == context["domainPrefix"] == host.partition(".")[0]
    assert context["http"]["method"] == "PUT"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["accountId"] == "anonymous"
    assert context["requestId"] == reply.headers["x-amzn-requestid"]


def test_the_path_form_gives_the_function_the_same(server, echo):
    url_id = echo.split("/")[2].partition(".")[0]
    base = f"{server.endpoint}/_ingle/url/{url_id}"
    for path, raw in (("", "/"), ("/", "/"), ("/a/b?c=d", "/a/b")):
        event = request(server, base + path).json
        assert event["rawPath"] == event["requestContext"]["http"]["path"] == raw
        assert event["requestContext"]["domainPrefix"] == url_id
    assert event["rawQueryString"] == "c=d"


def test_who_came_by_another_name_gets_the_path_form(server, functions, deploy):
    name = deploy(ECHO)
    publish(functions, name)
    path = f"/2021-10-31/functions/{name}/url"
    made = signed(server, "GET", path, headers={"Host": "192.0.2.1:8000"})
    reply = request(server, f"http://192.0.2.1:8000{path}", headers=dict(made.headers.items()))
    assert reply.json["FunctionUrl"].startswith("http://192.0.2.1:8000/_ingle/url/")
    assert request(server, reply.json["FunctionUrl"] + "x").json["rawPath"] == "/x"


@pytest.mark.parametrize(
    ("value", "body"),
    [({"hello": "world"}, b'{"hello": "world"}'), ("hello", b"hello"), ([1, True], b"[1, true]")],
)
def test_what_is_no_response_is_the_body(answering, value, body):
    reply = answering(value)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.body == body


def test_a_response_is_sent_as_the_function_says(answering):
    reply = answering(
        {
            "statusCode": 418,
            "headers": {"Content-Type": "image/png", "X-A": "b", "Date": "never"},
            "cookies": ["a=1; Secure", "b=2"],
            "body": base64.b64encode(b"\x89PNG\0").decode(),
            "isBase64Encoded": True,
        }
    )
    assert (reply.status, reply.body) == (418, b"\x89PNG\0")
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["x-a"] == "b"
    assert reply.headers["x-amzn-remapped-date"] == "never"
    assert reply.cookies == ["a=1; Secure", "b=2"]


@pytest.mark.parametrize(
    "value",
    [
        "raise",
        {"statusCode": "no number"},
        {"statusCode": 200, "headers": {"a": "b\r\nset-cookie: c"}},
        {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_a_function_that_fails_or_answers_nonsense_is_a_bad_gateway(answering, value):
    reply = answering(value)
    assert (reply.status, reply.body) == (502, b"Internal Server Error")
    assert reply.headers["content-type"] == "application/json"
    assert "set-cookie" not in reply.headers


def test_a_timeout_is_a_bad_gateway(server, functions, deploy):
    source = "import time\ndef handler(event, context):\n    time.sleep(30)\n"
    assert request(server, publish(functions, deploy(source, Timeout=1))).status == 502


def test_every_method_reaches_the_function_and_head_has_no_body(server, echo):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert request(server, echo, method).json["requestContext"]["http"]["method"] == method
    head = request(server, echo, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 100


def test_a_body_may_have_six_megabytes_as_an_event_and_no_more(server, echo):
    assert request(server, echo, "POST", b"x" * 6_000_000, TEXT).status == 200
    for size, kind in ((6_291_457, "text/plain"), (6_291_456, "text/plain"), (5_000_000, "a/b")):
        reply = request(server, echo, "POST", b"x" * size, {"Content-Type": kind})
        assert reply.error == (
            413,
            "RequestEntityTooLargeException",
            {"message": f"Request must be smaller than {6 * MB} bytes for the {OPERATION}"},
        )


def test_connections_are_kept(server, echo):
    made = connection(server)
    for number in range(3):
        made.request("GET", f"/{number}", headers={"Host": echo.split("/")[2]})
        assert json.loads(made.getresponse().read())["rawPath"] == f"/{number}"
    made.close()


def test_a_function_without_concurrency_is_throttled(server, functions, deploy):
    name = deploy(ECHO)
    url = publish(functions, name)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    for mode in ("BUFFERED", "RESPONSE_STREAM"):
        functions.update_function_url_config(FunctionName=name, InvokeMode=mode)
        reply = request(server, url)
        assert reply.error == (
            429,
            "TooManyRequestsException",
            {
                "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                "Type": "User",
                "message": "Rate Exceeded.",
            },
        )
        assert reply.headers["retry-after"] == "1"


def test_nobody_may_call_without_both_permissions(server, functions, deploy):
    name = deploy(ECHO)
    url = functions.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    assert request(server, url).error == FORBIDDEN
    allow(functions, name)
    assert request(server, url).status == 200
    functions.remove_permission(FunctionName=name, StatementId="invoke")
    assert request(server, url).error == FORBIDDEN
    functions.remove_permission(FunctionName=name, StatementId="url")
    allow(functions, name)
    functions.remove_permission(FunctionName=name, StatementId="url")
    assert request(server, url).error == FORBIDDEN


def test_a_url_that_does_not_exist_is_refused_as_on_aws(server, echo):
    url_id = echo.split("/")[2].partition(".")[0]
    missing = (403, "AccessDeniedException", {"Message": None})
    for url in (
        "http://0123456789abcdefghijklmnopqrstuv.lambda-url.us-east-1.localhost/",
        f"http://{url_id}.lambda-url.eu-west-1.localhost/",
        f"{server.endpoint}/_ingle/url/0123456789abcdefghijklmnopqrstuv/",
        f"{server.endpoint}/_ingle/url/",
    ):
        assert request(server, url).error == missing


def test_with_aws_iam_requests_are_signed(server, functions, deploy):
    name = deploy(ECHO)
    url = functions.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    assert request(server, url).error == FORBIDDEN
    url_id = url.split("/")[2].partition(".")[0]
    for base in (url, f"{server.endpoint}/_ingle/url/{url_id}/"):
        reply = _signed(server, f"{base}a%20b?x=y", b'{"a": 1}')
        assert reply.status == 200, reply.body
        context = reply.json["requestContext"]
        assert context["accountId"] == "000000000000"
        assert context["authorizer"]["iam"] == {
            "accessKey": server.credentials["AWS_ACCESS_KEY_ID"],
            "accountId": "000000000000",
            "callerId": "000000000000",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": "arn:aws:iam::000000000000:root",
            "userId": "000000000000",
        }
    status, kind, told = _signed(server, url, key=("AKIANOBODY0000000000", "x")).error
    assert (status, kind) == (403, "UnrecognizedClientException")
    assert told == {"message": "The security token included in the request is invalid."}
    status, kind, told = _signed(server, url, tamper=True).error
    assert (status, kind) == (403, "InvalidSignatureException")
    assert "does not match the signature you provided" in told["message"]
    for scope in ({"service": "execute-api"}, {"service": "s3"}, {"region": "eu-west-1"}):
        assert _signed(server, url, **scope).error == FORBIDDEN


def test_a_role_needs_a_permission(server, functions, deploy):
    name = deploy(ECHO)
    url = functions.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    credentials = deploy(
        "import os\ndef handler(event, context):\n"
        "    return [os.environ[f'AWS_{name}'] for name in"
        " ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')]\n"
    )
    key = json.loads(functions.invoke(FunctionName=credentials)["Payload"].read())
    assert _signed(server, url, key=tuple(key)).error == FORBIDDEN
    allow(functions, name, "AWS_IAM")
    caller = _signed(server, url, key=tuple(key)).json["requestContext"]["authorizer"]["iam"]
    assert caller["userArn"].startswith("arn:aws:sts::000000000000:assumed-role/lambda-ex/")


def test_a_page_of_another_origin_may_what_the_configuration_says(server, functions, deploy):
    source = (
        "def handler(event, context):\n    return {'statusCode': 200, 'body': 'ran', 'headers': "
        "{'Access-Control-Allow-Origin': 'https://wrong.example', 'X-A': '1'}}\n"
    )
    url = publish(
        functions,
        deploy(source),
        Cors={
            "AllowOrigins": ["https://example.com"],
            "AllowMethods": ["GET", "PUT"],
            "AllowHeaders": ["x-a"],
            "ExposeHeaders": ["x-a"],
            "AllowCredentials": True,
            "MaxAge": 60,
        },
    )
    origin = {"Origin": "https://example.com"}
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}
    preflight = request(server, url, "OPTIONS", None, origin | asked)
    assert (preflight.status, preflight.body) == (200, b"")
    assert preflight.headers["access-control-allow-origin"] == "https://example.com"
    assert preflight.headers["access-control-allow-methods"] == "GET,PUT"
    assert preflight.headers["access-control-allow-headers"] == "x-a"
    assert preflight.headers["access-control-max-age"] == "60"
    reply = request(server, url, "PUT", None, origin)
    assert reply.body == b"ran"
    assert reply.headers["access-control-allow-origin"] == "https://example.com"
    assert reply.headers["access-control-allow-credentials"] == "true"
    assert reply.headers["access-control-expose-headers"] == "x-a"
    for headers in ({}, {"Origin": "https://evil.example"}):
        reply = request(server, url, "PUT", None, headers)
        assert not [name for name in reply.headers if name.startswith("access-control")]
    preflight = request(server, url, "OPTIONS", None, asked | {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in preflight.headers
    # Without a configuration, the function answers pages by itself.
    plain = publish(functions, deploy(source))
    assert request(server, plain, "OPTIONS", None, origin | asked).body == b"ran"
    reply = request(server, plain, "GET", None, origin)
    assert reply.headers["access-control-allow-origin"] == "https://wrong.example"


def test_an_alias_s_url_follows_the_alias(server, functions, deploy):
    name = deploy(
        "def handler(event, context):\n    return [context.function_version,"
        " context.invoked_function_arn]\n"
    )
    for _ in range(2):
        functions.publish_version(FunctionName=name)
        functions.update_function_configuration(FunctionName=name, Description="changed")
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = functions.create_function_url_config(
        FunctionName=name, Qualifier="live", AuthType="NONE"
    )["FunctionUrl"]
    allow(functions, name)  # of the function, which is another resource
    assert request(server, url).error == FORBIDDEN
    allow(functions, name, Qualifier="live")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}:live"
    assert request(server, url).json == ["1", arn]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert request(server, url).json == ["2", arn]


def test_bodies_that_stop_halfway_are_refused(server, echo):
    made = connection(server)
    made.putrequest("POST", "/", skip_host=True)
    made.putheader("Host", echo.split("/")[2])
    made.putheader("Content-Length", "10")
    made.endheaders(b"12345")
    made.sock.shutdown(1)
    reply = made.getresponse()
    assert reply.status == 408
    assert reply.headers["x-amzn-errortype"] == "RequestTimeoutException"
    reply.close()
    made.close()


def _signed(server, url, body=b"", *, key=None, tamper=False, service="lambda", region=None):
    """POST a signed request to a URL."""
    made = server.credentials
    pair = key or (made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])
    aws = AWSRequest("POST", url, headers={"Content-Type": "application/json"}, data=body)
    SigV4Auth(Credentials(*pair), service, region or made["AWS_DEFAULT_REGION"]).add_auth(aws)
    return request(server, url, "POST", body + b" " * tamper, dict(aws.headers.items()))
