"""Inline and managed policies, their versions and attachments, over HTTP."""

import json

import pytest

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT, ALLOW_ALL, sized

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
KINDS = ["user", "group", "role"]


@pytest.fixture
def bearers(user, group, role):
    """A user, a group and a role of the same name, by kind, as requests name them."""
    return {
        "user": {"UserName": user},
        "group": {"GroupName": group},
        "role": {"RoleName": role},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_inline_policies_are_put_told_listed_and_deleted(iam, bearers, kind):
    who = bearers[kind]
    get, put = getattr(iam, f"get_{kind}_policy"), getattr(iam, f"put_{kind}_policy")
    list_all, delete = getattr(iam, f"list_{kind}_policies"), getattr(iam, f"delete_{kind}_policy")
    put(**who, PolicyName="b", PolicyDocument=ALLOW_ALL)
    put(**who, PolicyName="a", PolicyDocument=ALLOW_ALL)
    changed = ALLOW_ALL.replace("Allow", "Deny")
    put(**who, PolicyName="a", PolicyDocument=changed)
    assert get(**who, PolicyName="a")["PolicyDocument"] == json.loads(changed)
    assert list_all(**who)["PolicyNames"] == ["a", "b"]
    page = list_all(**who, MaxItems=1)
    assert (page["PolicyNames"], page["IsTruncated"]) == (["a"], True)
    assert list_all(**who, Marker=page["Marker"])["PolicyNames"] == ["b"]
    delete(**who, PolicyName="a")
    missing = 404, "NoSuchEntity", f"The {kind} policy with name a cannot be found."
    assert refusal(get, **who, PolicyName="a") == missing
    assert refusal(delete, **who, PolicyName="a") == missing
    assert list_all(**who)["PolicyNames"] == ["b"]


@pytest.mark.parametrize(("kind", "limit"), [("user", 2048), ("group", 5120), ("role", 10240)])
def test_inline_policies_have_a_size_together(iam, bearers, name, kind, limit):
    put = getattr(iam, f"put_{kind}_policy")
    half = sized(limit // 2)
    put(**bearers[kind], PolicyName="a", PolicyDocument=json.dumps(json.loads(half), indent=9))
    put(**bearers[kind], PolicyName="b", PolicyDocument=sized(limit - limit // 2))
    long = sized(limit - limit // 2 + 1)
    assert refusal(put, **bearers[kind], PolicyName="b", PolicyDocument=long) == (
        409,
        "LimitExceeded",
        f"Maximum policy size of {limit} bytes exceeded for {kind} {name}",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_managed_policies_are_attached_listed_and_detached(iam, bearers, policy, name, kind):
    who = bearers[kind]
    attach, detach = getattr(iam, f"attach_{kind}_policy"), getattr(iam, f"detach_{kind}_policy")
    list_all = getattr(iam, f"list_attached_{kind}_policies")
    assert list_all(**who)["AttachedPolicies"] == []
    for arn in (policy, BASIC, BASIC):
        attach(**who, PolicyArn=arn)
    assert list_all(**who)["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC},
        {"PolicyName": name, "PolicyArn": policy},
    ]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    only = list_all(**who, PathPrefix="/service-role/")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in only] == [BASIC]
    assert refusal(iam.delete_policy, PolicyArn=policy) == (
        409,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    detach(**who, PolicyArn=policy)
    assert refusal(detach, **who, PolicyArn=policy) == (
        404,
        "NoSuchEntity",
        f"Policy {policy} was not found.",
    )
    missing = f"arn:aws:iam::{ACCOUNT}:policy/nonexistent"
    assert refusal(attach, **who, PolicyArn=missing) == (
        404,
        "NoSuchEntity",
        f"Policy {missing} does not exist or is not attachable.",
    )
    assert refusal(attach, **who, PolicyArn="longpolicynamebutnoarn") == (
        400,
        "ValidationError",
        "ARN longpolicynamebutnoarn is not valid.",
    )
    service_only = "arn:aws:iam::aws:policy/aws-service-role/AWSLambdaReplicator"
    assert refusal(attach, **who, PolicyArn=service_only)[:2] == (400, "PolicyNotAttachable")


@pytest.mark.parametrize("kind", KINDS)
def test_ten_managed_policies_are_the_most(iam, bearers, kind):
    attach = getattr(iam, f"attach_{kind}_policy")
    some = iam.list_policies(Scope="AWS", PathPrefix="/job-function/")["Policies"]
    some += iam.list_policies(Scope="AWS", PathPrefix="/service-role/")["Policies"]
    for each in some[:10]:
        attach(**bearers[kind], PolicyArn=each["Arn"])
    assert refusal(attach, **bearers[kind], PolicyArn=some[10]["Arn"]) == (
        409,
        "LimitExceeded",
        f"Cannot exceed quota for PoliciesPer{kind.capitalize()}: 10",
    )


def test_a_managed_policy_is_described_as_aws_does(iam, name):
    made = iam.create_policy(
        PolicyName=name,
        Path="/test/path/",
        PolicyDocument=ALLOW_ALL,
        Description="told only when asked for",
        Tags=[{"Key": "b", "Value": ""}, {"Key": "B", "Value": "x"}],
    )["Policy"]
    assert made.pop("Tags") == [{"Key": "B", "Value": "x"}, {"Key": "b", "Value": ""}]
    assert made.pop("PolicyId").startswith("ANPA")
    assert made.pop("CreateDate") == made.pop("UpdateDate")
    assert made == {
        "PolicyName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/test/path/{name}",
        "Path": "/test/path/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
    }
    found = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert found["Description"] == "told only when asked for"
    assert len(found["Tags"]) == 2
    listed = iam.list_policies(Scope="Local", PathPrefix="/test/")["Policies"]
    assert made["Arn"] in [each["Arn"] for each in listed]
    taken = refusal(iam.create_policy, PolicyName=name, PolicyDocument=ALLOW_ALL)
    assert taken == (
        409,
        "EntityAlreadyExists",
        f"A policy called {name} already exists. Duplicate names are not allowed.",
    )
    iam.delete_policy(PolicyArn=made["Arn"])
    gone = 404, "NoSuchEntity", f"Policy {made['Arn']} was not found."
    assert refusal(iam.get_policy, PolicyArn=made["Arn"]) == gone


def test_versions_come_count_and_go(iam, policy):
    second = ALLOW_ALL.replace("s3:GetObject", "s3:PutObject")
    made = iam.create_policy_version(PolicyArn=policy, PolicyDocument=second, SetAsDefault=True)[
        "PolicyVersion"
    ]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", True)
    assert "Document" not in made
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    versions = iam.list_policy_versions(PolicyArn=policy)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in versions] == [
        ("v3", False),
        ("v2", True),
        ("v1", False),
    ]
    found = iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]
    assert found["Document"] == json.loads(second)
    default = 409, "DeleteConflict", "Cannot delete the default version of a policy."
    assert refusal(iam.delete_policy_version, PolicyArn=policy, VersionId="v2") == default
    assert refusal(iam.delete_policy, PolicyArn=policy)[:2] == (409, "DeleteConflict")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v1"
    iam.delete_policy_version(PolicyArn=policy, VersionId="v3")
    iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    assert (
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)["PolicyVersion"][
            "VersionId"
        ]
        == "v4"
    )


def test_five_versions_are_the_most(iam, policy):
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    assert refusal(iam.create_policy_version, PolicyArn=policy, PolicyDocument=ALLOW_ALL) == (
        409,
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must "
        "delete an existing version.",
    )


def test_versions_that_are_not_there_are_named(iam, policy):
    for call in (
        iam.get_policy_version,
        iam.delete_policy_version,
        iam.set_default_policy_version,
    ):
        for arn, version in (
            (policy, "v9"),
            (f"arn:aws:iam::{ACCOUNT}:policy/TestNonExistingPolicy", "v1"),
        ):
            assert refusal(call, PolicyArn=arn, VersionId=version) == (
                404,
                "NoSuchEntity",
                f"Policy {arn} version {version} does not exist or is not attachable.",
            )
        assert refusal(call, PolicyArn=policy, VersionId="wrong") == (
            400,
            "ValidationError",
            "1 validation error detected: Value at 'versionId' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
        )


def test_a_managed_policy_has_6144_characters_at_most(iam, policy, name):
    iam.create_policy(
        PolicyName=f"{name}-long", PolicyDocument=json.dumps(json.loads(sized(6144)), indent=40)
    )
    long = 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"
    assert refusal(iam.create_policy, PolicyName=f"{name}-2", PolicyDocument=sized(6145)) == long
    assert refusal(iam.create_policy_version, PolicyArn=policy, PolicyDocument=sized(6145)) == long


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("nonsense", "Syntax errors in policy."),
        ('{"Version": "2012-10-17"}', "Syntax errors in policy."),
        (
            ALLOW_ALL.replace("s3:GetObject", "GetObject"),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (ALLOW_ALL.replace('"*"', '"b"'), 'Resource b must be in ARN format or "*".'),
    ],
)
def test_malformed_documents_are_refused_in_awss_words(iam, user, policy, name, document, message):
    malformed = 400, "MalformedPolicyDocument", message
    for call, more in (
        (iam.create_policy, {"PolicyName": f"{name}-2"}),
        (iam.create_policy_version, {"PolicyArn": policy}),
        (iam.put_user_policy, {"UserName": user, "PolicyName": "p"}),
    ):
        assert refusal(call, PolicyDocument=document, **more) == malformed


@pytest.mark.parametrize("older", ['"Version": "2008-10-17", ', ""])
def test_managed_policies_are_of_the_newest_version_and_inline_ones_need_not_be(
    iam, user, policy, name, older
):
    document = ALLOW_ALL.replace('"Version": "2012-10-17", ', older)
    assert document != ALLOW_ALL
    message = "Policy document must be version 2012-10-17 or greater."
    for call, more in (
        (iam.create_policy, {"PolicyName": f"{name}-2"}),
        (iam.create_policy_version, {"PolicyArn": policy}),
    ):
        assert refusal(call, PolicyDocument=document, **more) == (
            400,
            "MalformedPolicyDocument",
            message,
        )
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)


def test_awss_policies_are_there_under_their_real_arns_and_nobody_changes_them(iam):
    for arn in (
        BASIC,
        "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaRole",
        "arn:aws:iam::aws:policy/AWSLambda_FullAccess",
        "arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/PowerUserAccess",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/AmazonS3FullAccess",
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess",
        "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess",
        "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
    ):
        found = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
        assert version["PolicyVersion"]["Document"]["Version"] == "2012-10-17"
    for call, more in (
        (iam.delete_policy, {}),
        (iam.create_policy_version, {"PolicyDocument": ALLOW_ALL}),
        (iam.delete_policy_version, {"VersionId": "v1"}),
        (iam.set_default_policy_version, {"VersionId": "v1"}),
        (iam.tag_policy, {"Tags": []}),
        (iam.untag_policy, {"TagKeys": []}),
    ):
        status, code, message = refusal(call, PolicyArn=BASIC, **more)
        assert (status, code) == (403, "AccessDenied")
        assert message.startswith(f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform")


def test_policies_are_listed_by_who_uses_them(iam, user, role, policy):
    iam.attach_user_policy(UserName=user, PolicyArn=BASIC)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)

    def listed(**request):
        found = []
        for page in iam.get_paginator("list_policies").paginate(**request):
            found += [each["Arn"] for each in page["Policies"]]
        return found

    assert BASIC in listed(OnlyAttached=True)
    assert policy not in listed(OnlyAttached=True)
    assert policy in listed(PolicyUsageFilter="PermissionsBoundary")
    assert BASIC in listed(PolicyUsageFilter="PermissionsPolicy", Scope="AWS")
    assert BASIC not in listed(Scope="Local")
    every = listed()
    assert {policy, BASIC} <= set(every)
    assert len(every) == len(set(every)) > 1500


def test_those_who_have_a_policy_are_listed_by_kind(iam, user, group, role, policy):
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)

    def found(**request):
        answer = iam.list_entities_for_policy(PolicyArn=policy, **request)
        return (
            [each["UserName"] for each in answer["PolicyUsers"]],
            [each["GroupName"] for each in answer["PolicyGroups"]],
            [each["RoleName"] for each in answer["PolicyRoles"]],
        )

    assert found() == ([user], [group], [role])
    assert found(EntityFilter="Group") == ([], [group], [])
    assert found(PolicyUsageFilter="PermissionsBoundary") == ([], [], [role])
    assert found(PolicyUsageFilter="PermissionsPolicy", EntityFilter="User") == ([user], [], [])
    assert found(PathPrefix="/none/") == ([], [], [])


def test_tags_of_policies_know_case(iam, policy):
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    page = iam.list_policy_tags(PolicyArn=policy, MaxItems=1)
    assert (page["Tags"], page["IsTruncated"]) == ([{"Key": "A", "Value": "2"}], True)
    rest = iam.list_policy_tags(PolicyArn=policy, Marker=page["Marker"])
    assert rest["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "A", "Value": "2"}]
    twice = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    assert refusal(iam.tag_policy, PolicyArn=policy, Tags=twice) == (
        400,
        "InvalidInput",
        "Duplicate tag keys found.",
    )
