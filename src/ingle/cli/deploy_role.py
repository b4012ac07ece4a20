"""The role that `ingle deploy` gives functions for which none was named, as AWS's console does."""

import json

from ingle.cli.connection import Connection

NAME = "ingle-deploy"
PATH = "/service-role/"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def own_role(connection: Connection) -> tuple[str, bool]:
    """Find the role, or make it if it is not there; it may write logs, and nothing else.

    Returns:
        Its ARN, and whether it was made just now.
    """
    client = connection.client("iam")
    try:
        return client.get_role(RoleName=NAME)["Role"]["Arn"], False
    except client.exceptions.NoSuchEntityException:
        role = client.create_role(
            RoleName=NAME,
            Path=PATH,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description="Lets the functions of `ingle deploy` write their logs.",
        )
    client.attach_role_policy(RoleName=NAME, PolicyArn=BASIC)
    return role["Role"]["Arn"], True
