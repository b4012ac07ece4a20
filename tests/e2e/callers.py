"""Users, roles and accounts for the tests of who may do what."""

import json
import subprocess
import uuid
from typing import Any

from tests.e2e.server import INGLE, TRUST, Server

Keys = dict[str, str]
"""The arguments of `Server.client` that sign as somebody."""


def document(*statements: dict[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def new_user(server: Server, *statements: dict[str, Any], root: Keys | None = None) -> Keys:
    """Make a user that may do what the statements say, in the account of a root user.

    Args:
        server: where.
        statements: of its policy; none for one that may do nothing.
        root: signs as the root user; the server's own where there is none.
    """
    iam = server.client("iam", **(root or {}))
    name = f"user-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    if statements:
        given = {"PolicyName": "own", "PolicyDocument": document(*statements)}
        iam.put_user_policy(UserName=name, **given)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def new_role(
    server: Server,
    *statements: dict[str, Any],
    trust: dict[str, Any] = TRUST,
    path: str = "/",
    root: Keys | None = None,
) -> str:
    """Make a role for functions, which may do what the statements say; return its ARN."""
    iam = server.client("iam", **(root or {}))
    name = f"role-{uuid.uuid4().hex[:12]}"
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust))
    if statements:
        given = {"PolicyName": "own", "PolicyDocument": document(*statements)}
        iam.put_role_policy(RoleName=name, **given)
    arn: str = made["Role"]["Arn"]
    return arn


def delete_role(server: Server, arn: str) -> None:
    """Delete a role that `new_role` made."""
    iam, name = server.client("iam"), arn.rpartition("/")[2]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def new_account(server: Server, account_id: str) -> Keys:
    """Make another account on a server; return the keys of its root user."""
    where = ["--data-dir", str(server.data_dir)]
    for command in (
        [INGLE, "account", "create", account_id, *where],
        [INGLE, "env", "--account", account_id, "--format", "json", *where],
    ):
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    values = json.loads(printed)
    return {
        "aws_access_key_id": values["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": values["AWS_SECRET_ACCESS_KEY"],
    }


def arn_of(keys: Keys, server: Server) -> str:
    """Who signs with these keys."""
    arn: str = server.client("sts", **keys).get_caller_identity()["Arn"]
    return arn
