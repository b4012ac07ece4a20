"""When sessions end, on a server whose clock is put forward."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import RUNTIME, refusal, zip_of
from tests.e2e.test_role_sessions import LAMBDA, TELLER
from tests.e2e.test_sts import ACCOUNT, allow, name, pair, policy, trust

EXPIRED = "The security token included in the request is expired"
PROVIDED = """#!/bin/sh
while true; do
    head=$(mktemp)
    curl -sS -D "$head" -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
    id=$(grep -i "^lambda-runtime-aws-request-id:" "$head" | tr -d "[:space:]" | cut -d: -f2)
    curl -sS -X POST "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" \\
        -d "{\\"AccessKeyId\\": \\"$AWS_ACCESS_KEY_ID\\", \\
             \\"SecretAccessKey\\": \\"$AWS_SECRET_ACCESS_KEY\\", \\
             \\"SessionToken\\": \\"$AWS_SESSION_TOKEN\\"}" >/dev/null
done
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedServer]:
    started = ClockedServer(tmp_path_factory.mktemp("clocked") / "data")
    started.start()
    yield started
    started.kill()


def test_a_session_ends_when_its_time_is_over(server: ClockedServer) -> None:
    iam, user = server.client("iam"), name("user")
    iam.create_user(UserName=user)
    iam.put_user_policy(
        UserName=user, PolicyName="own", PolicyDocument=policy(allow("sts:AssumeRole"))
    )
    role = iam.create_role(RoleName=name("role"), AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))[
        "Role"
    ]
    iam.put_role_policy(
        RoleName=role["RoleName"], PolicyName="own", PolicyDocument=policy(allow("*"))
    )
    key = iam.create_access_key(UserName=user)["AccessKey"]
    session = server.client("sts", **pair(key)).assume_role(
        RoleArn=role["Arn"], RoleSessionName="session", DurationSeconds=900
    )["Credentials"]
    calls = [
        (getattr(server.client(service, **pair(session)), operation), status, code)
        for service, operation, status, code in (
            ("sts", "get_caller_identity", 403, "ExpiredToken"),
            ("iam", "list_users", 403, "ExpiredToken"),
            ("lambda", "list_functions", 403, "ExpiredTokenException"),
            ("logs", "describe_log_groups", 400, "ExpiredTokenException"),
        )
    ]
    server.advance(840)
    for call, _, _ in calls:
        call()
    server.advance(61)
    for call, status, code in calls:
        assert refusal(call) == (status, code, EXPIRED)


@pytest.mark.parametrize("runtime", [RUNTIME, "provided.al2023"])
def test_a_sandbox_gives_way_before_its_credentials_end(
    server: ClockedServer, runtime: str
) -> None:
    iam, functions = server.client("iam"), server.client("lambda")
    role = iam.create_role(RoleName=name("exec"), AssumeRolePolicyDocument=LAMBDA)["Role"]
    function, source = name("fn"), {"app": TELLER}
    code = zip_of(**source) if runtime == RUNTIME else _bootstrap()
    functions.create_function(
        FunctionName=function,
        Role=role["Arn"],
        Runtime=runtime,
        Handler="app.handler",
        Timeout=60,
        Code={"ZipFile": code},
    )

    def told() -> dict[str, str]:
        with functions.invoke(FunctionName=function)["Payload"] as payload:
            found: dict[str, str] = json.load(payload)
        return found

    first = told()
    server.advance(11 * 3600)
    assert told() == first
    server.client("sts", **pair(first)).get_caller_identity()
    # An invocation may take a minute, and its credentials have to last until then.
    server.advance(3600 - 110)
    second = told()
    assert second["AccessKeyId"] != first["AccessKeyId"]
    server.client("sts", **pair(first)).get_caller_identity()
    server.advance(111)
    assert refusal(server.client("sts", **pair(first)).get_caller_identity)[1] == "ExpiredToken"
    who: Any = server.client("sts", **pair(second)).get_caller_identity()
    assert who["UserId"] == f"{role['RoleId']}:{function}"


def _bootstrap() -> bytes:
    """A package whose program answers its credentials."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, PROVIDED)
    return buffer.getvalue()
