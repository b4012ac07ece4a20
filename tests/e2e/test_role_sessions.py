"""The sessions of functions' roles: they are the role's as it is, and end with it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.conftest import RUNTIME, refusal, zip_of
from tests.e2e.server import Server
from tests.e2e.test_sts import ACCOUNT, INVALID, allow, name, policy, trust

TELLER = """
import os

def handler(event, context):
    return {
        "AccessKeyId": os.environ["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": os.environ["AWS_SESSION_TOKEN"],
    }
"""
LAMBDA = trust({"Service": "lambda.amazonaws.com"})


@pytest.fixture(scope="module")
def iam(server: Server) -> Any:
    return server.client("iam")


@pytest.fixture
def role(iam: Any) -> dict[str, str]:
    """A role for functions."""
    made: dict[str, str] = iam.create_role(
        RoleName=name("exec"), AssumeRolePolicyDocument=LAMBDA, Path="/service-role/"
    )["Role"]
    return made


@pytest.fixture
def deploy_with(functions: Any) -> Iterator[Callable[[str], str]]:
    """Create a function that tells its credentials, and that has a role."""
    made: list[str] = []

    def make(role: str) -> str:
        made.append(name("fn"))
        functions.create_function(
            FunctionName=made[-1],
            Role=role,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": zip_of(app=TELLER)},
        )
        return made[-1]

    yield make
    for each in made:
        functions.delete_function(FunctionName=each)


def told(functions: Any, function: str) -> dict[str, str]:
    """Invoke the function, and return the arguments of a client with its credentials."""
    with functions.invoke(FunctionName=function)["Payload"] as payload:
        found = json.load(payload)
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def test_a_function_is_its_role_s_session(
    server: Server, functions: Any, role: dict[str, str], deploy_with: Callable[[str], str]
) -> None:
    function = deploy_with(role["Arn"])
    assert server.client("sts", **told(functions, function)).get_caller_identity() | {
        "ResponseMetadata": None
    } == {
        "UserId": f"{role['RoleId']}:{function}",
        "Account": ACCOUNT,
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role['RoleName']}/{function}",
        "ResponseMetadata": None,
    }


def test_a_function_may_assume_another_role_for_an_hour(
    server: Server,
    functions: Any,
    iam: Any,
    role: dict[str, str],
    deploy_with: Callable[[str], str],
) -> None:
    iam.put_role_policy(
        RoleName=role["RoleName"],
        PolicyName="own",
        PolicyDocument=policy(allow("sts:AssumeRole")),
    )
    other = iam.create_role(
        RoleName=name("other"),
        AssumeRolePolicyDocument=trust({"AWS": role["Arn"]}),
        MaxSessionDuration=43200,
    )["Role"]
    sts = server.client("sts", **told(functions, deploy_with(role["Arn"])))
    asked = {"RoleArn": other["Arn"], "RoleSessionName": "session"}
    sts.assume_role(**asked, DurationSeconds=3600)
    assert refusal(sts.assume_role, **asked, DurationSeconds=3601)[1] == "ValidationError"


def test_a_role_made_anew_is_not_the_one_that_a_sandbox_has(
    server: Server,
    functions: Any,
    iam: Any,
    role: dict[str, str],
    deploy_with: Callable[[str], str],
) -> None:
    function = deploy_with(role["Arn"])
    old = server.client("sts", **told(functions, function))
    old.get_caller_identity()
    iam.delete_role(RoleName=role["RoleName"])
    assert refusal(old.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)
    again = iam.create_role(
        RoleName=role["RoleName"], AssumeRolePolicyDocument=LAMBDA, Path="/service-role/"
    )["Role"]
    assert refusal(old.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)
    # As on AWS, a change of its configuration is what gives a function the new one.
    functions.update_function_configuration(FunctionName=function, Description="changed")
    new = server.client("sts", **told(functions, function)).get_caller_identity()
    assert new["UserId"] == f"{again['RoleId']}:{function}"


def test_a_function_whose_role_is_gone_does_not_start(
    functions: Any, iam: Any, role: dict[str, str], deploy_with: Callable[[str], str]
) -> None:
    function = deploy_with(role["Arn"])
    iam.delete_role(RoleName=role["RoleName"])
    assert refusal(functions.invoke, FunctionName=function) == (
        403,
        "AccessDeniedException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
