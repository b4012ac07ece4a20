"""Access keys, over HTTP."""

import sqlite3

from tests.e2e.conftest import refusal


def test_a_key_signs_until_it_is_switched_off_and_again_when_on(iam, user, iam_server):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert (len(key["AccessKeyId"]), key["AccessKeyId"][:4]) == (20, "AKIA")
    assert len(key["SecretAccessKey"]) == 40
    assert (key["UserName"], key["Status"]) == (user, "Active")
    sts = iam_server.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user}")
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(sts.get_caller_identity)[:2] == (403, "InvalidClientTokenId")
    [listed] = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert listed == {
        "UserName": user,
        "AccessKeyId": key["AccessKeyId"],
        "Status": "Inactive",
        "CreateDate": key["CreateDate"],
    }
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active")
    assert sts.get_caller_identity()["UserId"].startswith("AIDA")
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    assert refusal(sts.get_caller_identity)[:2] == (403, "InvalidClientTokenId")


def test_a_user_has_two_keys_at_most(iam, user):
    iam.create_access_key(UserName=user)
    iam.create_access_key(UserName=user)
    assert refusal(iam.create_access_key, UserName=user) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )


def test_the_last_use_is_told(iam, user, client_of):
    sts = client_of(user, "sts", region_name="eu-west-1")
    [key] = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == user
    assert used["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    sts.get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert used.pop("LastUsedDate") >= key["CreateDate"]
    assert used == {"ServiceName": "sts", "Region": "eu-west-1"}


def test_keys_that_are_not_there_are_named(iam, user, name):
    unknown = "AKIAIOSFODNN7EXAMPLE"
    nothing = 404, "NoSuchEntity", f"The Access Key with id {unknown} cannot be found."
    assert refusal(iam.delete_access_key, UserName=user, AccessKeyId=unknown) == nothing
    updated = {"UserName": user, "AccessKeyId": unknown, "Status": "Inactive"}
    assert refusal(iam.update_access_key, **updated) == nothing
    assert refusal(iam.get_access_key_last_used, AccessKeyId=unknown) == (
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:root is not authorized to perform "
        f"iam:GetAccessKeyLastUsed on resource: access key {unknown}",
    )
    iam.create_user(UserName=f"{name}-2")
    own = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    somebody_elses = refusal(iam.delete_access_key, UserName=f"{name}-2", AccessKeyId=own)
    assert somebody_elses[:2] == (404, "NoSuchEntity")


def test_keys_of_the_root_user_can_be_made(iam, iam_server):
    key = iam.create_access_key()["AccessKey"]
    assert "UserName" not in key
    sts = iam_server.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    iam.delete_access_key(AccessKeyId=key["AccessKeyId"])


def test_no_secret_is_on_the_disk(iam, user, iam_server):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    with sqlite3.connect(iam_server.data_dir / "ingle.db") as database:
        rows = database.execute("select * from iam_access_keys").fetchall()
    assert key["AccessKeyId"] in str(rows)
    assert key["SecretAccessKey"] not in str(rows)
    for file in iam_server.data_dir.glob("ingle.db*"):
        assert key["SecretAccessKey"].encode() not in file.read_bytes()
