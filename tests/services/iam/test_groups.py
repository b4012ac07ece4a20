"""Groups, over HTTP."""

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT, ALLOW_ALL


def no_group(name):
    return 404, "NoSuchEntity", f"The group with name {name} cannot be found."


def test_a_group_is_described_as_aws_does(iam, name):
    made = iam.create_group(GroupName=name, Path="/some/location/")["Group"]
    found = iam.get_group(GroupName=name)
    assert (found["Group"], found["Users"], found["IsTruncated"]) == (made, [], False)
    assert made["GroupId"].startswith("AGPA")
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/some/location/{name}"
    assert made in iam.list_groups(PathPrefix="/some/")["Groups"]
    taken = refusal(iam.create_group, GroupName=name)
    assert taken == (409, "EntityAlreadyExists", f"Group with name {name} already exists.")


def test_members_come_and_go_any_number_of_times(iam, user, group):
    for _ in range(2):
        iam.add_user_to_group(UserName=user, GroupName=group)
    [listed] = iam.list_groups_for_user(UserName=user)["Groups"]
    assert listed["GroupName"] == group
    assert [each["UserName"] for each in iam.get_group(GroupName=group)["Users"]] == [user]
    for _ in range(2):
        iam.remove_user_from_group(UserName=user, GroupName=group)
    assert iam.get_group(GroupName=group)["Users"] == []
    assert iam.list_groups_for_user(UserName=user)["Groups"] == []


def test_a_renamed_group_keeps_members_and_policies(iam, user, group, policy):
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.update_group(GroupName=group, NewGroupName=f"{group}-new", NewPath="/new/")
    assert refusal(iam.get_group, GroupName=group) == no_group(group)
    [listed] = iam.list_groups_for_user(UserName=user)["Groups"]
    assert (listed["GroupName"], listed["Path"]) == (f"{group}-new", "/new/")
    attached = iam.list_attached_group_policies(GroupName=f"{group}-new")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [policy]
    iam.create_group(GroupName=group)
    taken = refusal(iam.update_group, GroupName=group, NewGroupName=f"{group}-NEW")
    assert taken[:2] == (409, "EntityAlreadyExists")


def test_a_group_goes_when_nothing_is_left(iam, user, group, policy):
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=ALLOW_ALL)
    for first, undo in (
        (
            "remove users from group",
            lambda: iam.remove_user_from_group(UserName=user, GroupName=group),
        ),
        (
            "detach all policies",
            lambda: iam.detach_group_policy(GroupName=group, PolicyArn=policy),
        ),
        ("delete policies", lambda: iam.delete_group_policy(GroupName=group, PolicyName="p")),
    ):
        assert refusal(iam.delete_group, GroupName=group) == (
            409,
            "DeleteConflict",
            f"Cannot delete entity, must {first} first.",
        )
        undo()
    iam.delete_group(GroupName=group)
    assert refusal(iam.delete_group, GroupName=group) == no_group(group)


def test_who_is_not_there_is_named(iam, user, group):
    assert refusal(iam.add_user_to_group, UserName=user, GroupName="no") == no_group("no")
    assert refusal(iam.remove_user_from_group, UserName=user, GroupName="no") == no_group("no")
    nobody = 404, "NoSuchEntity", "The user with name nobody cannot be found."
    assert refusal(iam.add_user_to_group, UserName="nobody", GroupName=group) == nobody
    assert refusal(iam.remove_user_from_group, UserName="nobody", GroupName="no") == nobody
    assert refusal(iam.update_group, GroupName="no") == no_group("no")


def test_a_user_is_in_ten_groups_at_most(iam, user, name):
    for number in range(11):
        iam.create_group(GroupName=f"{name}-{number}")
    for number in range(10):
        iam.add_user_to_group(UserName=user, GroupName=f"{name}-{number}")
    assert refusal(iam.add_user_to_group, UserName=user, GroupName=f"{name}-10") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )
    page = iam.list_groups_for_user(UserName=user, MaxItems=7)
    rest = iam.list_groups_for_user(UserName=user, Marker=page["Marker"])
    assert (len(page["Groups"]), len(rest["Groups"]), rest["IsTruncated"]) == (7, 3, False)
