"""The AWS CLI, unmodified: profiles that assume one role after another."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Server
from tests.e2e.test_sts import ACCOUNT, allow, name, policy, trust
from tests.issuers import Issuer, serving

_AWS = str(Path(sys.executable).with_name("aws"))
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with serving(tmp_path_factory.mktemp("issuer")) as issuer:
        yield issuer


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Cli:
    """Run `aws` with the profiles of a test: `aws("sts", "get-caller-identity", profile="dev")`."""

    def run(*arguments: str, profile: str, fails: bool = False) -> Any:
        done = subprocess.run(
            [_AWS, *arguments, "--profile", profile, "--output", "json"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ENDPOINT_URL": server.endpoint,
                "AWS_CONFIG_FILE": str(tmp_path / "config"),
                "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
                "AWS_MAX_ATTEMPTS": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else json.loads(done.stdout)

    return run


@pytest.fixture
def roles(server: Server) -> dict[str, str]:
    """A user `key` may assume `first`, and only `first`, with an external id, `second`."""
    iam = server.client("iam")
    user, first, second = name("user"), name("first"), name("second")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    arns = {}
    for role, trusted in (
        (first, trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user}"})),
        (
            second,
            trust(
                {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{first}"},
                Condition={"StringEquals": {"sts:ExternalId": "our-id"}},
            ),
        ),
    ):
        arns[role] = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=first, PolicyName="own", PolicyDocument=policy(allow("sts:AssumeRole"))
    )
    return {
        "id": key["AccessKeyId"],
        "secret": key["SecretAccessKey"],
        "first": arns[first],
        "second": arns[second],
    }


def test_a_profile_assumes_a_role_by_a_role_of_another_profile(
    aws: Cli, roles: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(
        f"[base]\naws_access_key_id = {roles['id']}\naws_secret_access_key = {roles['secret']}\n"
    )
    chain = f"role_arn = {roles['second']}\nsource_profile = first\nrole_session_name = last\n"
    (tmp_path / "config").write_text(
        f"""[profile base]
region = us-east-1
[profile first]
region = us-east-1
role_arn = {roles["first"]}
source_profile = base
role_session_name = one
[profile second]
region = us-east-1
{chain}external_id = our-id
[profile stranger]
region = us-east-1
{chain}external_id = another-id
[profile long]
region = us-east-1
{chain}external_id = our-id
duration_seconds = 7200
"""
    )
    assert aws("sts", "get-caller-identity", profile="base")["Arn"].startswith(
        f"arn:aws:iam::{ACCOUNT}:user/"
    )
    session = "arn:aws:sts::000000000000:assumed-role/{}/{}"
    for profile, last in (("first", "one"), ("second", "last")):
        told = aws("sts", "get-caller-identity", profile=profile)
        assert told["Arn"] == session.format(roles[profile].rpartition("/")[2], last)
    refused = aws("sts", "get-caller-identity", profile="stranger", fails=True)
    assert "(AccessDenied) when calling the AssumeRole operation" in refused
    refused = aws("sts", "get-caller-identity", profile="long", fails=True)
    assert "(ValidationError)" in refused
    assert "1 hour session limit for roles assumed by role chaining" in refused


def test_the_command_prints_what_a_role_s_session_is(
    aws: Cli, roles: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        f"[profile base]\nregion = us-east-1\naws_access_key_id = {roles['id']}\n"
        f"aws_secret_access_key = {roles['secret']}\n"
    )
    printed = aws(
        "sts",
        "assume-role",
        "--role-arn",
        roles["first"],
        "--role-session-name",
        "me",
        "--duration-seconds",
        "900",
        profile="base",
    )
    assert set(printed) == {"Credentials", "AssumedRoleUser"}
    assert printed["AssumedRoleUser"]["AssumedRoleId"].endswith(":me")
    told = aws(
        "sts", "get-access-key-info", "--access-key-id", roles["id"], profile="base", fails=True
    )
    assert "is not authorized to perform: sts:GetAccessKeyInfo" in told


def test_a_token_file_is_all_that_a_profile_needs(
    aws: Cli, server: Server, issuer: Issuer, tmp_path: Path
) -> None:
    iam = server.client("iam")
    provider = iam.create_open_id_connect_provider(
        Url=issuer.url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[issuer.thumbprint]
    )["OpenIDConnectProviderArn"]
    trusted = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity")
    role = iam.create_role(RoleName=name("web"), AssumeRolePolicyDocument=trusted)["Role"]
    token = tmp_path / "token"
    token.write_text(issuer.sign(issuer.claims("system:serviceaccount:a:b", "sts.amazonaws.com")))
    (tmp_path / "config").write_text(
        f"[profile web]\nregion = us-east-1\nrole_arn = {role['Arn']}\n"
        f"web_identity_token_file = {token}\nrole_session_name = pod\n"
    )
    told = aws("sts", "get-caller-identity", profile="web")
    assert told["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role['RoleName']}/pod"
