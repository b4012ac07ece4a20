"""The model's rules, and the words in which AWS tells that one is broken."""

from typing import Any

import orjson
import pytest

from ingle.wire.errors import Validation
from ingle.wire.http import Request
from ingle.wire.protocol import Operation, ServiceProtocol
from ingle.wire.validation import java_text

_CREATE = {
    "FunctionName": "hello",
    "Role": "arn:aws:iam::000000000000:role/r",
    "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
    "Handler": "app.handler",
    "Runtime": "python3.12",
}


def _operation(service: str, name: str) -> Operation:
    return ServiceProtocol.load(service).operation(name)


def _create_function(**members: Any) -> dict[str, Any]:
    body = orjson.dumps({**_CREATE, **members})
    return _operation("lambda", "CreateFunction").parse(
        Request("POST", "/2015-03-31/functions", "", {}, body)
    )


def _refusal(service: str, name: str, value: dict[str, Any]) -> Validation:
    with pytest.raises(Validation) as refused:
        _operation(service, name).validate(value)
    return refused.value


def test_a_function_with_64_megabytes_is_refused_in_lambdas_words() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(MemorySize=64)
    assert refused.value.error_code == "ValidationException"
    assert refused.value.http_status == 400
    assert refused.value.message == (
        "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: "
        "Member must have value greater than or equal to 128"
    )


@pytest.mark.parametrize(
    ("member", "value", "bound"),
    [
        ("MemorySize", 20_000, "less than or equal to 10240"),
        ("Timeout", 0, "greater than or equal to 1"),
        ("Timeout", 901, "less than or equal to 900"),
    ],
)
def test_numbers_out_of_lambdas_bounds_are_refused(member: str, value: int, bound: str) -> None:
    with pytest.raises(Validation) as refused:
        _create_function(**{member: value})
    path = member[0].lower() + member[1:]
    assert refused.value.message == (
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )


@pytest.mark.parametrize("memory", [128, 10_240])
def test_lambdas_bounds_themselves_are_taken(memory: int) -> None:
    assert _create_function(MemorySize=memory)["MemorySize"] == memory


def test_an_unknown_runtime_is_an_invalid_parameter_value_that_lists_the_known_ones() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Runtime="cobol74")
    assert refused.value.error_code == "InvalidParameterValueException"
    assert refused.value.message.startswith(
        "Value cobol74 at 'runtime' failed to satisfy constraint: "
        "Member must satisfy enum value set: [nodejs, "
    )
    assert refused.value.message.endswith("] or be a valid ARN")


def test_violations_of_ordinary_rules_go_before_the_runtimes() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Runtime="cobol74", Timeout=901)
    assert refused.value.error_code == "ValidationException"
    assert refused.value.message.startswith("1 validation error detected: Value '901' at 'timeout'")


def test_a_missing_member_is_told_as_null() -> None:
    refusal = _refusal("logs", "CreateLogGroup", {})
    assert refusal.error_code == "InvalidParameterException"
    assert refusal.message == (
        "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_all_violations_are_told_the_pattern_before_the_length() -> None:
    refusal = _refusal("dynamodb", "CreateBackup", {"TableName": "t", "BackupName": ""})
    assert refusal.message == (
        "2 validation errors detected: Value '' at 'backupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; "
        "Value '' at 'backupName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 3"
    )


def test_a_value_that_is_too_long_is_told_with_its_bound() -> None:
    refusal = _refusal("logs", "CreateLogGroup", {"logGroupName": "x" * 513})
    assert refusal.message.endswith("Member must have length less than or equal to 512")


def test_an_enum_lists_its_values() -> None:
    refusal = _refusal("lambda", "Invoke", {"FunctionName": "hello", "InvocationType": "Sometimes"})
    assert refusal.message == (
        "1 validation error detected: Value 'Sometimes' at 'invocationType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
    )


def test_members_of_structures_in_lists_are_told_by_their_number() -> None:
    refusal = _refusal(
        "iam",
        "TagUser",
        {"UserName": "sally", "Tags": [{"Key": "a", "Value": "b"}, {"Key": "#", "Value": "$"}]},
    )
    assert refusal.error_code == "ValidationError"
    assert refusal.message == (
        "2 validation errors detected: Value at 'tags.2.member.key' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+; "
        "Value at 'tags.2.member.value' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
    )


def test_iam_has_its_own_words_for_names_and_paths_and_repeats_no_value() -> None:
    refusal = _refusal("iam", "CreateUser", {"UserName": "b/b"})
    assert (refusal.error_code, refusal.message) == (
        "ValidationError",
        "The specified value for userName is invalid. It must contain only alphanumeric "
        "characters and/or the following: +=,.@_-",
    )
    refusal = _refusal("iam", "CreateUser", {"UserName": "b", "Path": "x"})
    assert refusal.message == (
        "The specified value for path is invalid. It must begin and end with / and contain only "
        "alphanumeric characters and/or / characters."
    )
    refusal = _refusal("iam", "CreateUser", {"UserName": "b" * 65})
    assert refusal.message == (
        "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64"
    )


def test_items_of_a_list_of_strings_are_told_together() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Architectures=["sparc"])
    assert refused.value.message == (
        "1 validation error detected: Value '[sparc]' at 'architectures' failed to satisfy "
        "constraint: Member must satisfy constraint: "
        "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )


def test_an_empty_list_may_be_too_short() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Architectures=[])
    assert refused.value.message == (
        "1 validation error detected: Value '[]' at 'architectures' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1"
    )


def test_keys_of_a_map_are_told_together() -> None:
    refusal = _refusal(
        "lambda",
        "CreateAlias",
        {
            "FunctionName": "hello",
            "Name": "live",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"x": 0.5}},
        },
    )
    assert refusal.message == (
        "1 validation error detected: Value '{x=0.5}' at "
        "'routingConfig.additionalVersionWeights' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, "
        "Member must satisfy regular expression pattern: [0-9]+, Member must not be null]"
    )


def test_values_of_a_map_are_told_together() -> None:
    refusal = _refusal(
        "lambda",
        "CreateAlias",
        {
            "FunctionName": "hello",
            "Name": "live",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 1.5}},
        },
    )
    assert (
        "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
        in (refusal.message)
    )


def test_a_null_in_a_map_is_a_violation() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Environment={"Variables": {"STAGE": None}})
    assert refused.value.message == (
        "1 validation error detected: Value at 'environment.variables' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must not be null]"
    )


def test_secrets_are_not_repeated() -> None:
    with pytest.raises(Validation) as refused:
        _create_function(Environment={"Variables": {"0 bad name": "hunter2"}})
    assert "Value at 'environment.variables' failed to satisfy constraint: Map keys must" in (
        refused.value.message
    )
    assert "hunter2" not in refused.value.message


def test_a_structure_that_holds_a_secret_is_not_repeated_either() -> None:
    refusal = _refusal(
        "cognito-idp",
        "AdminSetUserPassword",
        {"UserPoolId": "us-east-1_a", "Username": "sally", "Password": "x" * 300},
    )
    assert refusal.error_code == "InvalidParameterException"
    assert "Value at 'password' failed" in refusal.message
    assert "xxx" not in refusal.message


def test_a_very_long_value_is_told_only_in_part() -> None:
    refusal = _refusal("lambda", "Invoke", {"FunctionName": "a" * 1_000_000})
    assert len(refusal.message) < 6000


def test_a_service_with_words_of_its_own_for_missing_members_uses_them() -> None:
    refusal = _refusal("sqs", "CreateQueue", {})
    assert refusal.error_code == "MissingParameter"
    assert refusal.message == "The request must contain the parameter QueueName."


def test_an_idempotency_token_that_is_missing_is_filled_in() -> None:
    secrets = _operation("secretsmanager", "CreateSecret")
    value: dict[str, Any] = {"Name": "a"}
    secrets.validate(value)
    assert len(value["ClientRequestToken"]) == 36
    given: dict[str, Any] = {"Name": "a", "ClientRequestToken": "t" * 40}
    secrets.validate(given)
    assert given["ClientRequestToken"] == "t" * 40


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (1.5, "1.5"),
        ([1, "a"], "[1, a]"),
        ({"k": ["v", None]}, "{k=[v, null]}"),
        (b"abc", "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]"),
    ],
)
def test_values_are_told_as_java_prints_them(value: Any, text: str) -> None:
    assert java_text(value) == text
