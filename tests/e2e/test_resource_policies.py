"""Whole policy documents of functions, versions and aliases, as boto3 sees them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.callers import allow, delete_role, document, new_role, new_user
from tests.e2e.conftest import INVOKER_ROLE, ROLE, create, refusal
from tests.e2e.server import Server
from tests.e2e.test_aliases import alias, versions_of
from tests.e2e.test_policies import NO_POLICY, NO_RESOURCE
from tests.e2e.test_policies import allow as add
from tests.e2e.test_updates import STALE
from tests.e2e.test_versions import ARN, configuration, source

INVALID_PRINCIPAL = (
    400,
    "InvalidParameterValueException",
    "The provided principal was invalid. Please check the principal and try again.",
)


def statement(resource: str | list[str], sid: str = "one", **members: Any) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": resource,
    } | members


def put(functions: Any, arn: str, *statements: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = functions.put_resource_policy(
        ResourceArn=arn, Policy=document(*statements), **members
    )
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return answer


def get(functions: Any, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = functions.get_resource_policy(ResourceArn=arn)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return answer


def refused(functions: Any, arn: str, policy: str) -> tuple[int, str, str]:
    return refusal(functions.put_resource_policy, ResourceArn=arn, Policy=policy)


def test_a_policy_is_set_read_replaced_and_deleted(functions, deploy):
    name = deploy(source(1))
    arn = ARN + name
    assert refusal(functions.get_resource_policy, ResourceArn=arn) == NO_RESOURCE
    assert refusal(functions.delete_resource_policy, ResourceArn=arn) == NO_RESOURCE
    first = put(functions, arn, statement([arn, f"{arn}:*"]), statement(arn, "two", Effect="Deny"))
    assert json.loads(first["Policy"]) == {
        "Version": "2012-10-17",
        "Statement": [statement([arn, f"{arn}:*"]), statement(arn, "two", Effect="Deny")],
    }
    assert get(functions, arn) == first
    assert first["RevisionId"] == configuration(functions, name)["RevisionId"]
    second = put(functions, arn, statement(arn, "three"))
    assert get(functions, arn) == second
    assert [each["Sid"] for each in json.loads(second["Policy"])["Statement"]] == ["three"]
    deleted = functions.delete_resource_policy(ResourceArn=arn)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(functions.get_resource_policy, ResourceArn=arn) == NO_RESOURCE
    assert refusal(functions.get_policy, FunctionName=name) == NO_RESOURCE


def test_single_statements_and_whole_policies_are_the_same_policy(functions, deploy):
    name = deploy(source(1))
    arn = ARN + name
    added = add(functions, name, "s3")
    assert get(functions, arn)["Policy"] == (
        f'{{"Version":"2012-10-17","Id":"default","Statement":[{added}]}}'
    )
    mine = {"Version": "2008-10-17", "Id": "mine", "Statement": statement(arn)}
    functions.put_resource_policy(ResourceArn=arn, Policy=json.dumps(mine))
    more = json.loads(add(functions, name, "more"))
    whole = {"Version": "2008-10-17", "Id": "mine", "Statement": [statement(arn), more]}
    assert json.loads(get(functions, arn)["Policy"]) == whole
    assert json.loads(functions.get_policy(FunctionName=name)["Policy"]) == whole
    remove = functions.remove_permission
    remove(FunctionName=name, StatementId="one")
    assert json.loads(get(functions, arn)["Policy"])["Statement"] == [more]
    remove(FunctionName=name, StatementId="more")
    assert refusal(functions.get_resource_policy, ResourceArn=arn) == NO_RESOURCE
    assert refusal(remove, FunctionName=name, StatementId="more") == NO_POLICY
    # What comes next has AWS's own head again.
    add(functions, name, "s3")
    assert json.loads(get(functions, arn)["Policy"])["Id"] == "default"


def test_statements_need_no_id_and_can_then_not_be_removed_singly(functions, deploy):
    name = deploy(source(1))
    nameless = {key: value for key, value in statement(ARN + name).items() if key != "Sid"}
    put(functions, ARN + name, nameless, nameless)
    add(functions, name, "s3")
    assert refusal(functions.remove_permission, FunctionName=name, StatementId="one") == (
        404,
        "ResourceNotFoundException",
        "Statement one is not found in resource policy.",
    )
    functions.remove_permission(FunctionName=name, StatementId="s3")
    assert len(json.loads(get(functions, ARN + name)["Policy"])["Statement"]) == 2


def test_versions_and_aliases_have_policies_of_their_own(functions, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    for qualifier in ("1", "live"):
        arn = f"{ARN}{name}:{qualifier}"
        told = put(functions, arn, statement(arn))
        assert get(functions, arn) == told
        assert refusal(functions.get_resource_policy, ResourceArn=ARN + name) == NO_RESOURCE
        assert functions.get_policy(FunctionName=arn)["Policy"] == told["Policy"]
    assert refused(functions, f"{ARN}{name}:$LATEST", document(statement(ARN + name))) == (
        400,
        "InvalidParameterValueException",
        "We currently do not support adding policies for $LATEST.",
    )
    functions.delete_resource_policy(ResourceArn=f"{ARN}{name}:live")
    assert get(functions, f"{ARN}{name}:1")["Policy"]


def test_a_policy_is_changed_only_at_the_revision_that_is_known(functions, deploy):
    arn = ARN + deploy(source(1))
    first = put(functions, arn, statement(arn))["RevisionId"]
    second = put(functions, arn, statement(arn), RevisionId=first)["RevisionId"]
    put_it, policy = functions.put_resource_policy, document(statement(arn, "two"))
    assert refusal(put_it, ResourceArn=arn, Policy=policy, RevisionId=first) == STALE
    delete = functions.delete_resource_policy
    assert refusal(delete, ResourceArn=arn, RevisionId=first) == STALE
    assert get(functions, arn)["RevisionId"] == second
    delete(ResourceArn=arn, RevisionId=second)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        ('{"Version": "2012-10-17"}', "Could not parse the policy: Statement is empty!"),
        ('{"Version": "2012-10-17", "Statement": []}', ""),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}', ""),
    ],
)
def test_what_is_no_policy_is_refused(functions, deploy, policy, expected):
    status, code, message = refused(functions, ARN + deploy(source(1)), policy)
    assert (status, code) == (400, "InvalidParameterValueException")
    assert expected in message


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": None},
        {"Action": None},
        {"Resource": None},
        {"Effect": "Perhaps"},
        {"Condition": {"StringIsh": {"aws:SourceIp": "1"}}},
        {"Surprise": 1},
    ],
)
def test_what_breaks_the_grammar_of_policies_is_refused(functions, deploy, change):
    arn = ARN + deploy(source(1))
    broken = {key: value for key, value in (statement(arn) | change).items() if value is not None}
    status, code, message = refused(functions, arn, document(broken))
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message
    assert refusal(functions.get_resource_policy, ResourceArn=arn) == NO_RESOURCE


def test_a_policy_is_about_what_it_belongs_to(functions, deploy):
    name = versions_of(functions, deploy, 1)
    arn = ARN + name
    for resource in (f"{ARN}another", f"{arn}-2", "arn:aws:s3:::bucket"):
        assert refused(functions, arn, document(statement(resource))) == (
            400,
            "InvalidParameterValueException",
            f"The policy has a statement about {resource}. Its statements must be about {arn} or "
            f"{arn}:*.",
        )
    assert refused(functions, f"{arn}:1", document(statement(arn)))[0] == 400
    for resource in ("*", arn, f"{arn}:*", f"{arn}:1", [arn, f"{arn}:1"]):
        put(functions, arn, statement(resource))


def test_principals_of_this_server_must_exist(functions, deploy):
    name = deploy(source(1))
    arn = ARN + name
    unknown = [f"arn:aws:iam::000000000000:{each}" for each in ("user/nobody", "role/nobody")]
    for principal in unknown:
        for one in (principal, [ROLE, principal]):
            policy = document(statement(arn, Principal={"AWS": one}))
            assert refused(functions, arn, policy) == INVALID_PRINCIPAL
        members = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": principal}
        assert refusal(functions.add_permission, FunctionName=name, **members) == INVALID_PRINCIPAL
    put(functions, arn, statement(arn, Principal={"AWS": [ROLE, INVOKER_ROLE, "123456789012"]}))
    add(functions, name, "role", Principal=ROLE)


def test_a_role_that_is_made_anew_is_not_the_one_that_a_policy_names(
    server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    trusting = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": trusting}
    name, role = deploy(source(1)), new_role(server, trust=trust)
    arn, iam = ARN + name, server.client("iam")
    unique_id = iam.get_role(RoleName=role.rpartition("/")[2])["Role"]["RoleId"]
    put(functions, arn, statement(arn, Principal={"AWS": role}))
    add(functions, name, "two", Principal=role)
    sts = server.client("sts", **new_user(server, allow("sts:AssumeRole")))

    def invoke() -> int:
        given = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
        client = server.client(
            "lambda",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        return int(client.invoke(FunctionName=name)["StatusCode"])

    def named() -> list[str]:
        found = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
        return [each["Principal"]["AWS"] for each in found]

    assert named() == [role, role]
    assert invoke() == 200
    delete_role(server, role)
    assert named() == [unique_id, unique_id]
    iam.create_role(RoleName=role.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps(trust))
    assert named() == [unique_id, unique_id]
    assert refusal(invoke)[1] == "AccessDeniedException"


def test_a_policy_of_more_than_20_kb_is_refused(functions, unchecked, deploy):
    arn = ARN + deploy(source(1))
    long = [statement(arn, f"s{number}") for number in range(120)]
    status, code, _ = refusal(
        unchecked.put_resource_policy, ResourceArn=arn, Policy=document(*long)
    )
    assert (status, code) == (400, "ValidationException")
    # Short as it was sent, and long as it is kept.
    put(functions, arn, statement(arn, Condition={"StringEquals": {"aws:UserAgent": "x" * 20000}}))
    name = arn.rpartition(":")[2]
    members = {"Action": "lambda:InvokeFunction", "Principal": "*", "StatementId": "b"}
    assert refusal(functions.add_permission, FunctionName=name, **members, SourceArn=f"{arn}xx")[
        :2
    ] == (400, "PolicyLengthExceededException")


def test_what_is_not_there_is_not_found(functions, deploy):
    calls = (
        functions.get_resource_policy,
        functions.delete_resource_policy,
        lambda **arn: functions.put_resource_policy(**arn, Policy=document(statement("*"))),
    )
    name = deploy(source(1))
    for call in calls:
        assert refusal(call, ResourceArn=f"{ARN}nobody") == (
            404,
            "ResourceNotFoundException",
            f"Function not found: {ARN}nobody",
        )
        assert refusal(call, ResourceArn=f"{ARN}{name}:live") == (
            404,
            "ResourceNotFoundException",
            f"Cannot find alias arn: {ARN}{name}:live",
        )
        runtime = "arn:aws:lambda:us-east-1::runtime/x".replace("::", ":000000000000:")
        assert refusal(call, ResourceArn=runtime)[:2] == (400, "InvalidParameterValueException")
        theirs = f"{ARN}{name}".replace("000000000000", "123456789012")
        assert refusal(call, ResourceArn=theirs)[:2] == (403, "AccessDeniedException")


def test_policies_as_a_whole_take_the_permissions_of_single_statements_too(
    server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    arn = ARN + deploy(source(1))
    policy = document(statement(arn))
    own, adds, removes = (
        f"lambda:{each}" for each in ("PutResourcePolicy", "AddPermission", "RemovePermission")
    )
    for permissions, accepted in (
        ((own, adds, removes), True),
        ((own, adds), False),
        ((own, removes), False),
        ((adds, removes), False),
    ):
        client = server.client("lambda", **new_user(server, allow(*permissions, on=arn)))
        if accepted:
            client.put_resource_policy(ResourceArn=arn, Policy=policy)
        else:
            status, code, _ = refused(client, arn, policy)
            assert (status, code) == (403, "AccessDeniedException")


def test_a_policy_survives_a_restart(own_server: Server) -> None:
    functions = own_server.client("lambda")
    arn = ARN + create(functions, source(1))
    told = put(functions, arn, statement(arn, Effect="Deny"))
    own_server.kill()
    own_server.start()
    assert get(own_server.client("lambda"), arn) == told
