"""STS over HTTP: roles are assumed, and what is taken away is refused at the next call."""

import datetime
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.e2e.conftest import refusal
from tests.e2e.server import Server
from tests.issuers import Issuer, serving

ACCOUNT = "000000000000"
INVALID = "The security token included in the request is invalid."


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def pair(given: dict[str, str]) -> dict[str, str]:
    """The arguments of a boto3 client for an access key, or for what STS answered."""
    named = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
    }
    if "SessionToken" in given:
        named["aws_session_token"] = given["SessionToken"]
    return named


def name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def iam(server: Server) -> Any:
    return server.client("iam")


@pytest.fixture
def user(iam: Any) -> Callable[..., dict[str, str]]:
    """Make a user with permissions, and return its access key."""

    def make(*statements: dict[str, Any]) -> dict[str, str]:
        made = name("user")
        iam.create_user(UserName=made)
        if statements:
            iam.put_user_policy(UserName=made, PolicyName="own", PolicyDocument=policy(*statements))
        key: dict[str, str] = iam.create_access_key(UserName=made)["AccessKey"]
        return key

    return make


@pytest.fixture
def role(iam: Any) -> Callable[..., str]:
    """Make a role with permissions that its account may assume, and return its ARN."""

    def make(*statements: dict[str, Any], trusts: str = "", **settings: Any) -> str:
        made = name("role")
        arn: str = iam.create_role(
            RoleName=made,
            AssumeRolePolicyDocument=trusts or trust({"AWS": ACCOUNT}),
            **settings,
        )["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=made, PolicyName="own", PolicyDocument=policy(*statements))
        return arn

    return make


def assumed(server: Server, key: dict[str, str], arn: str, **members: Any) -> dict[str, str]:
    """Assume a role, and return its credentials."""
    answer = server.client("sts", **pair(key)).assume_role(
        RoleArn=arn, RoleSessionName="session", **members
    )
    found: dict[str, str] = answer["Credentials"]
    return found


def test_a_user_assumes_a_role_and_may_do_what_the_role_may(
    server: Server, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key = user(allow("sts:AssumeRole"))
    arn = role(allow("lambda:ListFunctions"))
    assert refusal(server.client("lambda", **pair(key)).list_functions)[1] == (
        "AccessDeniedException"
    )
    session = assumed(server, key, arn)
    functions = server.client("lambda", **pair(session))
    assert "Functions" in functions.list_functions()
    assert refusal(functions.get_account_settings)[1] == "AccessDeniedException"
    identity = server.client("sts", **pair(session)).get_caller_identity()
    role_name = arn.rpartition("/")[2]
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/session"
    assert identity["Account"] == ACCOUNT


def test_a_session_policy_leaves_less(
    server: Server, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key, arn = user(allow("sts:AssumeRole")), role(allow("lambda:*"))
    session = assumed(server, key, arn, Policy=policy(allow("lambda:ListFunctions")))
    functions = server.client("lambda", **pair(session))
    functions.list_functions()
    status, code, text = refusal(functions.get_account_settings)
    assert (status, code) == (403, "AccessDeniedException")
    assert text.endswith("because no session policy allows the lambda:GetAccountSettings action")


def test_who_may_not_assume_a_role_is_told_as_on_aws(
    server: Server, iam: Any, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key, arn = user(), role()
    caller = f"arn:aws:iam::{ACCOUNT}:user/{key['UserName']}"
    sts = server.client("sts", **pair(key))
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="session") == (
        403,
        "AccessDenied",
        f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn} "
        "because no identity-based policy allows the sts:AssumeRole action",
    )
    assert refusal(server.client("sts").assume_role, RoleArn=arn, RoleSessionName="session") == (
        403,
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


def test_a_key_that_was_deactivated_a_moment_ago_is_refused(
    server: Server, iam: Any, user: Callable[..., dict[str, str]]
) -> None:
    key = user(allow("*"))
    clients = [
        (server.client("sts", **pair(key)).get_caller_identity, "InvalidClientTokenId", 403),
        (server.client("lambda", **pair(key)).list_functions, "UnrecognizedClientException", 403),
        (
            server.client("logs", **pair(key)).describe_log_groups,
            "UnrecognizedClientException",
            400,
        ),
    ]
    whose = {"UserName": key["UserName"], "AccessKeyId": key["AccessKeyId"]}
    for call, code, status in clients:
        call()
        iam.update_access_key(**whose, Status="Inactive")
        assert refusal(call) == (status, code, INVALID)
        iam.update_access_key(**whose, Status="Active")
        call()
    iam.delete_access_key(**whose)
    for call, code, status in clients:
        assert refusal(call) == (status, code, INVALID)


def test_a_session_ends_at_once_with_its_role_or_user(
    server: Server, iam: Any, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key, arn = user(allow("sts:AssumeRole")), role()
    own = server.client("sts", **pair(key)).get_session_token()["Credentials"]
    of_role = server.client("sts", **pair(assumed(server, key, arn)))
    of_user = server.client("sts", **pair(own))
    assert of_user.get_caller_identity()["Arn"].endswith(f":user/{key['UserName']}")
    of_role.get_caller_identity()
    role_name = arn.rpartition("/")[2]
    iam.delete_role(RoleName=role_name)
    assert refusal(of_role.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)
    iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))
    assert refusal(of_role.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)
    whose = {"UserName": key["UserName"]}
    iam.delete_access_key(**whose, AccessKeyId=key["AccessKeyId"])
    of_user.get_caller_identity()
    iam.delete_user_policy(**whose, PolicyName="own")
    iam.delete_user(**whose)
    assert refusal(of_user.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)


def test_what_a_role_may_is_what_it_may_now(
    server: Server, iam: Any, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key, arn = user(allow("sts:AssumeRole")), role()
    functions = server.client("lambda", **pair(assumed(server, key, arn)))
    whose = {"RoleName": arn.rpartition("/")[2], "PolicyName": "own"}
    for _ in range(2):
        assert refusal(functions.list_functions)[1] == "AccessDeniedException"
        iam.put_role_policy(**whose, PolicyDocument=policy(allow("lambda:ListFunctions")))
        functions.list_functions()
        iam.delete_role_policy(**whose)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session | {"SessionToken": "AAAA" + session["SessionToken"][4:]},
        lambda session: session | {"SessionToken": session["SessionToken"][:-8]},
        lambda session: session | {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE"},
        lambda session: {k: v for k, v in session.items() if k != "SessionToken"},
    ],
    ids=["altered", "cut", "another key", "without"],
)
@pytest.mark.parametrize(
    ("service", "operation", "status", "code"),
    [
        ("sts", "get_caller_identity", 403, "InvalidClientTokenId"),
        ("iam", "list_users", 403, "InvalidClientTokenId"),
        ("lambda", "list_functions", 403, "UnrecognizedClientException"),
        ("logs", "describe_log_groups", 400, "UnrecognizedClientException"),
    ],
)
def test_a_token_that_was_tampered_with_is_refused(
    server: Server,
    user: Callable[..., dict[str, str]],
    role: Callable[..., str],
    change: Callable[[dict[str, str]], dict[str, str]],
    service: str,
    operation: str,
    status: int,
    code: str,
) -> None:
    session = assumed(server, user(allow("sts:AssumeRole")), role(allow("*")))
    getattr(server.client(service, **pair(session)), operation)()
    client = server.client(service, **pair(change(session)))
    assert refusal(getattr(client, operation)) == (status, code, INVALID)


def test_a_token_of_another_data_folder_is_refused(server: Server, own_server: Server) -> None:
    foreign = own_server.client("sts").get_session_token()["Credentials"]
    own_server.client("sts", **pair(foreign)).get_caller_identity()
    client = server.client("sts", **pair(foreign))
    assert refusal(client.get_caller_identity) == (403, "InvalidClientTokenId", INVALID)


def test_the_last_use_of_a_key_and_of_a_role_is_told(
    server: Server, iam: Any, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    key, arn = user(allow("sts:AssumeRole")), role()
    told = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert "LastUsedDate" not in told["AccessKeyLastUsed"]
    session = assumed(server, key, arn)
    told = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert told["UserName"] == key["UserName"]
    assert told["AccessKeyLastUsed"]["ServiceName"] == "sts"
    server.client("sts", region_name="eu-west-1", **pair(session)).get_caller_identity()
    used = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["RoleLastUsed"]
    assert used["Region"] == "eu-west-1"


def test_a_policy_can_end_the_sessions_that_there_are(
    server: Server, iam: Any, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    # As the console's "revoke active sessions" does.
    key, arn = user(allow("sts:AssumeRole")), role(allow("lambda:*"))
    functions = server.client("lambda", **pair(assumed(server, key, arn)))
    functions.list_functions()
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    for before, passes in ((now - datetime.timedelta(hours=1), True), (now, False)):
        condition = {"DateLessThan": {"aws:TokenIssueTime": f"{before:%Y-%m-%dT%H:%M:%SZ}"}}
        iam.put_role_policy(
            RoleName=arn.rpartition("/")[2],
            PolicyName="revoked",
            PolicyDocument=policy(deny | {"Condition": condition}),
        )
        if passes:
            functions.list_functions()
        else:
            assert (
                "with an explicit deny in an identity-based policy"
                in refusal(functions.list_functions)[2]
            )


def test_who_has_signed_a_url_is_told(
    server: Server, user: Callable[..., dict[str, str]], role: Callable[..., str]
) -> None:
    # By such URLs, EKS and Vault find out who somebody is.
    session = assumed(server, user(allow("sts:AssumeRole")), role())
    sts = server.client("sts", **pair(session))
    url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urllib.request.urlopen(url) as response:
        assert b"/session</Arn>" in response.read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("GetCallerIdentity", "GetSessionToken"))
    assert b"<Code>SignatureDoesNotMatch</Code>" in refused.value.read()
    refused.value.close()


def test_federated_users_and_sessions_of_users_are_kept_from_iam(
    server: Server, user: Callable[..., dict[str, str]]
) -> None:
    sts = server.client("sts", **pair(user(allow("*"))))
    federated = sts.get_federation_token(Name="bob", Policy=policy(allow("lambda:ListFunctions")))
    session = pair(federated["Credentials"])
    server.client("lambda", **session).list_functions()
    denied = refusal(server.client("lambda", **session).get_account_settings)
    assert denied[2].startswith(f"User: arn:aws:sts::{ACCOUNT}:federated-user/bob is not auth")
    own = pair(sts.get_session_token()["Credentials"])
    server.client("lambda", **own).get_account_settings()
    for each in (session, own):
        assert refusal(server.client("iam", **each).list_users) == (
            403,
            "InvalidClientTokenId",
            INVALID,
        )


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("decode_authorization_message", {"EncodedMessage": "x"}),
        ("get_web_identity_token", {"Audience": ["x"], "SigningAlgorithm": "RS256"}),
        ("get_delegated_access_token", {"TradeInToken": "xxxx"}),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    server: Server, operation: str, members: dict[str, Any]
) -> None:
    status, code, text = refusal(getattr(server.client("sts"), operation), **members)
    assert (status, code) == (501, "NotImplemented")
    assert operation.replace("_", "") in text.lower()


def test_where_permissions_are_only_audited_roles_are_assumed_all_the_same(
    start_server: Callable[..., Server],
) -> None:
    audited = start_server("--iam", "audit")
    iam, user = audited.client("iam"), name("user")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    role = iam.create_role(
        RoleName=name("role"), AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )["Role"]
    session = assumed(audited, key, role["Arn"])
    audited.client("lambda", **pair(session)).list_functions()
    assert "sts:AssumeRole" in audited.log
    nobody = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    sts = audited.client("sts", **pair(key))
    assert refusal(sts.assume_role, RoleArn=nobody, RoleSessionName="session")[1] == "AccessDenied"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with serving(tmp_path_factory.mktemp("issuer")) as issuer:
        yield issuer


def test_somebody_without_any_key_comes_with_a_web_identity(
    server: Server, iam: Any, issuer: Issuer, role: Callable[..., str]
) -> None:
    provider = iam.create_open_id_connect_provider(
        Url=issuer.url, ClientIDList=["my-app"], ThumbprintList=[issuer.thumbprint]
    )["OpenIDConnectProviderArn"]
    condition = {"StringEquals": {f"{issuer.name}:sub": "me", f"{issuer.name}:aud": "my-app"}}
    arn = role(
        allow("lambda:ListFunctions"),
        trusts=trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=condition),
    )
    sts = boto3.client(
        "sts",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}),
    )
    token = issuer.sign(issuer.claims("me", "my-app"))
    asked = {"RoleArn": arn, "RoleSessionName": "web"}
    answer = sts.assume_role_with_web_identity(**asked, WebIdentityToken=token)
    assert answer["SubjectFromWebIdentityToken"] == "me"
    server.client("lambda", **pair(answer["Credentials"])).list_functions()
    other = issuer.sign(issuer.claims("you", "my-app"))
    assert refusal(sts.assume_role_with_web_identity, **asked, WebIdentityToken=other) == (
        403,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    )
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert refusal(sts.assume_role_with_web_identity, **asked, WebIdentityToken=token)[:2] == (
        400,
        "InvalidIdentityToken",
    )
    assert refusal(sts.get_caller_identity)[1] == "MissingAuthenticationToken"
