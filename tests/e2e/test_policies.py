"""Resource-based policies of functions, versions and aliases, as boto3 sees them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.test_aliases import alias, versions_of
from tests.e2e.test_updates import STALE
from tests.e2e.test_versions import ARN, configuration, source

NO_RESOURCE = (404, "ResourceNotFoundException", "The resource you requested does not exist.")
NO_POLICY = (
    404,
    "ResourceNotFoundException",
    "No policy is associated with the given resource.",
)


def allow(functions, name, sid="one", **members):
    """Add a statement; return it as it is told, text."""
    members = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"} | members
    answer = functions.add_permission(FunctionName=name, StatementId=sid, **members)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    return answer["Statement"]


def statements(functions, name, **members):
    return json.loads(functions.get_policy(FunctionName=name, **members)["Policy"])["Statement"]


def test_a_statement_and_a_policy_are_written_as_aws_does(functions, deploy):
    name = deploy(source(1))
    told = allow(functions, name, "s3", SourceArn="arn:aws:s3:::bucket", SourceAccount="1" * 12)
    assert told == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},'
        f'"Action":"lambda:InvokeFunction","Resource":"{ARN}{name}",'
        '"Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"},'
        '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}'
    )
    other = allow(functions, name, "logs", Principal="logs.amazonaws.com")
    policy = functions.get_policy(FunctionName=name)
    assert policy["Policy"] == (
        f'{{"Version":"2012-10-17","Id":"default","Statement":[{told},{other}]}}'
    )
    assert policy["RevisionId"] == configuration(functions, name)["RevisionId"]


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", "*"),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:root", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:user/a/b", {"AWS": "arn:aws:iam::123456789012:user/a/b"}),
        ("arn:aws:iam::123456789012:role/r", {"AWS": "arn:aws:iam::123456789012:role/r"}),
        ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
        ("logs.us-east-1.amazonaws.com", {"Service": "logs.us-east-1.amazonaws.com"}),
        ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
    ],
)
def test_every_form_of_a_principal_is_taken(functions, deploy, principal, expected):
    name = deploy(source(1))
    assert json.loads(allow(functions, name, Principal=principal))["Principal"] == expected


@pytest.mark.parametrize(
    "principal", ["nobody", "12345", "s3", "arn:aws:s3:::bucket", "arn:aws:iam::1:root"]
)
def test_what_is_no_principal_is_refused(functions, deploy, principal):
    name = deploy(source(1))
    members = {"Action": "lambda:InvokeFunction", "Principal": principal}
    assert refusal(functions.add_permission, FunctionName=name, StatementId="a", **members) == (
        400,
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
    )
    assert refusal(functions.get_policy, FunctionName=name) == NO_RESOURCE


@pytest.mark.parametrize(
    ("members", "condition"),
    [
        ({}, None),
        (
            {"EventSourceToken": "amzn1.ask.skill.x"},
            {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}},
        ),
        ({"InvokedViaFunctionUrl": True}, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
        (
            {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionUrlAuthType": "NONE",
                "PrincipalOrgID": "o-1234567890",
                "SourceAccount": "1" * 12,
                "SourceArn": "arn:aws:s3:::bucket",
            },
            {
                "StringEquals": {
                    "lambda:FunctionUrlAuthType": "NONE",
                    "aws:PrincipalOrgID": "o-1234567890",
                    "AWS:SourceAccount": "1" * 12,
                },
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
            },
        ),
    ],
)
def test_members_become_conditions(functions, deploy, members, condition):
    name = deploy(source(1))
    told = json.loads(allow(functions, name, Principal="*", **members))
    assert told.get("Condition") == condition
    assert statements(functions, name) == [told]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"Action": "lambda:InvokeFunction", "FunctionUrlAuthType": "NONE"},
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
        ),
        (
            {"Action": "lambda:InvokeFunctionUrl", "InvokedViaFunctionUrl": True},
            "InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action",
        ),
    ],
)
def test_members_of_function_urls_go_with_one_action(functions, deploy, members, message):
    name = deploy(source(1))
    assert refusal(
        functions.add_permission, FunctionName=name, StatementId="a", Principal="*", **members
    ) == (400, "InvalidParameterValueException", message)


def test_function_version_and_alias_have_policies_of_their_own(functions, deploy):
    name = versions_of(functions, deploy)
    alias(functions, name, "live", "1")
    allow(functions, name)
    for qualified in ({"Qualifier": "1"}, {"Qualifier": "live"}):
        assert refusal(functions.get_policy, FunctionName=name, **qualified) == NO_RESOURCE
        # A used id is free elsewhere.
        allow(functions, name, **qualified)
    allow(functions, f"{ARN}{name}:live", "two", Qualifier="live")
    assert statements(functions, name)[0]["Resource"] == f"{ARN}{name}"
    assert statements(functions, f"{name}:1")[0]["Resource"] == f"{ARN}{name}:1"
    of_alias = statements(functions, name, Qualifier="live")
    assert [each["Sid"] for each in of_alias] == ["one", "two"]
    assert {each["Resource"] for each in of_alias} == {f"{ARN}{name}:live"}
    # `$LATEST` names the function, whose policy can be read but not added to.
    assert statements(functions, name, Qualifier="$LATEST") == statements(functions, name)
    members = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "*"}
    assert refusal(functions.add_permission, FunctionName=name, Qualifier="$LATEST", **members) == (
        400,
        "InvalidParameterValueException",
        "We currently do not support adding policies for $LATEST.",
    )
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name, Qualifier="1")
    alias(functions, name, "live", "2")
    assert refusal(functions.get_policy, FunctionName=name, Qualifier="live") == NO_RESOURCE
    assert len(statements(functions, name)) == 1


def test_a_policy_is_changed_only_at_the_revision_that_is_known(functions, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    for members in ({}, {"Qualifier": "1"}, {"Qualifier": "live"}):

        def known(members=members):
            if members.get("Qualifier") == "live":
                return functions.get_alias(FunctionName=name, Name="live")["RevisionId"]
            return configuration(functions, name, **members)["RevisionId"]

        statement = {"Action": "lambda:InvokeFunction", "Principal": "*"} | members
        first = known()
        allow(functions, name, "one", RevisionId=first, **members)
        second = known()
        assert second != first
        assert functions.get_policy(FunctionName=name, **members)["RevisionId"] == second
        assert (
            refusal(
                functions.add_permission,
                FunctionName=name,
                StatementId="two",
                RevisionId=first,
                **statement,
            )
            == STALE
        )
        remove = {"FunctionName": name, "StatementId": "one"} | members
        assert refusal(functions.remove_permission, RevisionId=first, **remove) == STALE
        assert known() == second
        functions.remove_permission(RevisionId=second, **remove)
        assert known() != second
        assert refusal(functions.get_policy, FunctionName=name, **members) == NO_RESOURCE


def test_a_changed_policy_keeps_sandboxes_and_versions(functions, deploy, invoke):
    counting = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n"
    name = deploy(counting + "    return count\n")
    first = functions.publish_version(FunctionName=name)["Version"]
    assert invoke(name)[0] == 1
    allow(functions, name)
    assert invoke(name)[0] == 2
    assert functions.publish_version(FunctionName=name)["Version"] == first


def test_a_used_statement_id_is_refused(functions, deploy):
    name = deploy(source(1))
    allow(functions, name)
    members = {"Action": "lambda:InvokeFunction", "Principal": "*"}
    assert refusal(functions.add_permission, FunctionName=name, StatementId="one", **members) == (
        409,
        "ResourceConflictException",
        "The statement id (one) provided already exists. Please provide a new statement id, or "
        "remove the existing statement.",
    )


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"StatementId": "a b"}, "statementId"),
        ({"StatementId": "x" * 101}, "statementId"),
        ({"Action": "s3:GetObject"}, "action"),
        ({"SourceAccount": "12"}, "sourceAccount"),
        ({"SourceArn": "bucket"}, "sourceArn"),
        ({"PrincipalOrgID": "1234567890"}, "principalOrgID"),
        ({"EventSourceToken": "a b"}, "eventSourceToken"),
        ({"FunctionUrlAuthType": "SOME"}, "functionUrlAuthType"),
        ({"Qualifier": "a b"}, "qualifier"),
    ],
)
def test_members_that_break_the_rules_are_named(functions, unchecked, deploy, members, member):
    name = deploy(source(1))
    valid = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "*"}
    status, code, message = refusal(unchecked.add_permission, FunctionName=name, **valid | members)
    assert (status, code) == (400, "ValidationException")
    assert f"' at '{member}' failed to satisfy constraint: " in message


def test_what_is_not_there_is_not_found(functions, deploy):
    name = deploy(source(1))
    statement = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "*"}
    nobody = (404, "ResourceNotFoundException", f"Function not found: {ARN}nobody")
    assert refusal(functions.get_policy, FunctionName="nobody") == nobody
    assert refusal(functions.add_permission, FunctionName="nobody", **statement) == nobody
    assert refusal(functions.remove_permission, FunctionName="nobody", StatementId="a") == (
        404,
        "ResourceNotFoundException",
        f"No policy found for: {ARN}nobody",
    )
    for qualifier, message in (
        ("7", f"Function not found: {ARN}{name}:7"),
        ("nothing", f"Cannot find alias arn: {ARN}{name}:nothing"),
        ("no$thing", f"Function not found: {ARN}{name}:no$thing"),
    ):
        expected = (404, "ResourceNotFoundException", message)
        members = {"FunctionName": name, "Qualifier": qualifier}
        assert refusal(functions.add_permission, **members, **statement) == expected
        assert refusal(functions.get_policy, **members) == expected
        assert refusal(functions.remove_permission, StatementId="a", **members) == expected
    assert refusal(functions.get_policy, FunctionName=name) == NO_RESOURCE
    assert refusal(functions.remove_permission, FunctionName=name, StatementId="a") == NO_POLICY
    allow(functions, name)
    assert refusal(functions.remove_permission, FunctionName=name, StatementId="a") == (
        404,
        "ResourceNotFoundException",
        "Statement a is not found in resource policy.",
    )
    removed = functions.remove_permission(FunctionName=name, StatementId="one")
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_policy_of_more_than_20_kb_is_refused(functions, deploy):
    name = deploy(source(1))
    arn = "arn:aws:s3:::" + "b" * 9000
    allow(functions, name, "a", SourceArn=arn)
    allow(functions, name, "b", SourceArn=arn)
    before = functions.get_policy(FunctionName=name)
    members = {"Action": "lambda:InvokeFunction", "Principal": "*", "SourceArn": arn}
    status, code, message = refusal(
        functions.add_permission, FunctionName=name, StatementId="c", **members
    )
    assert (status, code) == (400, "PolicyLengthExceededException")
    assert message.endswith("is bigger than the limit (20480).")
    after = functions.get_policy(FunctionName=name)
    assert (after["Policy"], after["RevisionId"]) == (before["Policy"], before["RevisionId"])


def test_statements_that_are_added_at_once_are_all_kept(functions, deploy):
    name = deploy(source(1))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: allow(functions, name, f"s{number}"), range(16)))
    sids = {each["Sid"] for each in statements(functions, name)}
    assert sids == {f"s{number}" for number in range(16)}
