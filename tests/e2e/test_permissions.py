"""Who may do what, over HTTP: users, roles, boundaries and sessions, at every service."""

import json

import pytest

from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.identities import ACCOUNT, User, allow, deny, make_policy, make_role, session

ECHO = "def handler(event, context):\n    return event\n"
FUNCTIONS = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"


@pytest.fixture(scope="module")
def echo(server):
    """A function, and its role that may do nothing."""
    return create(server.client("lambda"), ECHO, Role=make_role(server))


def denied(arn, action, resource, why=None):
    why = why or f"because no identity-based policy allows the {action} action"
    return f"User: {arn} is not authorized to perform: {action} on resource: {resource} {why}"


def test_a_user_may_do_nothing_until_a_policy_allows_it(server, echo):
    user = User(server)
    functions = user.client("lambda")
    resource = f"{FUNCTIONS}:{echo}"
    assert refusal(functions.invoke, FunctionName=echo) == (
        403,
        "AccessDeniedException",
        denied(user.arn, "lambda:InvokeFunction", resource),
    )
    user.may(allow("lambda:InvokeFunction", resource))
    assert functions.invoke(FunctionName=echo, Payload=b"1")["Payload"].read() == b"1"
    assert refusal(functions.get_function, FunctionName=echo)[2] == denied(
        user.arn, "lambda:GetFunction", resource
    )
    assert refusal(functions.list_functions)[2] == denied(user.arn, "lambda:ListFunctions", "*")


def test_what_is_taken_away_is_gone_at_the_next_call(server, echo):
    user = User(server, allow("lambda:*"))
    functions = user.client("lambda")
    for _ in range(3):
        functions.invoke(FunctionName=echo)
    user.may_nothing()
    assert refusal(functions.invoke, FunctionName=echo)[1] == "AccessDeniedException"
    managed = make_policy(server, allow("lambda:InvokeFunction"))
    user.iam.attach_user_policy(UserName=user.name, PolicyArn=managed)
    functions.invoke(FunctionName=echo)
    user.iam.detach_user_policy(UserName=user.name, PolicyArn=managed)
    assert refusal(functions.invoke, FunctionName=echo)[1] == "AccessDeniedException"


def test_a_key_that_was_deactivated_is_refused_at_the_next_call(server, echo):
    user = User(server, allow("lambda:*"))
    functions = user.client("lambda")
    functions.invoke(FunctionName=echo)
    key = user.key["aws_access_key_id"]
    user.iam.update_access_key(UserName=user.name, AccessKeyId=key, Status="Inactive")
    assert refusal(functions.invoke, FunctionName=echo)[1] == "UnrecognizedClientException"


def test_a_statement_that_denies_wins(server, echo):
    user = User(server, allow("*"), deny("lambda:Invoke*"))
    assert refusal(user.client("lambda").invoke, FunctionName=echo)[2] == denied(
        user.arn,
        "lambda:InvokeFunction",
        f"{FUNCTIONS}:{echo}",
        "with an explicit deny in an identity-based policy",
    )
    user.client("lambda").get_function(FunctionName=echo)


def test_a_group_s_policies_count_for_its_users(server, echo):
    user = User(server)
    user.iam.create_group(GroupName=user.name)
    user.iam.attach_group_policy(
        GroupName=user.name, PolicyArn="arn:aws:iam::aws:policy/AWSLambda_FullAccess"
    )
    assert refusal(user.client("lambda").invoke, FunctionName=echo)[1] == "AccessDeniedException"
    user.iam.add_user_to_group(GroupName=user.name, UserName=user.name)
    user.client("lambda").invoke(FunctionName=echo)
    user.iam.remove_user_from_group(GroupName=user.name, UserName=user.name)
    assert refusal(user.client("lambda").invoke, FunctionName=echo)[1] == "AccessDeniedException"


def test_a_permissions_boundary_bounds_what_policies_allow(server, echo):
    boundary = make_policy(server, allow("lambda:Get*"))
    user = User(server, allow("lambda:*"), PermissionsBoundary=boundary)
    user.client("lambda").get_function(FunctionName=echo)
    assert refusal(user.client("lambda").invoke, FunctionName=echo)[2] == denied(
        user.arn,
        "lambda:InvokeFunction",
        f"{FUNCTIONS}:{echo}",
        "because no permissions boundary allows the lambda:InvokeFunction action",
    )
    user.iam.delete_user_permissions_boundary(UserName=user.name)
    user.client("lambda").invoke(FunctionName=echo)


def test_a_qualifier_is_part_of_what_a_policy_names(server, echo):
    functions = server.client("lambda")
    version = functions.publish_version(FunctionName=echo)["Version"]
    functions.create_alias(FunctionName=echo, Name="live", FunctionVersion=version)
    user = User(server, allow("lambda:InvokeFunction", f"{FUNCTIONS}:{echo}:live"))
    own = user.client("lambda")
    own.invoke(FunctionName=echo, Qualifier="live")
    own.invoke(FunctionName=f"{FUNCTIONS}:{echo}:live")
    own.invoke(FunctionName=f"{echo}:live")
    for qualifier in ({}, {"Qualifier": version}, {"Qualifier": "$LATEST"}):
        assert refusal(own.invoke, FunctionName=echo, **qualifier)[1] == "AccessDeniedException"
    user.may(allow("lambda:InvokeFunction", f"{FUNCTIONS}:{echo}:*"))
    own.invoke(FunctionName=echo, Qualifier=version)
    assert refusal(own.invoke, FunctionName=echo)[1] == "AccessDeniedException"


def test_a_role_s_session_has_the_role_s_permissions_and_a_session_policy_fewer(server, echo):
    role = make_role(server, allow("lambda:*"))
    name = role.rpartition("/")[2]
    server.client("lambda", **session(server, role)).list_functions()
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": allow("lambda:InvokeFunction", f"{FUNCTIONS}:{echo}"),
        }
    )
    bounded = server.client("lambda", **session(server, role, Policy=policy))
    bounded.invoke(FunctionName=echo)
    assert refusal(bounded.list_functions)[2] == denied(
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/someone",
        "lambda:ListFunctions",
        "*",
        "because no session policy allows the lambda:ListFunctions action",
    )
    server.client("iam").delete_role_policy(RoleName=name, PolicyName="p")
    assert refusal(bounded.invoke, FunctionName=echo)[1] == "AccessDeniedException"


def test_tags_of_users_and_of_what_is_asked_for_are_compared(server):
    same = {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}}
    user = User(
        server,
        allow(["iam:CreateUser", "iam:TagUser"], Condition=same),
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    iam = user.client("iam")
    iam.create_user(UserName=f"{user.name}-1", Tags=[{"Key": "team", "Value": "blue"}])
    for tags in ([], [{"Key": "team", "Value": "red"}]):
        code = refusal(iam.create_user, UserName=f"{user.name}-2", Tags=tags)[1]
        assert code == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "call", "members", "action", "resource", "code"),
    [
        ("ses", "list_identities", {}, "ses:ListIdentities", "*", "AccessDenied"),
        ("kinesis", "list_streams", {}, "kinesis:ListStreams", "*", "AccessDeniedException"),
        (
            "dynamodb",
            "delete_table",
            {"TableName": "t"},
            "dynamodb:DeleteTable",
            f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t",
            "AccessDeniedException",
        ),
        (
            "lambda",
            "list_capacity_providers",
            {},
            "lambda:ListCapacityProviders",
            "*",
            "AccessDeniedException",
        ),
        ("kms", "list_keys", {}, "kms:ListKeys", "*", "AccessDeniedException"),
    ],
)
def test_what_ingle_lacks_is_refused_first_to_those_who_may_not_have_it(
    server, service, call, members, action, resource, code
):
    user = User(server)
    found = refusal(getattr(user.client(service), call), **members)
    assert found[1:] == (code, denied(user.arn, action, resource))
    user.may(allow(action))
    found = refusal(getattr(user.client(service), call), **members)
    assert found[:2] == (501, "NotImplemented")


def test_whoever_may_do_nothing_still_learns_who_it_is(server):
    user = User(server, deny("*"))
    assert user.client("sts").get_caller_identity()["Arn"] == user.arn


def test_logs_appear_only_if_the_role_may_write_them(server):
    role = make_role(server)
    functions, logs = server.client("lambda"), server.client("logs")
    name = create(functions, "def handler(event, context):\n    print('here')\n", Role=role)
    group = f"/aws/lambda/{name}"

    def groups():
        return logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]

    assert "FunctionError" not in functions.invoke(FunctionName=name)
    assert groups() == []
    server.client("iam").attach_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    functions.invoke(FunctionName=name)
    eventually(lambda: bool(groups()), "the function's log is there")
    lines = [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]
    assert lines.count("here\n") == 1


def test_a_function_may_do_what_its_role_may(server):
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    client = boto3.client('lambda')\n"
        "    try:\n        return len(client.list_functions()['Functions']) > 0\n"
        "    except client.exceptions.ClientError as error:\n        return str(error)\n"
    )
    role = make_role(server)
    functions = server.client("lambda")
    name = create(functions, source, Role=role, Timeout=30, MemorySize=256)

    def call():
        return json.loads(functions.invoke(FunctionName=name)["Payload"].read())

    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{name}"
    assert denied(caller, "lambda:ListFunctions", "*") in call()
    server.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="p",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": allow("lambda:ListFunctions")}
        ),
    )
    assert call() is True


def test_whom_somebody_may_admit_to_functions_is_bounded_both_ways(server, echo):
    resource, functions = f"{FUNCTIONS}:{echo}", server.client("lambda")
    user = User(
        server,
        allow(
            ["lambda:AddPermission", "lambda:RemovePermission"],
            resource,
            Condition={"StringEquals": {"lambda:Principal": ["s3.amazonaws.com", "111122223333"]}},
        ),
    )
    bounded = user.client("lambda")
    for number, principal in enumerate(("s3.amazonaws.com", "sns.amazonaws.com", "111122223333")):
        made = {
            "FunctionName": echo,
            "StatementId": f"s{number}",
            "Action": "lambda:InvokeFunction",
            "Principal": principal,
        }
        removed = {"FunctionName": echo, "StatementId": f"s{number}"}
        if number == 1:
            assert refusal(bounded.add_permission, **made)[2] == denied(
                user.arn, "lambda:AddPermission", resource
            )
            functions.add_permission(**made)
            assert refusal(bounded.remove_permission, **removed)[2] == denied(
                user.arn, "lambda:RemovePermission", resource
            )
            functions.remove_permission(**removed)
        else:
            bounded.add_permission(**made)
            bounded.remove_permission(**removed)


def test_how_open_the_urls_are_that_somebody_handles_is_bounded(server):
    functions = server.client("lambda")
    name = create(functions, ECHO, Role=make_role(server))
    resource = f"{FUNCTIONS}:{name}"
    keys = {"lambda:FunctionUrlAuthType": "AWS_IAM", "lambda:FunctionArn": resource}
    urls = [f"lambda:{verb}FunctionUrlConfig" for verb in ("Create", "Get", "Update", "Delete")]
    user = User(
        server,
        allow(urls, resource, Condition={"StringEquals": keys}),
        allow(
            ["lambda:AddPermission", "lambda:RemovePermission", "lambda:InvokeFunction"],
            resource,
            Condition={"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        ),
    )
    bounded = user.client("lambda")

    def statement(auth_type):
        return {
            "FunctionName": name,
            "StatementId": "s",
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": auth_type,
        }

    def is_denied(call, **members):
        return refusal(call, **members)[1] == "AccessDeniedException"

    assert is_denied(bounded.create_function_url_config, FunctionName=name, AuthType="NONE")
    bounded.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    bounded.get_function_url_config(FunctionName=name)
    bounded.update_function_url_config(FunctionName=name, InvokeMode="BUFFERED")
    assert is_denied(bounded.update_function_url_config, FunctionName=name, AuthType="NONE")
    # It is no key of a call that does not go through the URL.
    assert is_denied(bounded.invoke, FunctionName=name)
    assert is_denied(bounded.add_permission, **statement("NONE"))
    bounded.add_permission(**statement("AWS_IAM"))
    bounded.remove_permission(FunctionName=name, StatementId="s")
    functions.add_permission(**statement("NONE"))
    assert is_denied(bounded.remove_permission, FunctionName=name, StatementId="s")
    functions.update_function_url_config(FunctionName=name, AuthType="NONE")
    assert is_denied(bounded.get_function_url_config, FunctionName=name)
    assert is_denied(bounded.delete_function_url_config, FunctionName=name)
