from typing import Any

import pytest

from ingle.services.lambda_.settings import (
    changed_settings,
    checked_architecture,
    checked_tags,
    new_settings,
    zip_file,
)
from ingle.wire.errors import ServiceError

REQUEST = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.11", "Handler": "a.b"}


def refusal(request: dict[str, Any]) -> str:
    with pytest.raises(ServiceError) as caught:
        changed_settings(request)
    assert caught.value.error_code == "InvalidParameterValueException"
    assert caught.value.members == {"Type": "User"}
    return caught.value.message


def test_what_a_request_leaves_out_has_its_default() -> None:
    assert new_settings(REQUEST, "hello") == {
        "role": "arn:aws:iam::000000000000:role/r",
        "runtime": "python3.11",
        "handler": "a.b",
        "description": "",
        "timeout_s": 3,
        "memory_mb": 128,
        "ephemeral_mb": 512,
        "environment": None,
        "log_group": "/aws/lambda/hello",
    }


def test_snap_start_can_be_turned_on_and_off() -> None:
    on = {"ApplyOn": "PublishedVersions"}
    assert changed_settings({"SnapStart": on}) == {"snap_start": "PublishedVersions"}
    assert changed_settings({"SnapStart": {"ApplyOn": "None"}}) == {"snap_start": "None"}


def test_only_what_a_request_names_changes() -> None:
    assert changed_settings({"Timeout": 900, "FunctionName": "hello"}) == {"timeout_s": 900}


@pytest.mark.parametrize("missing", ["Runtime", "Handler"])
def test_runtime_and_handler_are_mandatory(missing: str) -> None:
    request = {name: value for name, value in REQUEST.items() if name != missing}
    with pytest.raises(ServiceError) as caught:
        new_settings(request, "hello")
    assert caught.value.message == (
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages."
    )


def test_a_handler_without_a_dot_is_taken_as_aws_takes_it() -> None:
    assert changed_settings({"Handler": "handler"}) == {"handler": "handler"}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"MemorySize": 64}, "'MemorySize' value failed to satisfy constraint: Member must have "
         "value greater than or equal to 128"),
        ({"MemorySize": 20000}, "'MemorySize' value failed to satisfy constraint: Member must "
         "have value less than or equal to 10240"),
        ({"Timeout": 0}, "'Timeout' value failed to satisfy constraint: Member must have value "
         "greater than or equal to 1"),
        ({"Timeout": 901}, "'Timeout' value failed to satisfy constraint: Member must have value "
         "less than or equal to 900"),
        ({"EphemeralStorage": {"Size": 511}}, "'EphemeralStorage' value failed to satisfy "
         "constraint: Member must have value greater than or equal to 512"),
        ({"EphemeralStorage": {"Size": 10241}}, "'EphemeralStorage' value failed to satisfy "
         "constraint: Member must have value less than or equal to 10240"),
    ],
)  # fmt: skip
def test_a_number_out_of_bounds_is_refused(request_: dict[str, Any], message: str) -> None:
    assert refusal(request_) == message


@pytest.mark.parametrize(
    "request_",
    [
        {"MemorySize": 128, "Timeout": 1, "EphemeralStorage": {"Size": 512}},
        {"MemorySize": 10240, "Timeout": 900, "EphemeralStorage": {"Size": 10240}},
    ],
)
def test_the_bounds_themselves_are_allowed(request_: dict[str, Any]) -> None:
    assert changed_settings(request_)["memory_mb"] == request_["MemorySize"]


def test_reserved_variables_are_refused_by_name() -> None:
    variables = {"MINE": "1", "AWS_REGION": "x", "LAMBDA_TASK_ROOT": "y"}
    assert refusal({"Environment": {"Variables": variables}}) == (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT"
    )


def test_variables_of_four_kilobytes_are_allowed_and_no_more() -> None:
    # {"KEY":"…"} has ten characters besides the value.
    assert changed_settings({"Environment": {"Variables": {"KEY": "x" * 4086}}})
    message = refusal({"Environment": {"Variables": {"KEY": "x" * 4087}}})
    assert message.startswith(
        "Lambda was unable to configure your environment variables because the environment "
        'variables you have provided exceeded the 4KB limit. String measured: {"KEY":"xxx'
    )


def test_a_variable_with_a_null_character_is_refused_without_showing_its_value() -> None:
    message = refusal({"Environment": {"Variables": {"KEY": "sec\0ret"}}})
    assert "KEY" in message
    assert "ret" not in message


def test_the_environment_can_be_emptied_and_removed() -> None:
    assert changed_settings({"Environment": {"Variables": {}}}) == {"environment": {}}
    assert changed_settings({"Environment": {}}) == {"environment": None}


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"PublishTo": "LATEST_PUBLISHED"}, "PublishTo"),
        ({"CapacityProviderConfig": {"x": 1}}, "CapacityProviderConfig"),
        ({"KMSKeyArn": "arn:aws:kms:::key"}, "KMSKeyArn"),
    ],
)
def test_what_ingle_does_not_do_yet_is_refused_by_name(
    request_: dict[str, Any], named: str
) -> None:
    assert refusal(request_).startswith(f"{named} is not supported by this version of Ingle")


@pytest.mark.parametrize(
    "request_",
    [
        {"PackageType": "Zip", "KMSKeyArn": ""},
        {"TracingConfig": {}, "SnapStart": {}},
    ],
)
def test_asking_for_what_ingle_does_anyway_is_allowed(request_: dict[str, Any]) -> None:
    assert changed_settings(request_) == {}


def test_a_dead_letter_queue_can_be_set_and_taken_away() -> None:
    arn = "arn:aws:sqs:us-east-1:000000000000:q"
    assert changed_settings({"DeadLetterConfig": {"TargetArn": arn}}) == {"dead_letter": arn}
    for config in ({}, {"TargetArn": ""}):
        assert changed_settings({"DeadLetterConfig": config}) == {"dead_letter": None}


def test_the_mode_of_tracing_is_kept() -> None:
    for mode in ("Active", "PassThrough"):
        assert changed_settings({"TracingConfig": {"Mode": mode}}) == {"tracing": mode}


def test_tenants_can_be_isolated_when_a_function_is_made() -> None:
    request = {**REQUEST, "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
    assert new_settings(request, "hello")["tenant_isolation"] == "PER_TENANT"


def test_levels_come_with_json_and_go_with_text() -> None:
    levels = {"application_log_level": "INFO", "system_log_level": "WARN"}
    json = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    assert changed_settings({"LoggingConfig": json}) == {"log_format": "JSON", **levels}
    none = dict.fromkeys(levels)
    text = {"LogFormat": "Text"}
    assert changed_settings({"LoggingConfig": text}) == {"log_format": "Text", **none}


def test_the_log_group_can_be_chosen() -> None:
    assert changed_settings({"LoggingConfig": {"LogGroup": "/mine"}}) == {"log_group": "/mine"}


def test_an_architecture_that_the_machine_lacks_is_refused() -> None:
    assert checked_architecture(None, "x86_64") == "x86_64"
    assert checked_architecture(["x86_64"], "x86_64") == "x86_64"
    with pytest.raises(ServiceError, match="arm64") as caught:
        checked_architecture(["arm64"], "x86_64")
    assert caught.value.error_code == "InvalidParameterValueException"


@pytest.mark.parametrize("tags", [{str(n): "" for n in range(51)}, {"AWS:x": "y"}])
def test_too_many_tags_and_those_of_aws_are_refused(tags: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as caught:
        checked_tags(tags)
    assert caught.value.error_code == "InvalidParameterValueException"


def test_a_request_without_code_is_refused() -> None:
    with pytest.raises(ServiceError, match="Please provide a source for function code"):
        zip_file({}, "CreateFunction", "Code.")


def test_code_in_another_way_is_refused_by_name() -> None:
    with pytest.raises(ServiceError, match=r"Code\.S3ObjectStorageMode is not supported"):
        zip_file({"S3ObjectStorageMode": "REFERENCE"}, "CreateFunction", "Code.")


def test_a_zip_over_fifty_megabytes_is_refused() -> None:
    with pytest.raises(ServiceError) as caught:
        zip_file({"ZipFile": bytes(52_428_801)}, "CreateFunction", "Code.")
    assert caught.value.error_code == "RequestEntityTooLargeException"
    assert caught.value.message == (
        "Request must be smaller than 69905067 bytes for the CreateFunction operation"
    )
