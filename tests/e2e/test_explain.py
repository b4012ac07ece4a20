"""`ingle serve --iam audit`, and `ingle iam explain`."""

import json
import subprocess

import pytest

from tests.e2e.conftest import create, refusal
from tests.e2e.identities import ACCOUNT, User, allow, deny, document, make_role, session
from tests.e2e.server import INGLE

ECHO = "def handler(event, context):\n    return event\n"


def explain(server, *arguments):
    """Run `ingle iam explain` on a server; return its status, output and errors."""
    found = subprocess.run(
        [INGLE, "iam", "explain", "--data-dir", str(server.data_dir), *arguments],
        capture_output=True,
        text=True,
    )
    return found.returncode, found.stdout, found.stderr


def told(server, *arguments):
    status, printed, errors = explain(server, "--format", "json", *arguments)
    assert (status, errors) == (0, "")
    return json.loads(printed)


@pytest.fixture
def audited(start_server):
    return start_server("--iam", "audit")


def test_an_auditing_server_lets_everything_pass_and_says_what_it_would_deny(audited):
    user = User(audited)
    functions = user.client("lambda")
    assert functions.list_functions()["Functions"] == []
    assert "permissions are not enforced" in audited.log
    (line,) = [each for each in audited.log.splitlines() if "would be denied:" in each]
    assert f"principal={user.arn} action=lambda:ListFunctions resource=*" in line
    (call,) = told(audited)["Calls"]
    assert (call["Allowed"], call["Enforced"]) == (False, False)
    assert call["Decisions"][0]["Action"] == "lambda:ListFunctions"
    assert "let pass (iam = audit)" in explain(audited)[1]


def test_an_auditing_server_still_checks_signatures(audited):
    user = User(audited)
    user.key["aws_secret_access_key"] = "wrong"
    assert refusal(user.client("lambda").list_functions)[1] == "InvalidSignatureException"


def test_logs_of_a_role_that_may_not_write_them_appear_on_an_auditing_server(audited):
    role = make_role(audited)
    name = create(audited.client("lambda"), ECHO, Role=role)
    audited.client("lambda").invoke(FunctionName=name)
    groups = audited.client("logs").describe_log_groups()["logGroups"]
    assert [each["logGroupName"] for each in groups] == [f"/aws/lambda/{name}"]
    assert "logs:CreateLogStream" in audited.log


def test_what_was_denied_last_is_explained_with_what_would_allow_it(own_server):
    user = User(own_server)
    name = create(own_server.client("lambda"), ECHO, Role=make_role(own_server))
    functions = user.client("lambda")
    message = refusal(functions.invoke, FunctionName=name)[2]
    (call,) = told(own_server)["Calls"]
    (decision,) = call["Decisions"]
    assert call["Operation"] == "lambda:Invoke"
    assert decision["Reason"] == message
    (change,) = decision["Add"]
    assert change["Kind"] == "identity-based policy"
    user.may(change["Statement"])
    functions.invoke(FunctionName=name)
    printed = explain(own_server)[1]
    assert "denied" in printed
    assert message in printed
    assert "to allow it, add to an identity-based policy:" in printed


def test_a_call_is_explained_by_its_id_also_one_that_was_allowed(own_server):
    user = User(own_server, allow("lambda:List*"), deny("lambda:Get*", Sid="Never"))
    functions = user.client("lambda")
    answer = functions.list_functions()["ResponseMetadata"]["RequestId"]
    (call,) = told(own_server, answer)["Calls"]
    assert call["Allowed"]
    (statement,) = call["Decisions"][0]["Statements"]
    assert statement["Statement"] == allow("lambda:List*")
    refusal(functions.get_account_settings)
    (call,) = told(own_server)["Calls"]
    (removed,) = call["Decisions"][0]["Remove"]
    assert (removed["Policy"], removed["Statement"]["Sid"]) == ("p", "Never")
    assert "change statement 2 (Never) of the identity-based policy p" in explain(own_server)[1]
    status, _, errors = explain(own_server, "no-such-request")
    assert status == 1
    assert errors.startswith("error: No decision on a request no-such-request is kept.")


def test_what_allows_is_not_said_to_have_decided_where_a_session_policy_does_not(own_server):
    role = make_role(own_server, allow("lambda:*"))
    policy = document(allow("lambda:ListFunctions"))
    keys = session(own_server, role, Policy=policy)
    refusal(own_server.client("lambda", **keys).get_account_settings)
    printed = explain(own_server)[1]
    assert "not enough alone: statement 1 of the identity-based policy p:" in printed
    assert "decided by" not in printed
    assert "to allow it, add to a session policy:" in printed


def test_a_permission_that_a_call_takes_besides_is_called_by_its_name(own_server):
    user = User(own_server, allow("lambda:*"))
    functions, role = own_server.client("lambda"), make_role(own_server)
    name = create(functions, ECHO, Role=role)
    change = user.client("lambda").update_function_configuration
    assert "iam:PassRole" in refusal(change, FunctionName=name, Role=role)[2]
    assert told(own_server)["Calls"][0]["Operation"] == "iam:PassRole"


def test_what_a_principal_might_do_is_explained(own_server):
    near = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    user = User(own_server, allow("lambda:InvokeFunction", Condition=near))
    asked = ("--principal", user.arn, "--action", "lambda:InvokeFunction")
    (decision,) = told(own_server, *asked)["Decisions"]
    assert decision["Decision"] == "implicitDeny"
    (miss,) = decision["NearMisses"]
    assert (miss["Mismatch"], miss["Condition"]) == ("condition", "aws:SourceIp")
    context = ("--context", "aws:SourceIp=10.1.2.3")
    (decision,) = told(own_server, *asked, *context)["Decisions"]
    assert decision["Decision"] == "allowed"
    assert "✓ lambda:InvokeFunction on *" in explain(own_server, *asked, *context)[1]
    role = make_role(own_server, allow("s3:GetObject", "arn:aws:s3:::b/*"))
    for resource, expected in (
        ("arn:aws:s3:::b/k", "allowed"),
        ("arn:aws:s3:::c/k", "implicitDeny"),
    ):
        found = told(
            own_server, "--principal", role, "--action", "s3:GetObject", "--resource", resource
        )
        assert found["Decisions"][0]["Decision"] == expected


def test_bad_questions_are_answered_in_one_line(own_server):
    for arguments, status, text in (
        (("--principal", f"arn:aws:iam::{ACCOUNT}:user/x", "--action", "a:B"), 1, "no principal"),
        (("--principal", "x"), 2, "takes both --principal and --action"),
        (("--principal", "x", "--action", "a:B", "--context", "nothing"), 2, "KEY=VALUE"),
    ):
        found = explain(own_server, *arguments)
        assert (found[0], found[1]) == (status, "")
        assert text in found[2]
        assert found[2].count("\n") == 1
    assert explain(own_server) == (0, "no call was denied lately\n", "")


def test_only_those_who_may_simulate_policies_see_decisions(own_server):
    user = User(own_server)
    environment = own_server.environment() | {
        name.upper(): value for name, value in user.key.items()
    }

    def run(*arguments):
        return subprocess.run(
            [INGLE, "iam", "explain", *arguments], capture_output=True, text=True, env=environment
        )

    refused = run()
    assert refused.returncode == 1
    assert "iam:SimulatePrincipalPolicy" in refused.stderr
    assert refused.stderr.count("\n") == 1
    user.may(allow("iam:SimulatePrincipalPolicy"))
    assert run().returncode == 0
    assert run("--principal", user.arn, "--action", "lambda:ListFunctions").returncode == 0
