"""The data on AWS's services."""

import pytest
from scripts.iam_reference import SERVICES

from ingle.iam import reference


def test_there_is_data_on_every_service_that_was_asked_for() -> None:
    assert reference.services() == set(SERVICES)
    for prefix in SERVICES:
        service = reference.service(prefix)
        assert service is not None
        assert service.actions
        assert service.title


def test_an_action_is_found_in_any_case() -> None:
    found = reference.action("LAMBDA:invokefunction")
    assert found is not None
    assert (found.name, found.level) == ("lambda:InvokeFunction", "Write")
    assert [(each.type, each.required) for each in found.resources] == [("function", True)]
    assert "lambda:EventSourceToken" in found.keys
    assert reference.action("lambda:Nothing") is None
    assert reference.action("nothing:Invoke") is None
    assert reference.action("../global:keys") is None


def test_every_resource_type_of_an_action_is_there() -> None:
    for prefix in SERVICES:
        service = reference.service(prefix)
        assert service is not None
        for action in service.actions.values():
            assert len(reference.resource_types(action.name)) == len(action.resources)
            assert action.level in {
                "List",
                "Read",
                "Write",
                "Tagging",
                "Permissions management",
            }


@pytest.mark.parametrize(
    ("action", "arn", "matches"),
    [
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111122223333:function:f", ["function"]),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111122223333:layer:f", []),
        ("lambda:InvokeFunction", "arn:aws:lambda:us:east:111122223333:function:f", []),
        ("s3:ListBucket", "arn:aws:s3:::bucket", ["bucket"]),
        ("s3:DeleteObject", "arn:aws:s3:::bucket/a/b:c", ["object"]),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", ["queue"]),
        ("iam:GetRole", "arn:aws:iam::111122223333:role/a/b", ["role"]),
        ("lambda:ListFunctions", "arn:aws:lambda:us-east-1:111122223333:function:f", []),
    ],
)
def test_arns_are_of_the_type_that_they_look_like(
    action: str, arn: str, matches: list[str]
) -> None:
    types = reference.resource_types(action)
    assert [each.name for each in types if each.matches(arn)] == matches


def test_an_arn_is_made_of_its_parts() -> None:
    [function] = reference.resource_types("lambda:InvokeFunction")
    values = {"Region": "us-east-1", "Account": "111122223333", "FunctionName": "f"}
    arn = function.fill(values)
    assert arn == "arn:aws:lambda:us-east-1:111122223333:function:f"
    assert function.matches(arn)
    with pytest.raises(KeyError):
        function.fill({"Region": "us-east-1"})


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("aws:SourceIp", "IPAddress"),
        ("AWS:sourceip", "IPAddress"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:PrincipalTag/any name", "String"),
        ("s3:prefix", "String"),
        ("s3:ExistingObjectTag/any", "String"),
        ("lambda:Layer", "ArrayOfString"),
        ("lambda:SourceFunctionArn", "ARN"),
        ("aws:SourceIpx", None),
        ("nothing:key", None),
    ],
)
def test_condition_keys_have_types(key: str, kind: str | None) -> None:
    assert reference.key_type(key) == kind
