"""The roles of functions: who may give one to a function, and whether Lambda may use it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.callers import allow, arn_of, delete_role, new_role, new_user
from tests.e2e.conftest import INVOKER_ROLE, ROLE, RUNTIME, create, eventually, refusal, zip_of
from tests.e2e.server import TRUST, Server

HELLO = "def handler(event, context):\n    print('ran')\n    return 'hello'\n"
NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
ACCOUNT = "000000000000"


def request(role: str) -> dict[str, Any]:
    """The input of a CreateFunction."""
    return {
        "FunctionName": f"f-{uuid.uuid4().hex[:12]}",
        "Role": role,
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Code": {"ZipFile": zip_of(app=HELLO)},
    }


def trusting(**members: Any) -> dict[str, Any]:
    """A trust policy, for Lambda unless something else is said."""
    [statement] = TRUST["Statement"]
    return {"Version": "2012-10-17", "Statement": {**statement, **members}}


@pytest.mark.parametrize(
    ("trust", "accepted"),
    [
        (trusting(), True),
        (trusting(Principal={"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}), True),
        (trusting(Principal={"Service": "ec2.amazonaws.com"}), False),
        (trusting(Principal={"AWS": ACCOUNT}), False),
        (trusting(Action="sts:TagSession"), False),
        (trusting(Effect="Deny"), False),
        (trusting(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), True),
        (trusting(Condition={"StringEquals": {"aws:SourceAccount": "1" * 12}}), False),
        (
            trusting(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:f-*"}}),
            True,
        ),
        (
            trusting(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:g-*"}}),
            False,
        ),
    ],
)
def test_a_role_must_trust_lambda(
    server: Server, functions: Any, trust: dict[str, Any], accepted: bool
) -> None:
    role = new_role(server, trust=trust)
    if accepted:
        name = functions.create_function(**request(role))["FunctionName"]
        assert functions.invoke(FunctionName=name)["Payload"].read() == b'"hello"'
        functions.delete_function(FunctionName=name)
    else:
        expected = (400, "InvalidParameterValueException", NOT_ASSUMED)
        assert refusal(functions.create_function, **request(role)) == expected


def test_a_role_must_be_there(functions: Any, deploy: Callable[..., str]) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    expected = (400, "InvalidParameterValueException", NOT_ASSUMED)
    assert refusal(functions.create_function, **request(missing)) == expected
    # That a role of its name is elsewhere does not help.
    elsewhere = ROLE.replace("role/", "role/service-role/")
    assert refusal(functions.create_function, **request(elsewhere)) == expected
    name = deploy(HELLO)
    update = functions.update_function_configuration
    assert refusal(update, FunctionName=name, Role=missing) == expected
    assert functions.get_function_configuration(FunctionName=name)["Role"] == ROLE
    assert update(FunctionName=name, Role=INVOKER_ROLE)["Role"] == INVOKER_ROLE


def test_a_role_of_another_account_is_refused(functions: Any, deploy: Callable[..., str]) -> None:
    expected = (403, "AccessDeniedException", "Cross-account pass role is not allowed.")
    theirs = "arn:aws:iam::999999999999:role/theirs"
    assert refusal(functions.create_function, **request(theirs)) == expected
    name = deploy(HELLO)
    update = functions.update_function_configuration
    assert refusal(update, FunctionName=name, Role=theirs) == expected


def test_who_gives_a_function_a_role_must_be_allowed_to_pass_it(
    server: Server, functions: Any
) -> None:
    keys = new_user(server, allow("lambda:*"))
    client, user = server.client("lambda", **keys), arn_of(keys, server)
    expected = (
        403,
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: iam:PassRole on resource: {ROLE} because no "
        "identity-based policy allows the iam:PassRole action",
    )
    assert refusal(client.create_function, **request(ROLE)) == expected
    iam, name = server.client("iam"), user.rpartition("/")[2]
    for to, accepted in (("ec2.amazonaws.com", False), ("lambda.amazonaws.com", True)):
        only = {"StringEquals": {"iam:PassedToService": to}}
        statement = allow("iam:PassRole", on=ROLE, Condition=only)
        iam.put_user_policy(
            UserName=name,
            PolicyName="pass",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
        )
        if accepted:
            made = client.create_function(**request(ROLE))["FunctionName"]
        else:
            assert refusal(client.create_function, **request(ROLE)) == expected
    update = client.update_function_configuration
    assert update(FunctionName=made, Role=ROLE)["Role"] == ROLE
    assert refusal(update, FunctionName=made, Role=INVOKER_ROLE) == (
        403,
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: iam:PassRole on resource: {INVOKER_ROLE} "
        "because no identity-based policy allows the iam:PassRole action",
    )
    # Without a role in the request none is passed on.
    assert update(FunctionName=made, Timeout=9)["Timeout"] == 9
    functions.delete_function(FunctionName=made)


def test_a_function_whose_role_does_not_trust_lambda_any_more_does_not_start(
    server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    role = new_role(server)
    name = deploy(HELLO, Role=role)
    functions.publish_version(FunctionName=name)
    iam = server.client("iam")
    for principal, works in (("ec2.amazonaws.com", False), ("lambda.amazonaws.com", True)):
        iam.update_assume_role_policy(
            RoleName=role.rpartition("/")[2],
            PolicyDocument=json.dumps(trusting(Principal={"Service": principal})),
        )
        if works:
            assert functions.invoke(FunctionName=name)["Payload"].read() == b'"hello"'
            continue
        expected = (403, "AccessDeniedException", NOT_ASSUMED)
        assert refusal(functions.invoke, FunctionName=name) == expected
        assert refusal(functions.invoke, FunctionName=name, Qualifier="1") == expected
        assert refusal(functions.invoke_with_response_stream, FunctionName=name) == expected


def test_a_role_that_is_gone_changes_nothing_but_that_the_function_does_not_start(
    server: Server, functions: Any, deploy: Callable[..., str], messages: Any
) -> None:
    role = new_role(server)
    name = deploy(HELLO, Role=role)
    delete_role(server, role)
    assert functions.get_function_configuration(FunctionName=name)["State"] == "Active"
    assert refusal(functions.invoke, FunctionName=name)[1] == "AccessDeniedException"
    # Code can be changed without it, and a role be given.
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(app=HELLO + "# changed\n"))
    functions.update_function_configuration(FunctionName=name, Role=ROLE)
    assert functions.invoke(FunctionName=name)["Payload"].read() == b'"hello"'
    assert "ran\n" in messages(name)


def test_where_nobody_is_refused_roles_are_not_either(start_server: Callable[..., Server]) -> None:
    server = start_server("--iam", "audit")
    functions = server.client("lambda")
    missing = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    name = create(functions, HELLO, Role=missing)
    assert functions.invoke(FunctionName=name)["Payload"].read() == b'"hello"'
    elsewhere = create(functions, HELLO, Role="arn:aws:iam::999999999999:role/theirs")
    assert functions.invoke(FunctionName=elsewhere)["Payload"].read() == b'"hello"'
    eventually(lambda: f"{NOT_ASSUMED} It is {missing}" in server.log, "it is logged")
    assert "Cross-account pass role is not allowed." in server.log
