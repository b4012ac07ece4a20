"""IAM on a real server, over HTTP, by boto3: one server for all tests of this folder.

Each test has names of its own, so that none depends on what others left.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from tests.e2e.forked import starting
from tests.e2e.server import Server

ACCOUNT = "000000000000"
ALLOW_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
TRUST_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def trusting(*principals: str) -> str:
    """A trust policy that names these principals, one or several."""
    named: Any = principals[0] if len(principals) == 1 else list(principals)
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def sized(length: int) -> str:
    """A policy of this many characters, white space not counted."""
    start = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
    start += '"Resource":"arn:aws:s3:::'
    end = '"}]}'
    return start + "x" * (length - len(start) - len(end)) + end


@pytest.fixture(scope="session")
def iam_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests of IAM share."""
    running = Server(tmp_path_factory.mktemp("iam") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def iam(iam_server: Server) -> Any:
    """A client of the account's root user."""
    return iam_server.client("iam")


@pytest.fixture(scope="session")
def unchecked(iam_server: Server) -> Any:
    """The same, but it leaves all checking of members to the server."""
    return iam_server.client("iam", config=Config(parameter_validation=False))


@pytest.fixture
def name() -> str:
    """A name that nothing has yet."""
    return f"N-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def user(iam: Any, name: str) -> str:
    """A new user."""
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def group(iam: Any, name: str) -> str:
    """A new group."""
    iam.create_group(GroupName=name)
    return name


@pytest.fixture
def role(iam: Any, name: str) -> str:
    """A new role, which Lambda may assume."""
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    return name


@pytest.fixture
def policy(iam: Any, name: str) -> str:
    """The ARN of a new managed policy."""
    made = iam.create_policy(PolicyName=name, PolicyDocument=ALLOW_ALL)
    return str(made["Policy"]["Arn"])


@pytest.fixture
def client_of(iam: Any, iam_server: Server) -> Callable[..., Any]:
    """Make a client with a new access key of a user: `client_of(user, "sts")`."""

    def make(user: str, service: str = "iam", **settings: Any) -> Any:
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return iam_server.client(
            service,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            **settings,
        )

    return make


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server with these flags that the test may stop, kill and start again."""
    with starting(tmp_path) as start:
        yield start
