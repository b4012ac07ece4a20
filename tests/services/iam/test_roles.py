"""Roles, service-linked roles and permissions boundaries, over HTTP."""

import json

import pytest

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT, ALLOW_ALL, TRUST_LAMBDA, trusting


def no_role(name):
    return 404, "NoSuchEntity", f"The role with name {name} cannot be found."


def test_a_role_is_described_as_aws_does(iam, name):
    made = iam.create_role(
        RoleName=name,
        Path="/service-role/",
        AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA, indent=2),
        Description="for a function",
        MaxSessionDuration=7200,
        Tags=[{"Key": "k", "Value": "v"}],
    )["Role"]
    assert made["RoleId"].startswith("AROA")
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/service-role/{name}"
    assert made["AssumeRolePolicyDocument"] == TRUST_LAMBDA
    assert "Description" not in made
    assert "MaxSessionDuration" not in made
    found = iam.get_role(RoleName=name)["Role"]
    assert found == made | {
        "Description": "for a function",
        "MaxSessionDuration": 7200,
        "RoleLastUsed": {},
    }
    [listed] = [
        each
        for each in iam.list_roles(PathPrefix="/service-role/")["Roles"]
        if each["RoleName"] == name
    ]
    assert set(found) - set(listed) == {"RoleLastUsed", "Tags"}
    taken = refusal(
        iam.create_role, RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA)
    )
    assert taken == (409, "EntityAlreadyExists", f"Role with name {name} already exists.")


def test_a_role_is_updated(iam, role):
    iam.update_role(RoleName=role, Description="new", MaxSessionDuration=43200)
    iam.update_role(RoleName=role)
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("new", 43200)
    answer = iam.update_role_description(RoleName=role, Description="newer")["Role"]
    assert answer["Description"] == "newer"
    assert "MaxSessionDuration" not in answer
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trusting(ACCOUNT))
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"]["AWS"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_session_longer_than_twelve_hours_is_refused(unchecked, name):
    long = refusal(
        unchecked.create_role,
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA),
        MaxSessionDuration=43201,
    )
    assert long == (
        400,
        "ValidationError",
        "1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: "
        "Member must have value less than or equal to 43200",
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{not-json}", "This policy contains invalid Json"),
        (ALLOW_ALL, "Missing required field Principal"),
        (
            json.dumps(TRUST_LAMBDA).replace('"Effect"', '"Resource": "*", "Effect"'),
            "Has prohibited field Resource",
        ),
        (
            json.dumps(TRUST_LAMBDA).replace("sts:AssumeRole", "s3:GetObject"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            trusting(f"arn:aws:iam::{ACCOUNT}:user/nobody"),
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/nobody"',
        ),
        (
            trusting(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/nothing"),
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:role/nothing"',
        ),
        (trusting("somebody"), 'Invalid principal in policy: "AWS":"somebody"'),
        (
            json.dumps(TRUST_LAMBDA).replace("lambda.amazonaws.com", "lambda"),
            'Invalid principal in policy: "SERVICE":"lambda"',
        ),
    ],
)
def test_what_is_no_trust_policy_is_refused_in_awss_words(iam, role, name, document, message):
    malformed = 400, "MalformedPolicyDocument", message
    new = {"RoleName": f"{name}-2", "AssumeRolePolicyDocument": document}
    assert refusal(iam.create_role, **new) == malformed
    changed = {"RoleName": role, "PolicyDocument": document}
    assert refusal(iam.update_assume_role_policy, **changed) == malformed
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    assert trust == TRUST_LAMBDA


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        ACCOUNT,
        "arn:aws:iam::999999999999:root",
        "arn:aws:iam::999999999999:role/elsewhere",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s",
    ],
)
def test_who_can_be_there_is_trusted(iam, name, principal):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(principal))


def test_a_trust_policy_has_2048_characters_at_most(iam, name):
    def padded(length):
        trust = json.loads(json.dumps(TRUST_LAMBDA))
        trust["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": ""}}
        empty = json.dumps(trust, separators=(",", ":"))
        trust["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"] = "x" * (
            length - len(empty)
        )
        return json.dumps(trust, indent=4)

    iam.create_role(RoleName=name, AssumeRolePolicyDocument=padded(2048))
    long = {"RoleName": f"{name}-2", "AssumeRolePolicyDocument": padded(2049)}
    assert refusal(iam.create_role, **long) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


def test_a_role_goes_when_nothing_is_left(iam, role, policy, name):
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=ALLOW_ALL)
    for first, undo in (
        (
            "remove roles from instance profile",
            lambda: iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role),
        ),
        ("detach all policies", lambda: iam.detach_role_policy(RoleName=role, PolicyArn=policy)),
        ("delete policies", lambda: iam.delete_role_policy(RoleName=role, PolicyName="p")),
    ):
        assert refusal(iam.delete_role, RoleName=role) == (
            409,
            "DeleteConflict",
            f"Cannot delete entity, must {first} first.",
        )
        undo()
    iam.delete_role(RoleName=role)
    assert refusal(iam.get_role, RoleName=role) == no_role(role)


def test_what_is_not_there_is_named(iam):
    for call, more in (
        (iam.get_role, {}),
        (iam.update_role, {}),
        (iam.update_role_description, {"Description": ""}),
        (iam.update_assume_role_policy, {"PolicyDocument": json.dumps(TRUST_LAMBDA)}),
        (iam.delete_role, {}),
        (iam.list_role_policies, {}),
        (iam.list_attached_role_policies, {}),
        (iam.list_instance_profiles_for_role, {}),
        (iam.list_role_tags, {}),
        (iam.tag_role, {"Tags": []}),
        (iam.untag_role, {"TagKeys": []}),
        (iam.delete_service_linked_role, {}),
    ):
        assert refusal(call, RoleName="no-such-role", **more) == no_role("no-such-role")


def test_tags_of_roles_are_added_changed_and_removed(iam, role):
    iam.tag_role(RoleName=role, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    iam.tag_role(RoleName=role, Tags=[{"Key": "b", "Value": ""}])
    tags = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
    assert iam.list_role_tags(RoleName=role)["Tags"] == tags
    assert iam.get_role(RoleName=role)["Role"]["Tags"] == tags
    iam.untag_role(RoleName=role, TagKeys=["a", "b"])
    assert "Tags" not in iam.get_role(RoleName=role)["Role"]


def test_the_last_use_of_a_role_is_told(iam, role, iam_server):
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trusting(ACCOUNT))
    iam.put_role_policy(
        RoleName=role,
        PolicyName="p",
        PolicyDocument=ALLOW_ALL.replace("s3:GetObject", "iam:ListUsers"),
    )
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    # Root may not assume roles, a user may.
    iam.create_user(UserName=role)
    iam.put_user_policy(
        UserName=role,
        PolicyName="p",
        PolicyDocument=ALLOW_ALL.replace("s3:GetObject", "sts:AssumeRole"),
    )
    key = iam.create_access_key(UserName=role)["AccessKey"]
    sts = iam_server.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assumed = sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    session = iam_server.client(
        "iam",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    session.list_users()
    assert refusal(session.get_user)[:2] in {(403, "AccessDenied"), (400, "ValidationError")}
    used = iam.get_role(RoleName=role)["Role"]["RoleLastUsed"]
    assert used["Region"] == "us-east-1"
    assert used["LastUsedDate"].year >= 2024


def test_a_service_has_its_own_role_which_it_alone_changes(iam, policy):
    service = "replicator.lambda.amazonaws.com"
    role = iam.create_service_linked_role(AWSServiceName=service, Description="d")["Role"]
    name = role["RoleName"]
    assert role["Path"] == f"/aws-service-role/{service}/"
    assert name == "AWSServiceRoleForLambdaReplicator"
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AWSLambdaReplicator"]
    for call, more in (
        (iam.delete_role, {}),
        (iam.update_role, {"Description": "x"}),
        (iam.attach_role_policy, {"PolicyArn": policy}),
        (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": ALLOW_ALL}),
        (iam.put_role_permissions_boundary, {"PermissionsBoundary": policy}),
        (iam.tag_role, {"Tags": []}),
    ):
        assert refusal(call, RoleName=name, **more) == (
            400,
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{name}' - this role is only "
            "modifiable by AWS",
        )
    assert refusal(iam.create_service_linked_role, AWSServiceName=service) == (
        400,
        "InvalidInput",
        f"Service role name {name} has been taken in this account, please try a different suffix.",
    )
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/{service}/{name}/")
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert status["Status"] == "SUCCEEDED"
    assert refusal(iam.get_role, RoleName=name) == no_role(name)
    unknown = refusal(iam.get_service_linked_role_deletion_status, DeletionTaskId="x" * 20)
    assert unknown[:2] == (404, "NoSuchEntity")


def test_only_some_services_take_a_suffix(iam, name):
    role = iam.create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=name
    )["Role"]
    assert role["RoleName"] == f"AWSServiceRoleForAutoScaling_{name}"
    refused = refusal(
        iam.create_service_linked_role, AWSServiceName="rds.amazonaws.com", CustomSuffix="x"
    )
    assert refused == (400, "InvalidInput", "Custom suffix is not allowed for rds.amazonaws.com")
    unknown = refusal(iam.create_service_linked_role, AWSServiceName="nothing.amazonaws.com")
    assert unknown[:2] == (400, "InvalidInput")
    reserved = refusal(
        iam.create_role,
        RoleName=name,
        Path="/aws-service-role/x/",
        AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA),
    )
    assert reserved[:2] == (400, "InvalidInput")


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_permissions_boundary_is_put_shown_and_taken(iam, user, role, policy, kind):
    get = iam.get_user if kind == "user" else iam.get_role
    put = getattr(iam, f"put_{kind}_permissions_boundary")
    take = getattr(iam, f"delete_{kind}_permissions_boundary")
    who = {f"{kind.capitalize()}Name": user if kind == "user" else role}
    put(**who, PermissionsBoundary=policy)
    assert get(**who)[kind.capitalize()]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": policy,
    }
    assert iam.get_policy(PolicyArn=policy)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    assert refusal(iam.delete_policy, PolicyArn=policy)[:2] == (409, "DeleteConflict")
    take(**who)
    assert "PermissionsBoundary" not in get(**who)[kind.capitalize()]
    assert refusal(take, **who)[:2] == (404, "NoSuchEntity")
    wrong = f"arn:aws:iam::{ACCOUNT}:not_a_policy/invalid"
    assert refusal(put, **who, PermissionsBoundary=wrong) == (
        400,
        "InvalidInput",
        f"ARN {wrong} is not valid.",
    )
    missing = f"arn:aws:iam::{ACCOUNT}:policy/nothing"
    assert refusal(put, **who, PermissionsBoundary=missing) == (
        404,
        "NoSuchEntity",
        f"Scope ARN: {missing} does not exist or is not attachable.",
    )


def test_users_and_roles_can_be_made_with_a_boundary(iam, policy, name):
    made = iam.create_user(UserName=f"{name}-b", PermissionsBoundary=policy)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    made = iam.create_role(
        RoleName=f"{name}-b",
        AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA),
        PermissionsBoundary=policy,
    )["Role"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
