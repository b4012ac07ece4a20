"""What a function may do by its role, and who may call its URL."""

import json
import subprocess
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.callers import allow, delete_role, document, new_account, new_role, new_user
from tests.e2e.conftest import INVOKER_ROLE, ROLE, create, eventually, refusal
from tests.e2e.server import BASIC, INGLE, Server
from tests.e2e.test_asynchronous import measured, send
from tests.e2e.test_function_urls import FORBIDDEN, _signed
from tests.e2e.test_versions import ARN

HELLO = "def handler(event, context):\n    print('ran')\n    return 'hello'\n"
READER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        boto3.client("s3").get_object(Bucket=event, Key="key")
    except ClientError as error:
        return error.response["Error"]["Code"], str(error)
"""
CALLER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        return boto3.client("lambda").invoke(FunctionName=event)["StatusCode"]
    except ClientError as error:
        return error.response["Error"]["Message"]
"""


def test_a_function_that_reads_a_bucket_its_role_does_not_name_gets_access_denied(
    server: Server, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    role = new_role(server, allow("s3:GetObject", on="arn:aws:s3:::mine/*"))
    name = deploy(READER, Role=role, Timeout=30, MemorySize=256)
    code, message = invoke(name, "theirs")[0]
    assert code == "AccessDenied"
    session = f"arn:aws:sts::000000000000:assumed-role/{role.rpartition('/')[2]}/{name}"
    assert message.endswith(
        f"User: {session} is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::theirs/key" because no identity-based policy allows the s3:GetObject action'
    )
    # The bucket that it does name is one that Ingle has no service for yet, and says so.
    assert invoke(name, "mine")[0][0] != "AccessDenied"


def test_a_function_calls_another_as_far_as_its_role_allows(
    server: Server, functions: Any, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    one, other = deploy(HELLO), deploy(HELLO)
    role = new_role(server, allow("lambda:InvokeFunction", on=ARN + one))
    caller = deploy(CALLER, Role=role, Timeout=30, MemorySize=256)
    assert invoke(caller, one)[0] == 200
    session = f"arn:aws:sts::000000000000:assumed-role/{role.rpartition('/')[2]}/{caller}"
    assert invoke(caller, other)[0] == (
        f"User: {session} is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{ARN}{other} because no identity-based policy allows the lambda:InvokeFunction action"
    )
    # The other function's policy is enough in the same account.
    functions.add_permission(
        FunctionName=other, StatementId="a", Action="lambda:InvokeFunction", Principal=role
    )
    assert invoke(caller, other)[0] == 200


def test_policies_tell_functions_of_the_same_role_apart(
    server: Server, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    callee = deploy(HELLO)
    role = new_role(server)
    one, other = (deploy(CALLER, Role=role, Timeout=30, MemorySize=256) for _ in range(2))
    source = {"ArnEquals": {"lambda:SourceFunctionArn": ARN + one}}
    server.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="own",
        PolicyDocument=document(allow("lambda:InvokeFunction", on=ARN + callee, Condition=source)),
    )
    assert invoke(one, callee)[0] == 200
    assert "is not authorized to perform: lambda:InvokeFunction" in invoke(other, callee)[0]


def test_a_destination_must_be_one_that_the_role_may_invoke(
    server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    told = deploy(HELLO)
    put = functions.put_function_event_invoke_config
    where = {"DestinationConfig": {"OnSuccess": {"Destination": ARN + told}}}
    assert refusal(put, FunctionName=deploy(HELLO), **where) == (
        400,
        "InvalidParameterValueException",
        f"The function execution role does not have permissions to call InvokeFunction on {ARN}"
        f"{told}",
    )
    role = new_role(server, allow("lambda:InvokeFunction", on=ARN + told))
    name = deploy(HELLO, Role=role)
    put(FunctionName=name, **where)
    # What was allowed when it was configured is looked at again at each delivery.
    server.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="own",
        PolicyDocument=document(allow("lambda:InvokeFunction", on=f"{ARN}{told}:1")),
    )
    send(functions, name)
    metric = "ingle_lambda_destination_delivery_failures_total"
    eventually(lambda: measured(server, metric, name) == 1, "the failure is counted")
    assert (
        f"assumed-role/{role.rpartition('/')[2]}/{name} is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {ARN}{told}"
    ) in server.log


def test_events_of_a_version_are_delivered_by_the_role_of_that_version(
    server: Server, functions: Any, logs: Any, deploy: Callable[..., str]
) -> None:
    told = deploy(HELLO)
    name = deploy(HELLO, Role=new_role(server, allow("lambda:InvokeFunction", on=ARN + told)))
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.update_function_configuration(FunctionName=name, Role=new_role(server))
    where = {"DestinationConfig": {"OnSuccess": {"Destination": ARN + told}}}
    for number, qualifier in enumerate(("1", "live"), start=1):
        functions.put_function_event_invoke_config(FunctionName=name, Qualifier=qualifier, **where)
        send(functions, name, Qualifier=qualifier)
        eventually(lambda: _runs(logs, told) == number, "the record arrives")  # noqa: B023


def _runs(logs: Any, name: str) -> int:
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return [each["message"] for each in events].count("ran\n")


@pytest.fixture
def url(functions: Any, deploy: Callable[..., str]) -> tuple[str, str]:
    """A function and its URL, which wants signatures."""
    source = "def handler(event, context):\n    return event['requestContext']['authorizer']\n"
    name = deploy(source)
    made = functions.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    return name, made["FunctionUrl"]


def status(server: Server, url: str, keys: dict[str, str]) -> int:
    key = (keys["aws_access_key_id"], keys["aws_secret_access_key"])
    reply = _signed(server, url, key=key)
    assert reply.status == 200 or reply.error == FORBIDDEN
    return int(reply.status)


def test_a_user_calls_a_function_url_with_both_permissions(
    server: Server, url: tuple[str, str]
) -> None:
    name, address = url
    both = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    for permissions, expected in (
        (both, 200),
        (both[:1], 403),
        (both[1:], 403),
        ((), 403),
    ):
        statements = [allow(*permissions, on=ARN + name)] if permissions else []
        assert status(server, address, new_user(server, *statements)) == expected
    for auth_type, expected in (("AWS_IAM", 200), ("NONE", 403)):
        only = {"StringEquals": {"lambda:FunctionUrlAuthType": auth_type}}
        statements = [allow(both[0], Condition=only), allow(both[1])]
        assert status(server, address, new_user(server, *statements)) == expected


def test_a_user_is_told_to_the_function_with_its_id(server: Server, url: tuple[str, str]) -> None:
    keys = new_user(server, allow("lambda:*"))
    key = (keys["aws_access_key_id"], keys["aws_secret_access_key"])
    told = _signed(server, url[1], key=key).json["iam"]
    caller = server.client("sts", **keys).get_caller_identity()
    assert told == {
        "accessKey": keys["aws_access_key_id"],
        "accountId": "000000000000",
        "callerId": caller["UserId"],
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller["Arn"],
        "userId": caller["UserId"],
    }


def test_another_account_calls_a_function_url_where_both_sides_allow_it(
    server: Server, functions: Any, url: tuple[str, str]
) -> None:
    name, address = url
    root = new_account(server, "444455556666")
    both = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    user = new_user(server, allow(*both, on=ARN + name), root=root)
    powerless = new_user(server, root=root)
    assert [status(server, address, each) for each in (root, user, powerless)] == [403] * 3
    for action in both:
        functions.add_permission(
            FunctionName=name, StatementId=action[7:], Action=action, Principal="444455556666"
        )
    assert [status(server, address, each) for each in (root, user, powerless)] == [200, 200, 403]


class Doctor:
    """Runs `ingle doctor` about a function."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, name: str) -> tuple[int, dict[str, dict[str, str]]]:
        """Return the exit status, and what was found, by the name of the check."""
        done = subprocess.run(
            [INGLE, "doctor", name, "--format", "json"],
            env=self._server.environment(),
            capture_output=True,
            text=True,
        )
        assert done.stdout, done.stderr
        return done.returncode, {each["name"]: each for each in json.loads(done.stdout)["checks"]}


@pytest.fixture
def doctor(server: Server) -> Doctor:
    return Doctor(server)


def run(server: Server, command: str) -> None:
    """Run a command that the doctor advised; `aws` is the one of the tests' environment."""
    for each in command.split(", then "):
        aws = INGLE.removesuffix("ingle") + each
        subprocess.run(aws, shell=True, check=True, env=server.environment(), capture_output=True)


def test_the_doctor_finds_nothing_wrong_with_a_function_that_may_what_it_needs(
    doctor: Doctor, functions: Any, deploy: Callable[..., str]
) -> None:
    name = deploy(HELLO, Role=INVOKER_ROLE)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": ARN + deploy(HELLO)}}
    )
    code, found = doctor(name)
    assert code == 0
    assert {each: check["state"] for each, check in found.items()} == dict.fromkeys(
        ("function", "role", "trust", "logs", "destination"), "ok"
    )


def test_the_doctor_says_how_to_mend_what_a_function_lacks(
    doctor: Doctor, server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    role = new_role(server, path="/team/")
    name = deploy(HELLO, Role=role)
    code, found = doctor(name)
    assert (code, found["logs"]["state"]) == (0, "weak")
    assert found["logs"]["detail"].endswith("what it logs does not appear")
    run(server, found["logs"]["advice"])
    assert doctor(name)[1]["logs"]["state"] == "ok"

    iam, role_name = server.client("iam"), role.rpartition("/")[2]
    nobody = document(
        {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    )
    iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=nobody)
    code, found = doctor(name)
    assert (code, found["trust"]["state"]) == (1, "missing")
    run(server, found["trust"]["advice"])
    assert doctor(name)[0] == 0

    iam.detach_role_policy(RoleName=role_name, PolicyArn=BASIC)
    delete_role(server, role)
    code, found = doctor(name)
    assert (code, found["role"]["state"]) == (1, "missing")
    assert refusal(functions.invoke, FunctionName=name)[1] == "AccessDeniedException"
    run(server, found["role"]["advice"])
    code, found = doctor(name)
    assert (code, {check["state"] for check in found.values()}) == (0, {"ok"})
    assert functions.invoke(FunctionName=name)["Payload"].read() == b'"hello"'


def test_the_doctor_knows_which_function_it_looks_at(
    doctor: Doctor, server: Server, deploy: Callable[..., str]
) -> None:
    role = new_role(server)
    name, other = deploy(HELLO, Role=role), deploy(HELLO, Role=role)
    source = {"ArnEquals": {"lambda:SourceFunctionArn": ARN + name}}
    server.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="own",
        PolicyDocument=document(allow("logs:*", Condition=source)),
    )
    assert doctor(name)[1]["logs"]["state"] == "ok"
    assert doctor(other)[1]["logs"]["state"] == "weak"


def test_the_doctor_finds_destinations_that_the_role_may_not_invoke(
    doctor: Doctor, server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    name, told = deploy(HELLO, Role=INVOKER_ROLE), ARN + deploy(HELLO)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": told}}
    )
    role = new_role(server)
    functions.update_function_configuration(FunctionName=name, Role=role)
    found = doctor(name)[1]["destination"]
    assert (found["state"], found["detail"]) == (
        "weak",
        f"may not lambda:InvokeFunction on {told}",
    )
    run(server, found["advice"])
    assert doctor(name)[1]["destination"]["state"] == "ok"


def test_the_doctor_cannot_look_at_a_role_of_another_account(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--iam", "audit")
    theirs = "arn:aws:iam::999999999999:role/theirs"
    name = create(server.client("lambda"), HELLO, Role=theirs)
    code, found = Doctor(server)(name)
    assert (code, found["role"]["state"]) == (0, "weak")
    assert found["role"]["detail"].startswith(f"{theirs} is of another account, 999999999999")


def test_the_doctor_knows_no_function_that_is_not_there(server: Server) -> None:
    name = f"f-{uuid.uuid4().hex[:12]}"
    done = subprocess.run(
        [INGLE, "doctor", name], env=server.environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"error: GetFunctionConfiguration: Function not found: {ARN}{name}"
    )
    assert ROLE not in done.stderr
