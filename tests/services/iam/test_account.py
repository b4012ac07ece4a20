"""What there is once an account, over HTTP; on a server of its own, for others would disturb it."""

import json

import pytest

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT, ALLOW_ALL, TRUST_LAMBDA

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    from tests.e2e.server import Server

    running = Server(tmp_path_factory.mktemp("alone") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def own(alone):
    return alone.client("iam")


def test_an_alias_comes_is_replaced_and_goes(own):
    assert own.list_account_aliases()["AccountAliases"] == []
    own.create_account_alias(AccountAlias="first")
    own.create_account_alias(AccountAlias="second")
    assert own.list_account_aliases()["AccountAliases"] == ["second"]
    missing = 404, "NoSuchEntity", "The account alias with name first cannot be found."
    assert refusal(own.delete_account_alias, AccountAlias="first") == missing
    own.delete_account_alias(AccountAlias="second")
    assert own.list_account_aliases()["AccountAliases"] == []


def test_a_password_policy_has_awss_defaults_and_holds(own):
    missing = (
        404,
        "NoSuchEntity",
        f"The Password Policy with domain name {ACCOUNT} cannot be found.",
    )
    assert refusal(own.get_account_password_policy) == missing
    assert refusal(own.delete_account_password_policy) == (
        404,
        "NoSuchEntity",
        "The account policy with name PasswordPolicy cannot be found.",
    )
    own.update_account_password_policy()
    assert own.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 6,
        "RequireSymbols": False,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
    }
    own.create_user(UserName="weak")
    own.create_login_profile(UserName="weak", Password="weaker")
    custom = {
        "MinimumPasswordLength": 10,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True,
        "MaxPasswordAge": 60,
        "PasswordReusePrevention": 3,
        "HardExpiry": True,
    }
    own.update_account_password_policy(**custom)
    assert own.get_account_password_policy()["PasswordPolicy"] == {
        **custom,
        "ExpirePasswords": True,
    }
    for password in ("Sh0rt!", "l0ng-enough", "LONG-EN0UGH", "Long-enough", "Long0enough"):
        refused = refusal(own.update_login_profile, UserName="weak", Password=password)
        assert refused[:2] == (400, "PasswordPolicyViolation")
    own.update_login_profile(UserName="weak", Password="L0ng-enough")
    own.delete_account_password_policy()
    assert refusal(own.get_account_password_policy) == missing


def test_the_summary_counts(own):
    before = own.get_account_summary()["SummaryMap"]
    own.create_user(UserName="counted")
    own.create_group(GroupName="counted")
    own.create_role(RoleName="counted", AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    own.create_policy(PolicyName="counted", PolicyDocument=ALLOW_ALL)
    own.create_instance_profile(InstanceProfileName="counted")
    own.create_open_id_connect_provider(Url="https://counted.example.com")
    own.create_virtual_mfa_device(VirtualMFADeviceName="counted")
    after = own.get_account_summary()["SummaryMap"]
    grown = {name for name in after if after[name] == before[name] + 1}
    assert grown == {
        "Users",
        "Groups",
        "Roles",
        "Policies",
        "PolicyVersionsInUse",
        "InstanceProfiles",
        "Providers",
        "MFADevices",
    }
    assert after["UsersQuota"] == 5000
    assert {name for name in after if after[name] != before[name]} == grown


def test_everything_is_told_in_one_list(own):
    own.create_group(GroupName="details")
    own.create_user(UserName="details", Tags=[{"Key": "k", "Value": "v"}])
    own.add_user_to_group(UserName="details", GroupName="details")
    own.put_user_policy(UserName="details", PolicyName="p", PolicyDocument=ALLOW_ALL)
    own.create_role(RoleName="details", AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    own.attach_role_policy(RoleName="details", PolicyArn=BASIC)
    own.create_policy(PolicyName="details", PolicyDocument=ALLOW_ALL)
    lists = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    pages = 0
    for page in own.get_paginator("get_account_authorization_details").paginate(
        PaginationConfig={"PageSize": 3}
    ):
        pages += 1
        for each, found in lists.items():
            found += page[each]
    assert pages > 1

    def the(kind, name):
        [one] = [each for each in lists[f"{kind}DetailList"] if each[f"{kind}Name"] == name]
        return one

    user = the("User", "details")
    assert (user["GroupList"], user["Tags"]) == (["details"], [{"Key": "k", "Value": "v"}])
    assert user["UserPolicyList"] == [{"PolicyName": "p", "PolicyDocument": json.loads(ALLOW_ALL)}]
    role = the("Role", "details")
    assert role["AttachedManagedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}
    ]
    assert role["AssumeRolePolicyDocument"] == TRUST_LAMBDA
    assert the("Group", "details")["GroupPolicyList"] == []
    policies = {each["Arn"]: each for each in lists["Policies"]}
    having = [
        each
        for each in lists["RoleDetailList"]
        if BASIC in {attached["PolicyArn"] for attached in each["AttachedManagedPolicies"]}
    ]
    assert policies[BASIC]["AttachmentCount"] == len(having)
    own_policy = policies[f"arn:aws:iam::{ACCOUNT}:policy/details"]
    [version] = own_policy["PolicyVersionList"]
    assert (version["VersionId"], version["Document"]) == ("v1", json.loads(ALLOW_ALL))
    only = own.get_account_authorization_details(Filter=["Group"])
    assert only["GroupDetailList"]
    assert not only["UserDetailList"] + only["RoleDetailList"] + only["Policies"]
