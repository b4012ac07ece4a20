"""What the role of a durable function must allow."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, refusal
from tests.e2e.durable import Durable, started
from tests.e2e.server import DURABLE, TRUST

RAW = """
import boto3

def handler(event, context):
    try:
        boto3.client("lambda").get_durable_execution_state(
            DurableExecutionArn=event["DurableExecutionArn"],
            CheckpointToken=event["CheckpointToken"],
        )
        told = "allowed"
    except Exception as error:
        told = str(error)
    return {"Status": "SUCCEEDED", "Result": '"' + told + '"'}
"""
CHAIN = """
@durable_execution
def handler(event, context):
    try:
        return context.invoke(event, {})
    except Exception as error:
        return [error.error_type, str(error)]
"""

WAITING = """
@durable_execution
def handler(event, context):
    return context.create_callback(name="approval").result()
"""


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Durable]:
    yield from started(tmp_path_factory.mktemp("durable"))


def test_a_role_without_the_permission_cannot_go_on_with_an_execution(durable: Durable) -> None:
    assert durable.run(durable.create(RAW, sdk=False))[0] == "allowed"
    told = durable.run(durable.create(RAW, sdk=False, Role=ROLE))[0]
    assert "AccessDeniedException" in told
    assert "lambda:GetDurableExecutionState" in told


def test_a_chained_invocation_takes_the_permission_to_invoke(durable: Durable) -> None:
    identities = durable.server.client("iam")
    role = identities.create_role(RoleName="lone", AssumeRolePolicyDocument=json.dumps(TRUST))[
        "Role"
    ]["Arn"]
    identities.attach_role_policy(RoleName="lone", PolicyArn=DURABLE)
    lone = durable.create(CHAIN, Role=role)
    inner = durable.create("def handler(event, context):\n    return 'ran'\n", sdk=False)
    kind, message = durable.run(lone, inner)[0]
    assert kind == "AccessDeniedException"
    assert "is not authorized to perform: lambda:InvokeFunction on resource: " in message
    assert inner in message


def test_a_callback_takes_a_permission_for_the_execution_that_it_is_of(durable: Durable) -> None:
    identities = durable.server.client("iam")
    name = durable.create(WAITING)
    arn = durable.start(name)
    callback = durable.happened(arn, "CallbackStarted")[0]["CallbackId"]
    function = arn.partition("/")[0].rpartition(":")[0]

    def caller(user: str, resource: str) -> Any:
        statement = {
            "Effect": "Allow",
            "Action": "lambda:SendDurableExecutionCallback*",
            "Resource": resource,
        }
        identities.create_user(UserName=user)
        identities.put_user_policy(
            UserName=user,
            PolicyName="callbacks",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
        )
        key = identities.create_access_key(UserName=user)["AccessKey"]
        return durable.server.client(
            "lambda",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    stranger = caller("stranger", f"{function}-not:*")
    for kind in ("success", "failure", "heartbeat"):
        status, code, message = refusal(
            getattr(stranger, f"send_durable_execution_callback_{kind}"), CallbackId=callback
        )
        assert (status, code) == (403, "AccessDeniedException")
        action = f"lambda:SendDurableExecutionCallback{kind.capitalize()}"
        assert f"is not authorized to perform: {action} on resource: {arn} because" in message
    approver = caller("approver", f"{function}:*/durable-execution/*")
    approver.send_durable_execution_callback_heartbeat(CallbackId=callback)
    approver.send_durable_execution_callback_success(CallbackId=callback, Result=b'"yes"')
    assert durable.result(arn) == '"yes"'
