"""Who may do what, as long as there are no policies."""

import pytest

from ingle.auth.keys import Identity
from ingle.auth.permissions import check_permitted
from ingle.iam.principal import Principal, PrincipalKind
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

ACCOUNT = "111122223333"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/hello"
PLAIN = Request("POST", "/")
TARGET = Request("POST", "/", headers={"x-amz-target": "Logs_20140328.DescribeLogGroups"})


def identity(principal: str, service: str = "lambda") -> Identity:
    who = Principal(PrincipalKind.USER, principal, ACCOUNT, "AIDAEXAMPLE")
    return Identity("ASIA", who, "eu-west-1", service)


def refusal(
    principal: str, service: str, request: Request, operation: str, params: dict[str, object]
) -> tuple[str, int | None, str]:
    with pytest.raises(ServiceError) as refused:
        check_permitted(identity(principal, service), request, operation, params)
    return refused.value.error_code, refused.value.http_status, refused.value.message


def test_the_account_s_root_may_do_everything() -> None:
    check_permitted(identity(f"arn:aws:iam::{ACCOUNT}:root"), PLAIN, "DeleteFunction", {})


@pytest.mark.parametrize(
    "principal",
    [
        ROLE,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/root/root",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/r/arn:aws:iam::{ACCOUNT}:root",
        "arn:aws:iam::999999999999:root",
        f"arn:aws:iam::{ACCOUNT}:user/root",
        "",
    ],
)
def test_nobody_else_may_do_anything(principal: str) -> None:
    code, status, message = refusal(principal, "lambda", PLAIN, "ListFunctions", {})
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: {principal} is not authorized to perform: lambda:ListFunctions on resource: * "
        "because no identity-based policy allows the lambda:ListFunctions action"
    )


@pytest.mark.parametrize(
    ("service", "operation", "params", "action", "resource"),
    [
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
        ),
        (
            "lambda",
            "InvokeWithResponseStream",
            {"FunctionName": f"{ACCOUNT}:function:f:live"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:live",
        ),
        (
            "lambda",
            "GetFunction",
            {"FunctionName": "arn:aws:lambda:us-east-1:999999999999:function:f"},
            "lambda:GetFunction",
            "arn:aws:lambda:us-east-1:999999999999:function:f",
        ),
        (
            "logs",
            "FilterLogEvents",
            {"logGroupName": "/aws/lambda/f"},
            "logs:FilterLogEvents",
            f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/f:log-stream:",
        ),
        ("sqs", "SendMessage", {"QueueUrl": "u"}, "sqs:SendMessage", "*"),
    ],
)
def test_the_refusal_names_action_and_resource(
    service: str, operation: str, params: dict[str, object], action: str, resource: str
) -> None:
    message = refusal(ROLE, service, PLAIN, operation, params)[2]
    assert message == (
        f"User: {ROLE} is not authorized to perform: {action} on resource: {resource} because no "
        f"identity-based policy allows the {action} action"
    )


@pytest.mark.parametrize(
    ("service", "request_", "code", "status"),
    [
        ("logs", TARGET, "AccessDeniedException", 400),
        ("sts", PLAIN, "AccessDenied", 403),
        ("s3", PLAIN, "AccessDenied", 403),
    ],
)
def test_each_family_of_services_has_its_own_code(
    service: str, request_: Request, code: str, status: int
) -> None:
    assert refusal(ROLE, service, request_, "Anything", {})[:2] == (code, status)
