"""Code signing configurations, and runtime management."""

from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, refusal, zip_of

PROFILE = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/test/0123456789"
NONE = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-" + "0" * 17
HELLO = "def handler(event, context):\n    return 'hello'\n"
REFUSED = "CodeVerificationFailedException"


@pytest.fixture
def config(functions: Any) -> Any:
    """Make a configuration: `config("Enforce")` → its ARN; it is deleted after the test."""
    made = []

    def make(policy: str = "Warn", **members: Any) -> str:
        answer = functions.create_code_signing_config(
            AllowedPublishers={"SigningProfileVersionArns": [PROFILE]},
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy},
            **members,
        )
        made.append(answer["CodeSigningConfig"]["CodeSigningConfigArn"])
        return made[-1]

    yield make
    for arn in made:
        for function in functions.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)[
            "FunctionArns"
        ]:
            functions.delete_function_code_signing_config(FunctionName=function)
        functions.delete_code_signing_config(CodeSigningConfigArn=arn)


def test_a_configuration_is_made_described_changed_listed_and_deleted(functions: Any) -> None:
    made = functions.create_code_signing_config(
        Description="ours", AllowedPublishers={"SigningProfileVersionArns": [PROFILE]}
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    config = made["CodeSigningConfig"]
    arn = config["CodeSigningConfigArn"]
    assert arn.endswith(f":code-signing-config:{config['CodeSigningConfigId']}")
    assert config["Description"] == "ours"
    assert config["AllowedPublishers"] == {"SigningProfileVersionArns": [PROFILE]}
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    told = functions.get_code_signing_config(CodeSigningConfigArn=arn)
    assert told["CodeSigningConfig"] == config
    updated = functions.update_code_signing_config(
        CodeSigningConfigArn=arn,
        AllowedPublishers={"SigningProfileVersionArns": [PROFILE, PROFILE + "1"]},
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )["CodeSigningConfig"]
    assert updated["Description"] == "ours"
    assert len(updated["AllowedPublishers"]["SigningProfileVersionArns"]) == 2
    assert updated["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    listed = functions.list_code_signing_configs()["CodeSigningConfigs"]
    assert updated in listed
    functions.delete_code_signing_config(CodeSigningConfigArn=arn)
    assert updated not in functions.list_code_signing_configs()["CodeSigningConfigs"]


def test_what_is_not_there_is_not_found(functions: Any, deploy: Any) -> None:
    name = deploy(HELLO)
    missing = (
        404,
        "ResourceNotFoundException",
        f"The Lambda code signing configuration {NONE} can not be found.",
    )
    assert refusal(functions.get_code_signing_config, CodeSigningConfigArn=NONE) == missing
    assert refusal(functions.update_code_signing_config, CodeSigningConfigArn=NONE) == missing
    assert refusal(functions.delete_code_signing_config, CodeSigningConfigArn=NONE) == missing
    call = functions.list_functions_by_code_signing_config
    assert refusal(call, CodeSigningConfigArn=NONE) == missing
    assert refusal(
        functions.put_function_code_signing_config, FunctionName=name, CodeSigningConfigArn=NONE
    ) == (
        404,
        "CodeSigningConfigNotFoundException",
        "The code signing configuration cannot be found. Check that the provided configuration "
        f"is not deleted: {NONE}.",
    )
    for call in (
        functions.get_function_code_signing_config,
        functions.delete_function_code_signing_config,
    ):
        assert refusal(call, FunctionName="nobody")[:2] == (404, "ResourceNotFoundException")


def test_a_configuration_of_another_account_is_refused(functions: Any) -> None:
    other = NONE.replace("000000000000", "111111111111")
    assert refusal(functions.get_code_signing_config, CodeSigningConfigArn=other)[:2] == (
        403,
        "AccessDeniedException",
    )


def test_a_function_has_a_configuration_until_it_is_removed(
    functions: Any, deploy: Any, config: Any
) -> None:
    arn, name = config(), deploy(HELLO)
    put = functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    assert (put["CodeSigningConfigArn"], put["FunctionName"]) == (arn, name)
    told = functions.get_function_code_signing_config(FunctionName=name)
    assert (told["CodeSigningConfigArn"], told["FunctionName"]) == (arn, name)
    listed = functions.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert [each.rpartition(":")[2] for each in listed["FunctionArns"]] == [name]
    assert refusal(functions.delete_code_signing_config, CodeSigningConfigArn=arn) == (
        409,
        "ResourceConflictException",
        "Cannot delete the CodeSigningConfig since it is associated with a function.",
    )
    functions.delete_function_code_signing_config(FunctionName=name)
    told = functions.get_function_code_signing_config(FunctionName=name)
    assert "CodeSigningConfigArn" not in told


def test_an_enforced_policy_refuses_what_is_uploaded_and_a_warning_does_not(
    functions: Any, deploy: Any, config: Any
) -> None:
    enforced, warned = config("Enforce"), config("Warn")
    status, code, message = refusal(
        functions.create_function,
        FunctionName="never",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": zip_of(app=HELLO)},
        CodeSigningConfigArn=enforced,
    )
    assert (status, code) == (400, REFUSED)
    assert message.endswith("Check the provided signature for never.")
    name = deploy(HELLO, CodeSigningConfigArn=warned)
    told = functions.get_function_code_signing_config(FunctionName=name)
    assert told["CodeSigningConfigArn"] == warned
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(app=HELLO + "\n"))
    functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=enforced)
    call = functions.update_function_code
    assert refusal(call, FunctionName=name, ZipFile=zip_of(app=HELLO))[:2] == (400, REFUSED)


def test_an_enforced_policy_refuses_layers_that_are_added_and_keeps_those_that_are_there(
    functions: Any, deploy: Any, config: Any
) -> None:
    layers = [
        functions.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(**{name: ""})})[
            "LayerVersionArn"
        ]
        for name in ("kept", "added")
    ]
    name = deploy(HELLO, Layers=layers[:1], CodeSigningConfigArn=config("Warn"))
    functions.put_function_code_signing_config(
        FunctionName=name, CodeSigningConfigArn=config("Enforce")
    )
    change = functions.update_function_configuration
    assert refusal(change, FunctionName=name, Layers=layers)[:2] == (400, REFUSED)
    told = change(FunctionName=name, Layers=layers[:1], Timeout=4)
    assert [layer["Arn"] for layer in told["Layers"]] == layers[:1]
    assert "Layers" not in change(FunctionName=name, Layers=[])
    assert refusal(change, FunctionName=name, Layers=layers[:1])[:2] == (400, REFUSED)


def test_when_a_runtime_is_updated_is_kept_and_told(functions: Any, deploy: Any) -> None:
    name = deploy(HELLO, Publish=True)
    told = functions.get_runtime_management_config(FunctionName=name)
    assert told["UpdateRuntimeOn"] == "Auto"
    assert "RuntimeVersionArn" not in told
    version = functions.get_function_configuration(FunctionName=name)["RuntimeVersionConfig"]
    arn = version["RuntimeVersionArn"]
    put = functions.put_runtime_management_config(
        FunctionName=name, Qualifier="1", UpdateRuntimeOn="Manual", RuntimeVersionArn=arn
    )
    assert (put["UpdateRuntimeOn"], put["RuntimeVersionArn"]) == ("Manual", arn)
    assert put["FunctionArn"].endswith(f":function:{name}:1")
    told = functions.get_runtime_management_config(FunctionName=name, Qualifier="1")
    assert (told["UpdateRuntimeOn"], told["RuntimeVersionArn"]) == ("Manual", arn)
    assert functions.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
    functions.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    told = functions.get_runtime_management_config(FunctionName=name)
    assert told["UpdateRuntimeOn"] == "FunctionUpdate"


def test_runtime_management_that_cannot_be_is_refused(functions: Any, deploy: Any) -> None:
    name = deploy(HELLO, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    other = "arn:aws:lambda:us-east-1::runtime:" + "0" * 64
    call = functions.put_runtime_management_config
    for members, word in (
        ({"UpdateRuntimeOn": "Manual"}, "is required when UpdateRuntimeOn is Manual"),
        ({"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": other}, "is not allowed when"),
        ({"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": other}, "is not on this machine"),
        ({"UpdateRuntimeOn": "Auto", "Qualifier": "live"}, "$LATEST or a published version"),
    ):
        status, code, message = refusal(call, FunctionName=name, **members)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert word in message
    assert refusal(call, FunctionName="nobody", UpdateRuntimeOn="Auto")[:2] == (
        404,
        "ResourceNotFoundException",
    )
