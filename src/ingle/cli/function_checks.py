"""The checks that `ingle doctor FUNCTION` makes: what a function's permissions lack.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingle.cli.checks import Check
from ingle.cli.connection import Connection
from ingle.cli.deploy_role import BASIC
from ingle.iam.authorize import Policies, authorize
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import service_principal
from ingle.iam.request import AccessRequest

_MANAGED = "arn:aws:iam::aws:policy"
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_VPC = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
_TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
)


def check_function(connection: Connection, name: str) -> list[Check]:
    """Look at the role of a function, and at what it may do; to be called within `errors()`.

    Args:
        connection: the server.
        name: the function's name or ARN.
    """
    functions, identities = connection.client("lambda"), connection.client("iam")
    function = functions.get_function_configuration(FunctionName=name)
    role = _role(identities, function["Role"])
    checks = [_state(function), _existence(function, role)]
    if role is None:
        return checks
    checks.append(_trust(function, role))
    may = _Simulation(identities, role)
    checks.append(_logs(function, may))
    if function.get("VpcConfig", {}).get("SubnetIds"):
        policy = f"{_MANAGED}/service-role/AWSLambdaVPCAccessExecutionRole"
        checks.append(may.check("VPC", _VPC, "*", _attach(role, policy)))
    if function.get("TracingConfig", {}).get("Mode") == "Active":
        checks.append(
            may.check(
                "traces",
                _TRACES,
                "*",
                _attach(role, f"{_MANAGED}/AWSXRayDaemonWriteAccess"),
                function["FunctionArn"],
            )
        )
    checks += [
        may.check("destination", ("lambda:InvokeFunction",), arn, _allow(role, arn))
        for arn in _destinations(functions, function)
    ]
    return checks


class _Simulation:
    """Asks what a role may do.

    Args:
        identities: a client of IAM.
        role: the role, as GetRole describes it.
    """

    def __init__(self, identities: Any, role: Mapping[str, Any]) -> None:
        self._identities = identities
        self._role = role

    def check(
        self, name: str, actions: Sequence[str], resource: str, advice: str, source: str = ""
    ) -> Check:
        """Check that the role may do all of this with a resource.

        Args:
            name: what the check is called.
            actions: what is needed.
            resource: the ARN that it is about.
            advice: how to allow it.
            source: the ARN of the function, where the calls tell it (`lambda:SourceFunctionArn`).
        """
        entry = {"ContextKeyName": "lambda:SourceFunctionArn", "ContextKeyType": "string"}
        answer = self._identities.simulate_principal_policy(
            PolicySourceArn=self._role["Arn"],
            ActionNames=list(actions),
            ResourceArns=[resource],
            ContextEntries=[{**entry, "ContextKeyValues": [source]}] if source else [],
        )
        denied = [
            each["EvalActionName"]
            for each in answer["EvaluationResults"]
            if each["EvalDecision"] != "allowed"
        ]
        if not denied:
            return Check(name, "ok", f"may {', '.join(actions)} on {resource}")
        return Check(name, "weak", f"may not {', '.join(denied)} on {resource}", advice)


def _state(function: Mapping[str, Any]) -> Check:
    state = function.get("State", "Active")
    detail = f"{function['FunctionArn']} is {state}"
    if state == "Failed":
        reason = function.get("StateReason", "no reason is known")
        return Check("function", "missing", f"{detail}: {reason}", "deploy it again")
    return Check("function", "ok", detail)


def _role(identities: Any, arn: str) -> Mapping[str, Any] | None:
    try:
        role: Mapping[str, Any] = identities.get_role(RoleName=_name(arn))["Role"]
    except identities.exceptions.NoSuchEntityException:
        return None
    return role if role["Arn"] == arn else None


def _existence(function: Mapping[str, Any], role: Mapping[str, Any] | None) -> Check:
    arn = function["Role"]
    if role is not None:
        return Check("role", "ok", arn)
    owner = arn.split(":")[4]
    if owner != function["FunctionArn"].split(":")[4]:
        return Check(
            "role",
            "weak",
            f"{arn} is of another account, {owner}: what it may do cannot be seen from here",
            f"aws lambda update-function-configuration --function-name {function['FunctionName']} "
            "--role with a role of the function's account",
        )
    path = arn.partition(":role")[2].removesuffix(_name(arn))
    with_path = "" if path == "/" else f" --path {path}"
    attach = _attach({"RoleName": _name(arn)}, BASIC)
    return Check(
        "role",
        "missing",
        f"there is no role {arn}: the function cannot run",
        f"aws iam create-role --role-name {_name(arn)}{with_path} "
        f"--assume-role-policy-document '{_TRUST}', then {attach}",
    )


def _trust(function: Mapping[str, Any], role: Mapping[str, Any]) -> Check:
    policy = Policy.parse(role["AssumeRolePolicyDocument"], PolicyKind.TRUST)
    arn = function["FunctionArn"]
    account_id = arn.split(":")[4]
    request = AccessRequest(
        service_principal("lambda.amazonaws.com"),
        "sts:AssumeRole",
        role["Arn"],
        account_id,
        {"aws:sourcearn": (arn,), "aws:sourceaccount": (account_id,)},
    )
    if authorize(request, Policies(resource=policy)).allowed:
        return Check("trust", "ok", "the role trusts lambda.amazonaws.com")
    return Check(
        "trust",
        "missing",
        "the role does not trust lambda.amazonaws.com: the function cannot run",
        f"aws iam update-assume-role-policy --role-name {role['RoleName']} "
        f"--policy-document '{_TRUST}'",
    )


def _logs(function: Mapping[str, Any], may: _Simulation) -> Check:
    _, _, _, region, account_id, _, name = function["FunctionArn"].split(":")[:7]
    group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    resource = f"arn:aws:logs:{region}:{account_id}:log-group:{group}:log-stream:*"
    attach = _attach({"RoleName": _name(function["Role"])}, BASIC)
    check = may.check("logs", _LOGS, resource, attach, function["FunctionArn"])
    if check.state == "ok":
        return check
    return Check("logs", "weak", f"{check.detail}: what it logs does not appear", check.advice)


def _destinations(functions: Any, function: Mapping[str, Any]) -> Iterator[str]:
    pages = functions.get_paginator("list_function_event_invoke_configs").paginate(
        FunctionName=function["FunctionName"]
    )
    found = {
        destination["Destination"]
        for page in pages
        for config in page["FunctionEventInvokeConfigs"]
        for destination in config.get("DestinationConfig", {}).values()
        if "Destination" in destination
    }
    yield from sorted(arn for arn in found if arn.startswith("arn:aws:lambda:"))


def _attach(role: Mapping[str, Any], policy: str) -> str:
    return f"aws iam attach-role-policy --role-name {role['RoleName']} --policy-arn {policy}"


def _allow(role: Mapping[str, Any], arn: str) -> str:
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return (
        f"aws iam put-role-policy --role-name {role['RoleName']} --policy-name destination "
        f"--policy-document '{document}'"
    )


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
