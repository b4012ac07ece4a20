"""Users, over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT, ALLOW_ALL, trusting


def no_user(name):
    return 404, "NoSuchEntity", f"The user with name {name} cannot be found."


def test_a_user_is_described_as_aws_does(iam, name):
    made = iam.create_user(
        UserName=name,
        Path="/a/b/",
        Tags=[{"Key": "team", "Value": "red"}, {"Key": "x", "Value": ""}],
    )["User"]
    assert made.pop("CreateDate").microsecond == 0
    assert made.pop("UserId").startswith("AIDA")
    assert made == {
        "Path": "/a/b/",
        "UserName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/a/b/{name}",
        "Tags": [{"Key": "team", "Value": "red"}, {"Key": "x", "Value": ""}],
    }
    found = iam.get_user(UserName=name)["User"]
    assert len(found["UserId"]) == 21
    assert found | made == found
    [listed] = iam.list_users(PathPrefix="/a/b")["Users"][:1]
    assert listed == {key: value for key, value in found.items() if key != "Tags"}


def test_names_differ_by_more_than_their_case(iam, user):
    taken = refusal(iam.create_user, UserName=user.lower())
    assert taken == (409, "EntityAlreadyExists", f"User with name {user.lower()} already exists.")
    assert iam.get_user(UserName=user.lower())["User"]["UserName"] == user


def test_without_a_name_the_caller_is_told(iam, user, client_of):
    root = iam.get_user()["User"]
    assert (root["UserId"], root["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    iam.put_user_policy(
        UserName=user,
        PolicyName="all",
        PolicyDocument=ALLOW_ALL.replace("s3:GetObject", "iam:*"),
    )
    own = client_of(user)
    assert own.get_user()["User"]["UserName"] == user
    made = own.create_access_key()["AccessKey"]
    assert made["UserName"] == user
    ids = {each["AccessKeyId"] for each in own.list_access_keys()["AccessKeyMetadata"]}
    assert made["AccessKeyId"] in ids
    own.delete_access_key(AccessKeyId=made["AccessKeyId"])


def test_a_renamed_user_keeps_what_is_its_own(iam, user, group, name, client_of):
    new = f"{name}-new"
    unique_id = iam.get_user(UserName=user)["User"]["UserId"]
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.create_login_profile(UserName=user, Password="Correct-horse-7")
    sts = client_of(user, "sts")
    iam.update_user(UserName=user, NewUserName=new, NewPath="/moved/")
    assert refusal(iam.get_user, UserName=user) == no_user(user)
    found = iam.get_user(UserName=new)["User"]
    assert (found["UserId"], found["Path"]) == (unique_id, "/moved/")
    assert found["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/moved/{new}"
    assert sts.get_caller_identity()["Arn"] == found["Arn"]
    [key] = iam.list_access_keys(UserName=new)["AccessKeyMetadata"]
    assert key["UserName"] == new
    assert iam.get_login_profile(UserName=new)["LoginProfile"]["UserName"] == new
    assert [each["UserName"] for each in iam.get_group(GroupName=group)["Users"]] == [new]


def test_a_user_cannot_get_the_name_of_another(iam, user, name):
    iam.create_user(UserName=f"{name}-2")
    taken = refusal(iam.update_user, UserName=f"{name}-2", NewUserName=user)
    assert taken == (409, "EntityAlreadyExists", f"User with name {user} already exists.")
    iam.update_user(UserName=user, NewUserName=user.upper())
    assert iam.get_user(UserName=user)["User"]["UserName"] == user.upper()


def test_of_those_who_make_the_same_user_at_once_one_wins(iam, name):
    def make(number):
        try:
            iam.create_user(UserName=name if number % 2 else name.lower())
        except iam.exceptions.EntityAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(make, range(16))) == 1


def test_whoever_is_not_there_is_named(iam):
    for call, more in (
        (iam.get_user, {}),
        (iam.update_user, {"NewPath": "/"}),
        (iam.delete_user, {}),
        (iam.list_user_policies, {}),
        (iam.list_attached_user_policies, {}),
        (iam.list_groups_for_user, {}),
        (iam.list_user_tags, {}),
        (iam.tag_user, {"Tags": []}),
        (iam.untag_user, {"TagKeys": []}),
        (iam.create_access_key, {}),
        (iam.list_access_keys, {}),
        (iam.list_mfa_devices, {}),
        (iam.get_login_profile, {}),
    ):
        assert refusal(call, UserName="nobody", **more) == no_user("nobody")


def test_a_user_goes_when_nothing_is_left(iam, user, group, policy):
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=ALLOW_ALL)
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.create_login_profile(UserName=user, Password="Correct-horse-7")
    for first, undo in (
        ("detach all policies", lambda: iam.detach_user_policy(UserName=user, PolicyArn=policy)),
        ("delete policies", lambda: iam.delete_user_policy(UserName=user, PolicyName="p")),
        (
            "remove users from group",
            lambda: iam.remove_user_from_group(UserName=user, GroupName=group),
        ),
        (
            "delete access keys",
            lambda: iam.delete_access_key(UserName=user, AccessKeyId=key),
        ),
        ("delete login profile", lambda: iam.delete_login_profile(UserName=user)),
    ):
        assert refusal(iam.delete_user, UserName=user) == (
            409,
            "DeleteConflict",
            f"Cannot delete entity, must {first} first.",
        )
        undo()
    iam.delete_user(UserName=user)
    assert refusal(iam.get_user, UserName=user) == no_user(user)


def test_users_are_listed_in_pages(iam, name):
    path = f"/{name}/"
    for number in range(5):
        iam.create_user(UserName=f"{name}-{number}", Path=path)
    names, pages = [], 0
    request = {"PathPrefix": path, "MaxItems": 2}
    while True:
        page = iam.list_users(**request)
        pages += 1
        names += [each["UserName"] for each in page["Users"]]
        if not page["IsTruncated"]:
            break
        request["Marker"] = page["Marker"]
    assert (names, pages) == ([f"{name}-{number}" for number in range(5)], 3)
    assert "Marker" not in page
    assert refusal(iam.list_users, Marker="nonsense") == (400, "ValidationError", "Invalid Marker.")


def test_tags_of_users_know_no_case(iam, user):
    iam.tag_user(UserName=user, Tags=[{"Key": "Team", "Value": "red"}, {"Key": "a", "Value": "1"}])
    iam.tag_user(UserName=user, Tags=[{"Key": "TEAM", "Value": "blue"}])
    assert iam.list_user_tags(UserName=user)["Tags"] == [
        {"Key": "TEAM", "Value": "blue"},
        {"Key": "a", "Value": "1"},
    ]
    iam.untag_user(UserName=user, TagKeys=["team", "unknown"])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "a", "Value": "1"}]
    twice = [{"Key": "k", "Value": "1"}, {"Key": "K", "Value": "2"}]
    assert refusal(iam.tag_user, UserName=user, Tags=twice) == (
        400,
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )
    own = refusal(iam.tag_user, UserName=user, Tags=[{"Key": "aws:x", "Value": "1"}])
    assert own[:2] == (400, "InvalidInput")


def test_fifty_tags_are_the_most(iam, user):
    iam.tag_user(UserName=user, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    assert refusal(iam.tag_user, UserName=user, Tags=[{"Key": "one more", "Value": ""}]) == (
        409,
        "LimitExceeded",
        "The number of tags has reached the maximum limit.",
    )


def test_a_deleted_user_is_shown_by_its_id_in_a_trust_policy(iam, user, name):
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    unique_id = iam.get_user(UserName=user)["User"]["UserId"]
    role = f"{name}-role"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusting(arn))

    def trusted():
        document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        return document["Statement"][0]["Principal"]["AWS"]

    assert trusted() == arn
    iam.update_user(UserName=user, NewPath="/elsewhere/")
    assert trusted() == f"arn:aws:iam::{ACCOUNT}:user/elsewhere/{user}"
    iam.delete_user(UserName=user)
    assert trusted() == unique_id
    iam.create_user(UserName=user)
    assert trusted() == unique_id


@pytest.mark.parametrize("name_of_it", ["b/b", "ü", "a b"])
def test_names_are_of_few_characters(unchecked, name_of_it):
    assert refusal(unchecked.create_user, UserName=name_of_it) == (
        400,
        "ValidationError",
        "The specified value for userName is invalid. It must contain only alphanumeric "
        "characters and/or the following: +=,.@_-",
    )


def test_a_document_comes_back_as_it_went(iam, user):
    document = (
        '{ "Version": "2012-10-17",\n "Statement": '
        '{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/%20+ü"}}'
    )
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
    found = iam.get_user_policy(UserName=user, PolicyName="p")
    assert found["PolicyDocument"] == json.loads(document)
    assert (found["UserName"], found["PolicyName"]) == (user, "p")
