"""The configuration of durable functions, as boto3 sees it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create, refusal, zip_of
from tests.e2e.durable import Durable, started
from tests.e2e.languages import runtimes_of

INVALID = "InvalidParameterValueException"


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Durable]:
    yield from started(tmp_path_factory.mktemp("durable"))


def test_a_function_is_durable_from_its_creation_on(durable: Durable) -> None:
    client = durable.client
    name = create(client, "def handler(event, context):\n    pass\n")
    assert "DurableConfig" not in client.get_function_configuration(FunctionName=name)
    assert refusal(
        client.update_function_configuration,
        FunctionName=name,
        DurableConfig={"ExecutionTimeout": 60},
    ) == (
        400,
        INVALID,
        "You cannot add a durable configuration to a function that was originally created with no "
        "durable configuration",
    )


def test_the_configuration_is_changed_member_by_member(durable: Durable) -> None:
    client = durable.client
    name = create(
        client,
        "def handler(event, context):\n    pass\n",
        DurableConfig={"ExecutionTimeout": 3600},
    )
    made = client.get_function_configuration(FunctionName=name)
    assert made["DurableConfig"] == {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 14}
    assert made["Timeout"] == 900
    assert made["LoggingConfig"]["LogFormat"] == "JSON"
    client.publish_version(FunctionName=name)
    changed = client.update_function_configuration(
        FunctionName=name, DurableConfig={"RetentionPeriodInDays": 3}
    )
    assert changed["DurableConfig"] == {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 3}
    first = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert first["DurableConfig"]["RetentionPeriodInDays"] == 14


@pytest.mark.parametrize(
    ("config", "code", "message"),
    [
        (
            {"RetentionPeriodInDays": 7},
            INVALID,
            "You cannot create a function with a durable configuration without an executionTimeout",
        ),
        (
            {"ExecutionTimeout": 0},
            "ValidationException",
            "1 validation error detected: Value '0' at 'durableConfig.executionTimeout' failed to "
            "satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            {"ExecutionTimeout": 60, "KMSKeyArn": "arn:aws:kms:us-east-1:0:key/k"},
            INVALID,
            "DurableConfig.KMSKeyArn is not supported by this version of Ingle: there is no KMS; "
            "what is kept is encrypted with the server's own key. Leave it out.",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(
    unchecked: Any, config: dict[str, Any], code: str, message: str
) -> None:
    assert refusal(
        unchecked.create_function,
        FunctionName="never",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": zip_of(app="")},
        DurableConfig=config,
    ) == (400, code, message)


def test_a_durable_function_has_no_tenants_of_its_own(functions: Any) -> None:
    assert refusal(
        functions.create_function,
        FunctionName="never",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": zip_of(app="")},
        DurableConfig={"ExecutionTimeout": 60},
        TenancyConfig={"TenantIsolationMode": "PER_TENANT"},
    ) == (
        400,
        INVALID,
        "Durable functions are not supported for functions with tenant isolation.",
    )


@pytest.mark.skipif(
    "python3.10" not in runtimes_of("python3"), reason="no Python that is too old for the SDK"
)
def test_a_runtime_without_an_sdk_cannot_be_durable(functions: Any) -> None:
    assert refusal(
        functions.create_function,
        FunctionName="never",
        Role=ROLE,
        Runtime="python3.10",
        Handler="app.handler",
        Code={"ZipFile": zip_of(app="")},
        DurableConfig={"ExecutionTimeout": 60},
    ) == (400, INVALID, "python3.10 is not supported for durable functions.")
