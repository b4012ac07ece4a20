"""SimulateCustomPolicy, SimulatePrincipalPolicy, and the context keys that they take."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.identities import User, allow, deny, document, make_policy, make_role
from tests.services.iam.conftest import ACCOUNT

BUCKET = "arn:aws:s3:::b"
OTHER = "111111111111"


def custom(iam: Any, *statements: dict[str, Any], **members: Any) -> Any:
    members.setdefault("ActionNames", ["s3:GetObject"])
    return iam.simulate_custom_policy(PolicyInputList=[document(*statements)], **members)


def decisions(answer: Any) -> list[tuple[str, str, str]]:
    return [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"])
        for each in answer["EvaluationResults"]
    ]


def test_each_action_is_simulated_on_each_resource(iam):
    answer = custom(
        iam,
        allow("s3:Get*", f"{BUCKET}/*"),
        deny("s3:*", f"{BUCKET}/secret"),
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=[f"{BUCKET}/k", f"{BUCKET}/secret"],
    )
    assert decisions(answer) == [
        ("s3:GetObject", f"{BUCKET}/k", "allowed"),
        ("s3:GetObject", f"{BUCKET}/secret", "explicitDeny"),
        ("s3:PutObject", f"{BUCKET}/k", "implicitDeny"),
        ("s3:PutObject", f"{BUCKET}/secret", "explicitDeny"),
    ]
    assert answer["IsTruncated"] is False
    first = answer["EvaluationResults"][0]
    (specific,) = first["ResourceSpecificResults"]
    assert specific["EvalResourceName"] == f"{BUCKET}/k"
    assert specific["EvalResourceDecision"] == "allowed"
    assert specific["MatchedStatements"] == first["MatchedStatements"]


def test_the_statements_that_decide_are_told_with_their_places(iam):
    text = json.dumps(json.loads(document(allow("s3:GetObject"))), indent=4)
    answer = iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])
    (result,) = answer["EvaluationResults"]
    assert result["EvalResourceName"] == "*"
    assert result["MatchedStatements"] == [
        {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 3, "Column": 19},
            "EndPosition": {"Line": 8, "Column": 10},
        }
    ]
    assert "ResourceSpecificResults" not in result


def test_condition_keys_are_those_that_are_given_and_the_others_are_told(iam):
    late = allow("s3:*", Condition={"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})
    (result,) = custom(iam, late)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:CurrentTime"]
    entry = {
        "ContextKeyName": "aws:CurrentTime",
        "ContextKeyType": "date",
        "ContextKeyValues": ["2026-06-01T00:00:00Z"],
    }
    (result,) = custom(iam, late, ContextEntries=[entry])["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])


def test_a_boundary_bounds(iam):
    boundary = [document(allow("s3:GetObject"))]
    answer = custom(
        iam,
        allow("s3:*"),
        ActionNames=["s3:GetObject", "s3:PutObject"],
        PermissionsBoundaryPolicyInputList=boundary,
    )
    found = [
        (each["EvalDecision"], each["PermissionsBoundaryDecisionDetail"])
        for each in answer["EvaluationResults"]
    ]
    assert found == [
        ("allowed", {"AllowedByPermissionsBoundary": True}),
        ("implicitDeny", {"AllowedByPermissionsBoundary": False}),
    ]


def test_a_resource_s_policy_counts_for_the_caller_that_is_named(iam):
    user = f"arn:aws:iam::{ACCOUNT}:user/anna"
    policy = document({**allow("s3:GetObject", f"{BUCKET}/*"), "Principal": {"AWS": user}})
    members = {"ResourceArns": [f"{BUCKET}/k"], "ResourcePolicy": policy, "CallerArn": user}
    (result,) = custom(iam, allow("sqs:*"), **members)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    (statement,) = result["MatchedStatements"]
    assert statement["SourcePolicyId"] == "ResourcePolicy"
    members["ResourceOwner"] = f"arn:aws:iam::{OTHER}:root"
    (result,) = custom(iam, allow("sqs:*"), **members)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalDecisionDetails"] == {
        "IAM Policy": "implicitDeny",
        "Resource Policy": "allowed",
    }
    (result,) = custom(iam, allow("s3:*"), **members)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"


def test_service_control_policies_bound_too(iam):
    levels = [
        {"ServiceControlPolicyInputList": [document(allow("*"))]},
        {"ServiceControlPolicyInputList": [document(allow("sqs:*"))]},
    ]
    (result,) = custom(iam, allow("*"), OrderedOrganizationPolicyInputList=levels)[
        "EvaluationResults"
    ]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_a_user_has_its_own_policies_and_those_of_its_groups(iam, iam_server):
    user = User(iam_server, allow("s3:GetObject"))
    iam.create_group(GroupName=user.name)
    managed = make_policy(iam_server, allow("s3:PutObject"))
    iam.attach_group_policy(GroupName=user.name, PolicyArn=managed)
    iam.add_user_to_group(GroupName=user.name, UserName=user.name)
    members = {"ActionNames": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]}
    answer = iam.simulate_principal_policy(PolicySourceArn=user.arn, **members)
    sources = [
        [each["SourcePolicyId"] for each in result["MatchedStatements"]]
        for result in answer["EvaluationResults"]
    ]
    assert sources == [["p"], [managed.rpartition("/")[2]], []]
    answer = iam.simulate_principal_policy(
        PolicySourceArn=user.arn, PolicyInputList=[document(allow("s3:ListBucket"))], **members
    )
    assert [each[2] for each in decisions(answer)] == ["allowed"] * 3
    group = iam.get_group(GroupName=user.name)["Group"]["Arn"]
    answer = iam.simulate_principal_policy(PolicySourceArn=group, **members)
    assert [each[2] for each in decisions(answer)] == ["implicitDeny", "allowed", "implicitDeny"]


def test_policies_may_be_left_out(iam, iam_server):
    user = User(iam_server, allow("s3:GetObject"))
    managed = make_policy(iam_server, allow("s3:GetObject"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=managed)
    inline = {"PolicyName": "p", "AttachmentType": "user", "AttachmentName": user.name}
    for excluded, left in (
        ([{"PolicyType": "inline"}], [managed.rpartition("/")[2]]),
        ([{"PolicyArn": managed}], ["p"]),
        ([{"InlinePolicyIdentifier": inline}, {"PolicyType": "user-managed"}], []),
    ):
        (result,) = iam.simulate_principal_policy(
            PolicySourceArn=user.arn, ActionNames=["s3:GetObject"], PolicyExclusionList=excluded
        )["EvaluationResults"]
        assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == left


def test_a_role_s_own_boundary_counts(iam, iam_server):
    role = make_role(iam_server, allow("s3:*"))
    boundary = make_policy(iam_server, allow("s3:Get*"))
    iam.put_role_permissions_boundary(
        RoleName=role.rpartition("/")[2], PermissionsBoundary=boundary
    )
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:GetObject", "s3:PutObject"]
    )
    assert [each[2] for each in decisions(answer)] == ["allowed", "implicitDeny"]
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=role)
    assert keys["ContextKeyNames"] == []


def test_what_was_simulated_is_what_happens(iam, iam_server):
    name = "${aws:username}"
    user = User(iam_server, allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/{name}"))
    other = User(iam_server)
    for arn, expected in ((user.arn, "allowed"), (other.arn, "implicitDeny")):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=user.arn, ActionNames=["iam:GetUser"], ResourceArns=[arn]
        )
        assert decisions(answer)[0][2] == expected
    own = user.client("iam")
    own.get_user(UserName=user.name)
    assert refusal(own.get_user, UserName=other.name)[1] == "AccessDenied"


def test_the_context_keys_of_policies_are_told_once_each(iam):
    keys = iam.get_context_keys_for_custom_policy(
        PolicyInputList=[
            document(allow("s3:*", f"{BUCKET}/${{aws:username}}/*")),
            document(
                allow("s3:*", Condition={"StringLike": {"AWS:UserName": "a", "s3:prefix": "b"}})
            ),
        ]
    )["ContextKeyNames"]
    assert keys == ["aws:username", "s3:prefix"]


def test_results_come_in_pages(iam):
    members = {"ActionNames": [f"s3:Get{n}" for n in range(5)], "MaxItems": 2}
    answer = custom(iam, allow("s3:*"), **members)
    found = decisions(answer)
    while answer["IsTruncated"]:
        answer = custom(iam, allow("s3:*"), Marker=answer["Marker"], **members)
        assert len(answer["EvaluationResults"]) <= 2
        found += decisions(answer)
    assert [each[0] for each in found] == members["ActionNames"]


ENTRY = {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"PolicyInputList": ["{"]}, "Invalid policy in PolicyInputList.1: "),
        ({"ResourceArns": ["x", "*"]}, "ResourceNames are not in a valid ARN format: x."),
        ({"ActionNames": ["GetObject"]}, "ActionNames are not in a valid format: GetObject."),
        ({"ResourceOwner": "123456789012"}, "'123456789012' is not a valid as a Resource Owner."),
        ({"CallerArn": f"arn:aws:iam::{ACCOUNT}:role/r"}, "Invalid Entity Arn: "),
        ({"ResourcePolicy": "{"}, "CallerArn is required when ResourcePolicy is given."),
        (
            {"ResourcePolicy": "{", "CallerArn": f"arn:aws:iam::{ACCOUNT}:user/u"},
            "Invalid policy in ResourcePolicy: ",
        ),
        ({"PermissionsBoundaryPolicyInputList": [document(allow("*"))] * 2}, "Only one "),
        ({"ContextEntries": [{**ENTRY, "ContextKeyValues": ["maybe"]}]}, "The value maybe "),
        (
            {"ContextEntries": [{**ENTRY, "ContextKeyValues": ["true", "false"]}]},
            "The context key ",
        ),
    ],
)
def test_bad_input_is_refused_by_name(iam, members, message):
    given = {"PolicyInputList": [document(allow("*"))], "ActionNames": ["s3:GetObject"], **members}
    status, code, text = refusal(iam.simulate_custom_policy, **given)
    assert (status, code) == (400, "InvalidInput")
    assert text.startswith(message)


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/nobody", "NoSuchEntity", "The user with name nobody "),
        (
            f"arn:aws:iam::{ACCOUNT}:role/p/x",
            "NoSuchEntity",
            "The role with name x cannot be found.",
        ),
        (f"arn:aws:iam::{OTHER}:role/x", "AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:root "),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", "InvalidInput", "Invalid Entity Arn: "),
    ],
)
def test_whose_policies_are_simulated_must_be_there(iam, arn, code, message):
    for call in (iam.simulate_principal_policy, iam.get_context_keys_for_principal_policy):
        members = {"ActionNames": ["s3:GetObject"]} if call == iam.simulate_principal_policy else {}
        found = refusal(call, PolicySourceArn=arn, **members)
        assert found[1] == code
        assert found[2].startswith(message)
