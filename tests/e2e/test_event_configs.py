"""How events are treated, as it is configured with boto3 on the real server."""

import datetime

import pytest

from tests.e2e.conftest import INVOKER_ROLE, create, refusal

ACCOUNT = "000000000000"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
SOURCE = "def handler(event, context):\n    return event\n"
NOWHERE = {"OnSuccess": {}, "OnFailure": {}}


def described(answer):
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert isinstance(answer.pop("LastModified"), datetime.datetime)
    return answer


@pytest.fixture
def name(deploy):
    return deploy(SOURCE, Role=INVOKER_ROLE)


def put(functions, name, **members):
    return described(functions.put_function_event_invoke_config(FunctionName=name, **members))


def update(functions, name, **members):
    return described(functions.update_function_event_invoke_config(FunctionName=name, **members))


def get(functions, name, **members):
    return described(functions.get_function_event_invoke_config(FunctionName=name, **members))


def missing(name, qualifier="$LATEST"):
    text = f"The function {ARN}{name}:{qualifier} doesn't have an EventInvokeConfig"
    return 404, "ResourceNotFoundException", text


def test_a_configuration_is_described_as_aws_does(functions, deploy, name):
    other = deploy(SOURCE)
    whole = {
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnSuccess": {"Destination": ARN + other}, "OnFailure": {}},
    }
    expected = {"FunctionArn": f"{ARN}{name}:$LATEST"} | whole
    assert put(functions, name, **whole) == expected
    assert get(functions, name) == expected
    assert get(functions, f"{ARN}{name}:$LATEST") == expected
    assert get(functions, name, Qualifier="$LATEST") == expected


def test_putting_replaces_all_and_updating_only_what_is_named(functions, deploy, name):
    other = deploy(SOURCE)
    arn = f"{ARN}{name}:$LATEST"
    destinations = {"OnSuccess": {}, "OnFailure": {"Destination": ARN + other}}
    put(functions, name, MaximumRetryAttempts=0, DestinationConfig=destinations)
    assert update(functions, name, MaximumEventAgeInSeconds=3600) == {
        "FunctionArn": arn,
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 3600,
        "DestinationConfig": destinations,
    }
    assert update(functions, name, DestinationConfig={"OnFailure": {"Destination": ""}}) == {
        "FunctionArn": arn,
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 3600,
        "DestinationConfig": NOWHERE,
    }
    assert put(functions, name, MaximumRetryAttempts=2) == {
        "FunctionArn": arn,
        "MaximumRetryAttempts": 2,
        "DestinationConfig": NOWHERE,
    }


def test_versions_and_aliases_have_configurations_of_their_own(functions, name):
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for number, qualifier in enumerate(("$LATEST", "1", "live")):
        answer = put(functions, name, Qualifier=qualifier, MaximumRetryAttempts=number)
        assert answer["FunctionArn"] == f"{ARN}{name}:{qualifier}"
        assert get(functions, f"{name}:{qualifier}") == answer
    listed = functions.list_function_event_invoke_configs(FunctionName=name)
    found = {
        each["FunctionArn"]: each["MaximumRetryAttempts"]
        for each in listed["FunctionEventInvokeConfigs"]
    }
    assert found == {f"{ARN}{name}:{q}": n for n, q in enumerate(("$LATEST", "1", "live"))}
    assert "NextMarker" not in listed
    functions.delete_function_event_invoke_config(FunctionName=name, Qualifier="1")
    assert get(functions, name, Qualifier="live")["MaximumRetryAttempts"] == 2
    call = functions.get_function_event_invoke_config
    assert refusal(call, FunctionName=name, Qualifier="1") == missing(name, "1")


def test_configurations_are_listed_in_pages(functions, name):
    for number in range(1, 4):
        functions.update_function_configuration(FunctionName=name, Description=str(number))
        functions.publish_version(FunctionName=name)
        put(functions, name, Qualifier=str(number), MaximumRetryAttempts=1)
    put(functions, name, MaximumRetryAttempts=1)
    pages = list(
        functions.get_paginator("list_function_event_invoke_configs").paginate(
            FunctionName=name, PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["FunctionEventInvokeConfigs"]) for page in pages] == [3, 1]
    arns = [each["FunctionArn"] for page in pages for each in page["FunctionEventInvokeConfigs"]]
    assert arns == [f"{ARN}{name}:{qualifier}" for qualifier in ("$LATEST", 1, 2, 3)]
    status, code, _ = refusal(
        functions.list_function_event_invoke_configs, FunctionName=name, Marker="x"
    )
    assert (status, code) == (400, "InvalidParameterValueException")


def test_a_configuration_that_is_deleted_is_gone(functions, name):
    put(functions, name, MaximumRetryAttempts=1)
    answer = functions.delete_function_event_invoke_config(FunctionName=name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (
        functions.get_function_event_invoke_config,
        functions.delete_function_event_invoke_config,
        lambda **members: functions.update_function_event_invoke_config(
            MaximumRetryAttempts=1, **members
        ),
    ):
        assert refusal(call, FunctionName=name) == missing(name)


def test_configurations_go_with_the_function_the_version_and_the_alias(functions, name):
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ("$LATEST", "1", "live"):
        put(functions, name, Qualifier=qualifier, MaximumRetryAttempts=1)
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name, Qualifier="1")
    listed = functions.list_function_event_invoke_configs(FunctionName=name)
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    functions.delete_function(FunctionName=name)
    create(functions, SOURCE, FunctionName=name)
    listed = functions.list_function_event_invoke_configs(FunctionName=name)
    assert listed["FunctionEventInvokeConfigs"] == []


def test_what_does_not_exist_has_no_configuration(functions, name):
    for operation in ("put", "update"):
        call = getattr(functions, f"{operation}_function_event_invoke_config")
        for members in ({"FunctionName": "nobody"}, {"FunctionName": name, "Qualifier": "none"}):
            assert refusal(call, MaximumRetryAttempts=1, **members) == (
                404,
                "ResourceNotFoundException",
                "The function doesn't exist.",
            )
    assert refusal(functions.list_function_event_invoke_configs, FunctionName="nobody") == (
        404,
        "ResourceNotFoundException",
        "The function doesn't exist.",
    )
    for operation in ("get", "delete"):
        call = getattr(functions, f"{operation}_function_event_invoke_config")
        assert refusal(call, FunctionName="nobody") == missing("nobody")
        assert refusal(call, FunctionName=name, Qualifier="none") == missing(name, "none")


def test_something_must_be_set(functions):
    for operation in ("put", "update"):
        call = getattr(functions, f"{operation}_function_event_invoke_config")
        assert refusal(call, FunctionName="nobody") == (
            400,
            "InvalidParameterValueException",
            "You must specify at least one of error handling or destination setting.",
        )


@pytest.mark.parametrize(
    ("member", "value", "bound"),
    [
        ("MaximumRetryAttempts", -1, "greater than or equal to 0"),
        ("MaximumRetryAttempts", 3, "less than or equal to 2"),
        ("MaximumEventAgeInSeconds", 59, "greater than or equal to 60"),
        ("MaximumEventAgeInSeconds", 21601, "less than or equal to 21600"),
    ],
)
def test_numbers_out_of_range_are_refused(unchecked, name, member, value, bound):
    status, code, message = refusal(
        unchecked.put_function_event_invoke_config, FunctionName=name, **{member: value}
    )
    assert (status, code) == (400, "ValidationException")
    assert f"{member[0].lower()}{member[1:]}" in message
    assert bound in message


def destination_refusal(functions, name, arn, member="OnFailure"):
    status, code, message = refusal(
        functions.put_function_event_invoke_config,
        FunctionName=name,
        DestinationConfig={member: {"Destination": arn}},
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    return message


def test_a_destination_must_be_another_function_that_exists(functions, name):
    assert destination_refusal(functions, name, f"{ARN}nobody") == (
        f"The destination ARN {ARN}nobody is invalid."
    )
    assert destination_refusal(functions, name, f"{ARN}{name}:9") == (
        f"The destination ARN {ARN}{name}:9 is invalid."
    )
    assert destination_refusal(functions, name, ARN + name) == (
        "You can't specify the function as a destination for itself."
    )


def test_a_destination_of_another_kind_is_refused_as_a_whole(functions, name):
    arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    assert destination_refusal(functions, name, arn) == (
        "The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={arn})) is invalid."
    )
    assert destination_refusal(functions, name, "kafka://topic", "OnSuccess") == (
        "The provided destination config DestinationConfig("
        "onSuccess=OnSuccess(destination=kafka://topic), onFailure=null) is invalid."
    )


def test_a_destination_must_be_in_the_same_account_and_region(server, functions, name):
    there = server.client("lambda", region_name="eu-west-1")
    create(there, SOURCE, FunctionName=name)
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
    assert destination_refusal(functions, name, arn) == (
        f"The destination ARN {arn} is invalid: the function must be in the same account and "
        "region."
    )


def test_a_text_that_is_no_arn_is_refused_in_aws_s_words(unchecked, name):
    status, code, message = refusal(
        unchecked.put_function_event_invoke_config,
        FunctionName=name,
        DestinationConfig={"OnFailure": {"Destination": "nothing"}},
    )
    assert (status, code) == (400, "ValidationException")
    assert "destinationConfig.onFailure.destination" in message


def test_two_qualifiers_must_agree(functions, name):
    functions.publish_version(FunctionName=name)
    assert refusal(
        functions.put_function_event_invoke_config,
        FunctionName=f"{name}:1",
        Qualifier="$LATEST",
        MaximumRetryAttempts=1,
    ) == (
        400,
        "InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (
            f"arn:aws:sns:us-east-1:{ACCOUNT}:topic",
            "The provided execution role does not have permissions to call Publish on SNS",
        ),
        (
            f"{ARN}other",
            f"DeadLetterConfig.TargetArn {ARN}other is neither an Amazon SQS queue nor an Amazon "
            "SNS topic.",
        ),
    ],
)
def test_a_dead_letter_queue_must_be_one_that_the_role_may_send_to(functions, name, arn, message):
    settings = {"DeadLetterConfig": {"TargetArn": arn}}
    call = functions.update_function_configuration
    expected = (400, "InvalidParameterValueException", message)
    assert refusal(call, FunctionName=name, **settings) == expected
    call(FunctionName=name, DeadLetterConfig={"TargetArn": ""})
