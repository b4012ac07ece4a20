"""Users and roles for tests, with what they sign requests with."""

import json
import uuid
from typing import Any

from tests.e2e.server import Server

ACCOUNT = "000000000000"


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement that denies."""
    return {**allow(action, resource, **more), "Effect": "Deny"}


def document(*statements: dict[str, Any]) -> str:
    """Write a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TRUST = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com", "AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
)


class User:
    """A user with a key.

    Args:
        server: where it is made.
        statements: of its inline policy.
        settings: of CreateUser.

    Attributes:
        name: its name.
        arn: its ARN.
        key: the arguments of a boto3 client that signs as this user.
    """

    def __init__(self, server: Server, *statements: dict[str, Any], **settings: Any) -> None:
        self._server = server
        self.iam = server.client("iam")
        self.name = f"u-{uuid.uuid4().hex[:12]}"
        self.arn = self.iam.create_user(UserName=self.name, **settings)["User"]["Arn"]
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.key = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
        if statements:
            self.may(*statements)

    def may(self, *statements: dict[str, Any]) -> None:
        """Give the user an inline policy in place of the one that it has."""
        self.iam.put_user_policy(
            UserName=self.name, PolicyName="p", PolicyDocument=document(*statements)
        )

    def may_nothing(self) -> None:
        """Take the user's inline policy away."""
        self.iam.delete_user_policy(UserName=self.name, PolicyName="p")

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client that signs as this user."""
        return self._server.client(service, **self.key, **settings)


def make_policy(server: Server, *statements: dict[str, Any]) -> str:
    """Make a managed policy; return its ARN."""
    made = server.client("iam").create_policy(
        PolicyName=f"p-{uuid.uuid4().hex[:12]}", PolicyDocument=document(*statements)
    )
    arn: str = made["Policy"]["Arn"]
    return arn


def make_role(server: Server, *statements: dict[str, Any], trust: str = TRUST) -> str:
    """Make a role with an inline policy that users and functions may have; return its ARN."""
    iam = server.client("iam")
    name = f"r-{uuid.uuid4().hex[:12]}"
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn


def session(server: Server, role: str, **settings: Any) -> dict[str, str]:
    """Assume a role as a user who may; return the arguments of a client of the session."""
    caller = User(server, allow("sts:*"))
    found = caller.client("sts").assume_role(RoleArn=role, RoleSessionName="someone", **settings)
    credentials = found["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }
