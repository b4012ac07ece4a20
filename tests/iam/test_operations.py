"""Which permissions operations take: the data, held against botocore's models and AWS's actions."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam import reference
from ingle.iam.forms import Where
from ingle.iam.operations import Access, known_services, operations_of
from ingle.services.lambda_.names import resolve
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request
from ingle.wire.model import load_model
from ingle.wire.service import CallContext
from ingle.wire.shapes import Shape

ACCOUNT = "111122223333"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/caller"
WHERE = Where("eu-west-1", ACCOUNT, CALLER)
GIVEN = f"arn:aws:given:eu-west-1:{ACCOUNT}:resource"
# Members that hold ARNs without being called so.
_ARNS = (
    "arn",
    "arns",
    "layers",
    "resource",
    "serialnumber",
    "groupidentifier",
    "resourceidentifier",
)
_LISTED = ("logGroupArnList",)
_TEXTS = {
    "QueueUrl": f"https://sqs.example.com/{ACCOUNT}/name",
    "Statement": 'SELECT * FROM "name"',
    "CopySource": "bucket/key",
    "Url": "https://issuer.example.com",
    "Path": "/path/",
    "NewPath": "/path/",
    "PathPrefix": "/path/",
    "TargetPrincipal": ACCOUNT,
}
# Operations whose actions AWS's reference does not have yet, by the prefix of the actions.
NEWER = tomllib.loads(Path(__file__).with_name("newer_actions.toml").read_text("utf-8"))
# Services of which there is no reference.
UNTOLD = {"s3express", "s3-object-lambda"}
# The reference has another type than the operation's own documentation.
OF_ANOTHER_TYPE = {
    ("iam", "GetMFADevice"),
    ("logs", "DeleteDeliverySource"),
    ("sts", "GetFederationToken"),
}
# The input does not tell what they are about.
ABOUT_NO_ONE = {
    ("iam", "CreateDelegationRequest"),
    ("iam", "GenerateOrganizationsAccessReport"),
    ("iam", "GetAccessKeyLastUsed"),
    ("lambda", "SendDurableExecutionCallbackFailure"),
    ("lambda", "SendDurableExecutionCallbackHeartbeat"),
    ("lambda", "SendDurableExecutionCallbackSuccess"),
    ("logs", "GetLogRecord"),
    ("logs", "GetQueryResults"),
}


def sample(shape: Shape, name: str, required_only: bool, depth: int = 0) -> Any:
    """Some input of this shape."""
    if shape.type == "structure":
        return {
            member: sample(inner, member, False, depth + 1)
            for member, inner in shape.members.items()
            if depth < 4 and (not required_only or member in shape.required)
        }
    if shape.type == "list":
        return [sample(shape.member, name, False, depth + 1)] if depth < 6 else []
    if shape.type == "map":
        return {"key": sample(shape.value, name, False, depth + 1)} if depth < 6 else {}
    if shape.type == "string":
        if name in _TEXTS:
            return _TEXTS[name]
        return GIVEN if name.lower().endswith(_ARNS) or name in _LISTED else "name"
    return {"integer": 1, "long": 1, "boolean": True}.get(shape.type)


def accesses(service: str, operation: str, *, required_only: bool) -> list[Access]:
    shape = load_model(service).operation(operation).input
    params = sample(shape, "", required_only) if shape is not None else {}
    return operations_of(service).needs(operation).accesses(params, WHERE)


def operations(*services: str) -> Iterator[Any]:
    for service in services:
        for name in load_model(service).operation_names:
            yield pytest.param(service, name, id=f"{service}.{name}")


ALL = list(operations(*known_services()))
SERVED = list(operations("lambda", "logs", "iam", "sts"))


@pytest.mark.parametrize("service", known_services())
def test_the_data_names_only_operations_that_there_are(service: str) -> None:
    assert operations_of(service).named <= set(load_model(service).operation_names)


@pytest.mark.parametrize("service", known_services())
def test_the_data_names_only_condition_keys_that_there_are(service: str) -> None:
    assert [key for key in operations_of(service).keys if reference.key_type(key) is None] == []


@pytest.mark.parametrize(("service", "operation"), ALL)
@pytest.mark.parametrize("required_only", [True, False], ids=["required", "all"])
def test_what_an_operation_is_about_is_what_its_action_is_about(
    service: str, operation: str, required_only: bool
) -> None:
    for access in accesses(service, operation, required_only=required_only):
        types = reference.resource_types(access.action)
        is_known = reference.action(access.action) is not None
        assert is_known or access.action.partition(":")[0] in UNTOLD or is_newer(access.action)
        if access.resource == "*" or access.resource.startswith(GIVEN) or not types:
            continue
        assert any(each.matches(access.resource) for each in types) or (
            (service, operation) in OF_ANOTHER_TYPE
        ), access


def is_newer(action: str) -> bool:
    """Whether an action is that of an operation which AWS's page does not have yet."""
    prefix, _, name = action.partition(":")
    return name in NEWER.get(prefix, ())


@pytest.mark.parametrize(("service", "operation"), SERVED)
def test_an_action_that_is_always_about_a_resource_gets_one(service: str, operation: str) -> None:
    for access in accesses(service, operation, required_only=False):
        action = reference.action(access.action)
        required = action is not None and any(each.required for each in action.resources)
        assert not required or access.resource != "*" or (service, operation) in ABOUT_NO_ONE


def taken(service: str, operation: str, **params: Any) -> list[tuple[str, str]]:
    found = operations_of(service).needs(operation).accesses(params, WHERE)
    return [(each.action, each.resource) for each in found]


FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"


@pytest.mark.parametrize(
    ("params", "arn"),
    [
        ({"FunctionName": "f"}, FUNCTION),
        ({"FunctionName": "f:live"}, f"{FUNCTION}:live"),
        ({"FunctionName": "f", "Qualifier": "3"}, f"{FUNCTION}:3"),
        ({"FunctionName": "f", "Qualifier": "$LATEST"}, f"{FUNCTION}:$LATEST"),
        ({"FunctionName": f"{ACCOUNT}:function:f"}, FUNCTION),
        ({"FunctionName": "function:f:live"}, f"{FUNCTION}:live"),
        ({"FunctionName": FUNCTION, "Qualifier": "live"}, f"{FUNCTION}:live"),
        (
            {"FunctionName": "arn:aws:lambda:us-east-1:999999999999:function:f"},
            "arn:aws:lambda:us-east-1:999999999999:function:f",
        ),
    ],
)
@pytest.mark.parametrize("operation", ["Invoke", "InvokeAsync", "InvokeWithResponseStream"])
def test_a_function_is_named_as_its_caller_qualified_it(
    operation: str, params: dict[str, str], arn: str
) -> None:
    assert taken("lambda", operation, **params) == [("lambda:InvokeFunction", arn)]


@given(st.from_regex(r"(function:)?[a-zA-Z0-9_-]{1,9}(:[a-zA-Z0-9$_-]{1,9})?", fullmatch=True))
def test_a_function_is_the_one_that_the_service_finds(name: str) -> None:
    context = CallContext("", ACCOUNT, "eu-west-1", CALLER, Request("POST", "/"), "")
    try:
        arn = resolve(name, context, "lambda:GetFunction").arn
    except ServiceError:
        arn = "*"
    assert taken("lambda", "GetFunction", FunctionName=name) == [("lambda:GetFunction", arn)]


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
        (
            "lambda",
            "ListEventSourceMappings",
            {"FunctionName": "f"},
            [("lambda:ListEventSourceMappings", "*")],
        ),
        (
            "lambda",
            "GetLayerVersion",
            {"LayerName": "l", "VersionNumber": 2},
            [("lambda:GetLayerVersion", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:l:2")],
        ),
        (
            "lambda",
            "CreateFunction",
            {"FunctionName": "f", "Layers": [f"{FUNCTION}:1", f"{FUNCTION}:2"], "Tags": {"a": "b"}},
            [
                ("lambda:CreateFunction", FUNCTION),
                ("lambda:GetLayerVersion", f"{FUNCTION}:1"),
                ("lambda:GetLayerVersion", f"{FUNCTION}:2"),
                ("lambda:TagResource", FUNCTION),
            ],
        ),
        (
            "logs",
            "FilterLogEvents",
            {"logGroupName": "/aws/lambda/f"},
            [
                (
                    "logs:FilterLogEvents",
                    f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/f:log-stream:",
                )
            ],
        ),
        (
            "logs",
            "GetLogEvents",
            {
                "logGroupIdentifier": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:*",
                "logStreamName": "s",
            },
            [("logs:GetLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:log-stream:s")],
        ),
        ("iam", "GetUser", {}, [("iam:GetUser", CALLER)]),
        (
            "iam",
            "CreateRole",
            {"RoleName": "r", "Path": "/p/"},
            [("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/p/r")],
        ),
        ("sts", "GetCallerIdentity", {}, []),
        ("sts", "GetSessionToken", {}, []),
        (
            "s3",
            "ListObjectsV2",
            {"Bucket": "b", "Prefix": "p"},
            [("s3:ListBucket", "arn:aws:s3:::b")],
        ),
        (
            "s3",
            "HeadObject",
            {"Bucket": "b", "Key": "k/1"},
            [("s3:GetObject", "arn:aws:s3:::b/k/1")],
        ),
        (
            "s3",
            "HeadObject",
            {"Bucket": "b", "Key": "k", "VersionId": "v"},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k")],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/from/a%20b?versionId=v"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::from/a b")],
        ),
        (
            "s3",
            "GetObject",
            {"Bucket": "b", "Key": "arn:aws:s3:::public/x"},
            [("s3:GetObject", "arn:aws:s3:::b/arn:aws:s3:::public/x")],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2"}]}},
            [("s3:DeleteObject", "arn:aws:s3:::b/1"), ("s3:DeleteObject", "arn:aws:s3:::b/2")],
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://127.0.0.1:4566/999999999999/q"},
            [("sqs:SendMessage", "arn:aws:sqs:eu-west-1:999999999999:q")],
        ),
        (
            "sns",
            "PublishBatch",
            {"TopicArn": "arn:aws:sns:x:1:t"},
            [("sns:Publish", "arn:aws:sns:x:1:t")],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"Source": "s"}, {"Source": "s", "EventBusName": "b"}]},
            [
                ("events:PutEvents", f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"),
                ("events:PutEvents", f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/b"),
            ],
        ),
        (
            "events",
            "DescribeRule",
            {"Name": "r", "EventBusName": f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/b"},
            [("events:DescribeRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/b/r")],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"t": {}, "u": {}}},
            [
                ("dynamodb:BatchGetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"),
                ("dynamodb:BatchGetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/u"),
            ],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t"}}, {"Delete": {"TableName": "u"}}]},
            [
                ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"),
                ("dynamodb:DeleteItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/u"),
            ],
        ),
        (
            "dynamodb",
            "Query",
            {"TableName": "t", "IndexName": "i"},
            [("dynamodb:Query", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t/index/i")],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": 'update "t" set a=1'},
            [("dynamodb:PartiQLUpdate", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t")],
        ),
        ("dynamodb", "ExecuteStatement", {"Statement": "?"}, [("dynamodb:PartiQLSelect", "*")]),
        ("sqs", "PurgeQueue", {"QueueUrl": "http://[/1/q"}, [("sqs:PurgeQueue", "*")]),
        ("ec2", "RunInstances", {}, [("ec2:RunInstances", "*")]),
    ],
)
def test_operations_take_the_permissions_that_aws_asks_for(
    service: str, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert taken(service, operation, **params) == expected


def test_a_role_that_is_passed_on_comes_with_the_service_that_it_is_for() -> None:
    target = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"}
    found = (
        operations_of("scheduler")
        .needs("CreateSchedule")
        .accesses({"Name": "s", "Target": target}, WHERE)
    )
    assert found[1] == Access(
        "iam:PassRole",
        target["RoleArn"],
        target["RoleArn"],
        {"iam:passedtoservice": ("scheduler.amazonaws.com",)},
    )
