"""Several AWS accounts in one server."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.server import INGLE
from tests.services.iam.conftest import TRUST_LAMBDA, trusting

OTHER = "111111111111"


def ingle(server, *arguments):
    done = subprocess.run(
        [INGLE, *arguments, "--data-dir", str(server.data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def client_of(server, account_id, service="iam"):
    status, printed, error = ingle(server, "env", "--account", account_id, "--format", "json")
    assert status == 0, error
    variables = json.loads(printed)
    return server.client(
        service,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    from tests.e2e.server import Server

    running = Server(tmp_path_factory.mktemp("accounts") / "data").start()
    status, printed, error = ingle(running, "account", "create", OTHER, "--name", "partner")
    assert status == 0, error
    assert printed == (
        f'created account {OTHER} (partner)\nuse it with: eval "$(ingle env --account {OTHER})"\n'
    )
    yield running
    running.stop()


def test_an_account_has_its_own_root_user(shared):
    identity = client_of(shared, OTHER, "sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (OTHER, f"arn:aws:iam::{OTHER}:root")
    own = client_of(shared, "000000000000", "sts").get_caller_identity()
    assert own["Account"] == "000000000000"


def test_accounts_are_listed_the_server_s_own_first(shared):
    assert ingle(shared, "account", "list")[1] == f"000000000000\n{OTHER}  partner\n"
    listed = json.loads(ingle(shared, "account", "list", "--format", "json")[1])
    assert listed == [
        {"AccountId": "000000000000", "Name": ""},
        {"AccountId": OTHER, "Name": "partner"},
    ]


def test_accounts_share_nothing(shared):
    one, other = shared.client("iam"), client_of(shared, OTHER)
    made = one.create_role(RoleName="same", AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    policy = one.create_policy(
        PolicyName="same",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow",'
        '"Action":"s3:*","Resource":"*"}}',
    )["Policy"]["Arn"]
    assert refusal(other.get_role, RoleName="same")[:2] == (404, "NoSuchEntity")
    again = other.create_role(RoleName="same", AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    assert again["Role"]["Arn"] == made["Role"]["Arn"].replace("000000000000", OTHER)
    assert refusal(other.attach_role_policy, RoleName="same", PolicyArn=policy)[:2] == (
        404,
        "NoSuchEntity",
    )
    # A name is known across accounts where a trust policy names it.
    other.create_role(RoleName="trusts", AssumeRolePolicyDocument=trusting(made["Role"]["Arn"]))
    one.create_account_alias(AccountAlias="taken")
    assert refusal(other.create_account_alias, AccountAlias="taken") == (
        409,
        "EntityAlreadyExists",
        "The account alias taken already exists.",
    )
    key = one.create_access_key()["AccessKey"]["AccessKeyId"]
    assert refusal(other.get_access_key_last_used, AccessKeyId=key)[:2] == (403, "AccessDenied")
    assert refusal(other.delete_access_key, AccessKeyId=key)[:2] == (404, "NoSuchEntity")


def test_functions_of_accounts_do_not_mix_either(shared):
    assert client_of(shared, OTHER, "lambda").list_functions()["Functions"] == []
    assert client_of(shared, OTHER, "logs").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((OTHER,), f"error: There is an account {OTHER} already. (EntityAlreadyExists)\n"),
        (("123",), "error: An account has twelve digits, not '123'. (ValidationError)\n"),
    ],
)
def test_an_account_that_cannot_be_is_refused(shared, arguments, error):
    assert ingle(shared, "account", "create", *arguments) == (1, "", error)


def test_a_number_is_found_where_none_is_given(start_server):
    server = start_server()
    status, printed, _ = ingle(server, "account", "create")
    assert status == 0
    number = printed.split()[2]
    assert (len(number), number.isdigit()) == (12, True)
    assert client_of(server, number, "sts").get_caller_identity()["Account"] == number
    server.kill()
    server.start()
    assert client_of(server, number, "sts").get_caller_identity()["Account"] == number
    assert (server.data_dir / "credentials").stat().st_mode & 0o777 == 0o600


def test_only_the_server_s_own_root_user_manages_accounts(shared, tmp_path):
    variables = json.loads(ingle(shared, "env", "--account", OTHER, "--format", "json")[1])
    done = subprocess.run(
        [INGLE, "account", "create"],
        env={**shared.environment(), **variables, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"arn:aws:iam::{OTHER}:root may not manage accounts" in done.stderr
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{shared.endpoint}/_ingle/accounts", timeout=20)
    with refused.value as answer:
        assert answer.code == 403


def test_an_account_that_is_not_there_has_no_settings(shared):
    status, printed, error = ingle(shared, "env", "--account", "222222222222")
    assert (status, printed) == (1, "")
    assert "ingle account create 222222222222" in error
