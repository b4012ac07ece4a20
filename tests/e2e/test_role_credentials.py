"""A function finds credentials of its execution role, and what is signed with them is known."""

import json
import re

import pytest

from tests.e2e.conftest import create, refusal
from tests.e2e.raw import bytes_of, send, signed

TELLER = """
import os

def handler(event, context):
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
"""
LIST = "/2015-03-31/functions"
INVALID = "The security token included in the request is invalid."


def pair(variables):
    """The arguments of a boto3 client that uses the credentials a function found."""
    return {
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": variables["AWS_SESSION_TOKEN"],
    }


def denied(name, action, resource):
    principal = f"arn:aws:sts::000000000000:assumed-role/lambda-ex/{name}"
    return (
        f"User: {principal} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


@pytest.fixture
def teller(deploy):
    return deploy(TELLER)


@pytest.fixture
def found(teller, invoke):
    """The variables with AWS's names that a function finds."""
    return invoke(teller)[0]


def test_a_function_finds_temporary_credentials(found):
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", found["AWS_ACCESS_KEY_ID"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", found["AWS_SECRET_ACCESS_KEY"])
    assert len(found["AWS_SESSION_TOKEN"]) > 100


def test_each_sandbox_has_its_own_and_keeps_them(teller, found, functions, invoke):
    assert invoke(teller)[0] == found
    functions.update_function_configuration(FunctionName=teller, Description="changed")
    other = invoke(teller)[0]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert other[name] != found[name]


def test_a_role_is_known_and_may_do_nothing_until_a_policy_allows_it(server, teller, found):
    client = server.client("lambda", **pair(found))
    assert refusal(client.list_functions) == (
        403,
        "AccessDeniedException",
        denied(teller, "lambda:ListFunctions", "*"),
    )
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{teller}"
    for call, action in (
        (client.invoke, "lambda:InvokeFunction"),
        (client.delete_function, "lambda:DeleteFunction"),
    ):
        assert refusal(call, FunctionName=teller)[2] == denied(teller, action, arn)
    logs = server.client("logs", **pair(found))
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/x:log-stream:"
    assert refusal(logs.filter_log_events, logGroupName="/aws/lambda/x") == (
        400,
        "AccessDeniedException",
        denied(teller, "logs:FilterLogEvents", group),
    )


def test_a_role_cannot_fetch_packages_either(server, functions, teller, found):
    location = functions.get_function(FunctionName=teller)["Code"]["Location"]
    path = re.sub(r"^http://[^/]*|\?.*", "", location)
    key = tuple(pair(found).values())
    assert send(server, bytes_of(signed(server, "GET", path))).status == 200
    for expires in (None, 60):
        request = signed(server, "GET", path, key=key, expires_s=expires)
        assert send(server, bytes_of(request)).error[:2] == (403, "AccessDeniedException")


def test_a_request_presigned_by_a_role_is_known_as_its_own(server, teller, found):
    request = signed(server, "GET", LIST, key=tuple(pair(found).values()), expires_s=60)
    assert "X-Amz-Security-Token=" in request.url
    assert send(server, bytes_of(request)).error == (
        403,
        "AccessDeniedException",
        denied(teller, "lambda:ListFunctions", "*"),
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aws_session_token": "made up"}, "UnrecognizedClientException"),
        ({"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE"}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "guessed"}, "InvalidSignatureException"),
    ],
)
def test_credentials_that_were_tampered_with_are_refused(server, found, change, code):
    client = server.client("lambda", **{**pair(found), **change})
    assert refusal(client.list_functions)[:2] == (403, code)


def test_credentials_without_their_token_are_refused(server, found):
    key = tuple(pair(found).values())[:2]
    answer = send(server, bytes_of(signed(server, "GET", LIST, key=key)))
    assert answer.error == (403, "UnrecognizedClientException", INVALID)


def test_the_token_does_not_go_with_the_root_key(server, found):
    client = server.client("lambda", aws_session_token=found["AWS_SESSION_TOKEN"])
    assert refusal(client.list_functions)[:2] == (403, "UnrecognizedClientException")


def test_credentials_are_known_after_a_restart_but_not_to_another_server(start_server):
    first, second = start_server(), start_server()
    functions = first.client("lambda")
    name = create(functions, TELLER, FunctionName="teller")
    with functions.invoke(FunctionName=name)["Payload"] as payload:
        found = json.load(payload)
    first.kill()
    first.start()
    assert refusal(first.client("lambda", **pair(found)).list_functions)[1:] == (
        "AccessDeniedException",
        denied(name, "lambda:ListFunctions", "*"),
    )
    assert refusal(second.client("lambda", **pair(found)).list_functions)[:2] == (
        403,
        "UnrecognizedClientException",
    )


def test_no_secret_is_in_the_server_s_log(server, found):
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert found[name] not in server.log
