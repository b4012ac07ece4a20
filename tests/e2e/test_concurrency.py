"""Reserved and provisioned concurrency, and a machine whose memory is full."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.server import Server

GATE = """
import os, pathlib, time
started = time.time()
held = None
def handler(event, context):
    global held
    if event.get("hold"):
        held = bytearray(event["hold"] * 2**20)
    time.sleep(event.get("sleep", 0))
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], context.log_stream_name, started]
"""
ONLY_FUNCTIONS = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support "
    "this operation. Please specify either a function name or an unqualified function ARN."
)


def run(client: Any, name: str, **event: Any) -> Any:
    """Invoke a function; return its answer, or the response that says that it was throttled."""
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ClientError as error:
        return error.response
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def run_at_once(client: Any, name: str, count: int, **event: Any) -> tuple[list[Any], list[Any]]:
    """Run a function several times at once; return the answers, and the throttles."""
    with ThreadPoolExecutor(count) as many:
        answers = list(many.map(lambda _: run(client, name, **event), range(count)))
    throttled = [each for each in answers if isinstance(each, dict)]
    return [each for each in answers if isinstance(each, list)], throttled


def test_reserved_concurrency_is_kept_told_and_removed(functions: Any, deploy: Any) -> None:
    name = deploy(GATE)
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(
        FunctionName=name
    )
    put = functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
    assert put["ReservedConcurrentExecutions"] == 7
    told = functions.get_function_concurrency(FunctionName=name)
    assert told["ReservedConcurrentExecutions"] == 7
    assert functions.get_function(FunctionName=name)["Concurrency"] == {
        "ReservedConcurrentExecutions": 7
    }
    limit = functions.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] - limit["UnreservedConcurrentExecutions"] == 7
    functions.delete_function_concurrency(FunctionName=name)
    limit = functions.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == limit["UnreservedConcurrentExecutions"] == 1000
    assert "Concurrency" not in functions.get_function(FunctionName=name)


def test_a_function_runs_no_more_than_it_has_reserved(functions: Any, deploy: Any) -> None:
    name = deploy(GATE, Timeout=10)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    served, (throttled,) = run_at_once(functions, name, 3, sleep=3)
    assert len(served) == 2
    assert throttled["Error"]["Code"] == "TooManyRequestsException"
    assert throttled["Error"]["Message"] == "Rate Exceeded."
    assert throttled["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert throttled["Type"] == "User"
    assert throttled["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert throttled["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
    assert isinstance(run(functions, name), list)


def test_a_function_with_nothing_reserved_is_switched_off_over_restarts(
    own_server: Server,
) -> None:
    client = own_server.client("lambda")
    name = create(client, GATE)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    own_server.kill()
    own_server.start()
    client = own_server.client("lambda")
    status, code, _ = refusal(client.invoke, FunctionName=name, Payload=b"{}")
    assert (status, code) == (429, "TooManyRequestsException")
    client.delete_function(FunctionName=name)
    create(client, GATE, FunctionName=name)
    assert client.invoke(FunctionName=name, Payload=b"{}")["StatusCode"] == 200


def test_an_account_keeps_a_hundred_for_everybody(functions: Any, deploy: Any) -> None:
    name, other = deploy(GATE), deploy(GATE)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=850)
    assert refusal(
        functions.put_function_concurrency, FunctionName=other, ReservedConcurrentExecutions=51
    ) == (
        400,
        "InvalidParameterValueException",
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].",
    )
    functions.put_function_concurrency(FunctionName=other, ReservedConcurrentExecutions=50)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)


def test_a_version_reserves_nothing(functions: Any, deploy: Any) -> None:
    name = deploy(GATE, Publish=True)
    refused = (400, "InvalidParameterValueException", ONLY_FUNCTIONS)
    call = functions.put_function_concurrency
    assert refusal(call, FunctionName=f"{name}:1", ReservedConcurrentExecutions=1) == refused
    assert refusal(functions.get_function_concurrency, FunctionName=f"{name}:1") == refused
    assert refusal(functions.delete_function_concurrency, FunctionName=f"{name}:1") == refused
    status, code, message = refusal(
        call, FunctionName="no-such-function", ReservedConcurrentExecutions=1
    )
    assert (status, code) == (404, "ResourceNotFoundException")
    assert message.endswith(":function:no-such-function")


def ready(client: Any, name: str, qualifier: str = "1") -> dict[str, Any]:
    """Wait until provisioned concurrency is ready or failed; return what is told of it."""
    told: list[dict[str, Any]] = []

    def holds() -> bool:
        told.append(
            client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        )
        return told[-1]["Status"] != "IN_PROGRESS"

    eventually(holds, "it is in progress")
    return told[-1]


def test_provisioned_sandboxes_are_initialised_before_they_are_needed(
    functions: Any, deploy: Any, invoke: Any
) -> None:
    name = deploy(GATE, Publish=True, Timeout=10)
    put = functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert put["RequestedProvisionedConcurrentExecutions"] == 2
    assert put["Status"] in ("IN_PROGRESS", "READY")
    told = ready(functions, name)
    assert told["Status"] == "READY"
    assert told["AvailableProvisionedConcurrentExecutions"] == 2
    assert told["AllocatedProvisionedConcurrentExecutions"] == 2
    asked_at = time.time()
    with ThreadPoolExecutor(3) as many:
        calls = [many.submit(invoke, name, {"sleep": 1}, Qualifier="1") for _ in range(3)]
        kinds = [call.result()[0] for call in calls]
    assert sorted(kind for kind, _, _ in kinds) == [
        "on-demand",
        "provisioned-concurrency",
        "provisioned-concurrency",
    ]
    assert len({stream for _, stream, _ in kinds}) == 3
    assert sum(started < asked_at for _, _, started in kinds) == 2
    listed = functions.list_provisioned_concurrency_configs(FunctionName=name)
    (config,) = listed["ProvisionedConcurrencyConfigs"]
    assert config["FunctionArn"].endswith(f":function:{name}:1")
    assert config["Status"] == "READY"


def test_what_is_provisioned_for_an_alias_follows_it(
    functions: Any, deploy: Any, invoke: Any
) -> None:
    source = "import os\ndef handler(event, context):\n"
    source += (
        "    return [context.function_version, os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']]\n"
    )
    name = deploy(source, Publish=True)
    functions.update_function_configuration(FunctionName=name, Description="second")
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    assert refusal(
        functions.put_provisioned_concurrency_config,
        FunctionName=name,
        Qualifier="1",
        ProvisionedConcurrentExecutions=1,
    ) == (409, "ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias")
    for version in ("1", "2"):
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
        assert ready(functions, name, "live")["Status"] == "READY"
        answer, _ = invoke(name, None, Qualifier="live")
        assert answer == [version, "provisioned-concurrency"]
    functions.delete_alias(FunctionName=name, Name="live")
    listed = functions.list_provisioned_concurrency_configs(FunctionName=name)
    assert listed["ProvisionedConcurrencyConfigs"] == []
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="2", ProvisionedConcurrentExecutions=1
    )
    functions.create_alias(FunctionName=name, Name="next", FunctionVersion="2")
    assert refusal(
        functions.put_provisioned_concurrency_config,
        FunctionName=name,
        Qualifier="next",
        ProvisionedConcurrentExecutions=1,
    )[:2] == (409, "ResourceConflictException")


def test_a_provisioned_sandbox_that_ends_is_replaced(
    functions: Any, deploy: Any, invoke: Any
) -> None:
    source = "import os\ndef handler(event, context):\n    os._exit(1) if event else None\n"
    source += "    return context.log_stream_name\n"
    name = deploy(source, Publish=True)
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    ready(functions, name)
    first, _ = invoke(name, 0, Qualifier="1")
    invoke(name, 1, Qualifier="1")
    eventually(lambda: ready(functions, name)["Status"] == "READY", "it was not replaced")
    second, _ = invoke(name, 0, Qualifier="1")
    assert second != first


def test_provisioned_concurrency_comes_back_after_a_restart_and_goes_when_it_is_deleted(
    own_server: Server,
) -> None:
    client = own_server.client("lambda")
    name = create(client, GATE, Publish=True)
    client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    own_server.stop()
    own_server.start()
    client = own_server.client("lambda")
    assert ready(client, name)["Status"] == "READY"
    kind, _, _ = json.loads(
        client.invoke(FunctionName=name, Qualifier="1", Payload=b"{}")["Payload"].read()
    )
    assert kind == "provisioned-concurrency"
    client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert refusal(client.get_provisioned_concurrency_config, FunctionName=name, Qualifier="1") == (
        404,
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
    listed = client.list_provisioned_concurrency_configs(FunctionName=name)
    assert listed["ProvisionedConcurrencyConfigs"] == []
    again = client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 204
    call = client.delete_provisioned_concurrency_config
    assert refusal(call, FunctionName=name, Qualifier="2")[:2] == (404, "ResourceNotFoundException")
    assert refusal(call, FunctionName=name, Qualifier="$LATEST") == (
        400,
        "InvalidParameterValueException",
        "The function resource provided must be an alias or a published version.",
    )

    def on_demand() -> bool:
        answer = client.invoke(FunctionName=name, Qualifier="1", Payload=b"{}")
        return json.loads(answer["Payload"].read())[0] == "on-demand"

    eventually(on_demand, "the provisioned sandbox serves on")


def test_provisioned_concurrency_whose_initialisation_fails_says_why(
    functions: Any, deploy: Any
) -> None:
    name = deploy("raise ValueError('not today')", Publish=True)
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    told = ready(functions, name)
    assert told["Status"] == "FAILED"
    assert "not today" in told["StatusReason"]
    assert told["AvailableProvisionedConcurrentExecutions"] == 0


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"Qualifier": "$LATEST", "ProvisionedConcurrentExecutions": 1},
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ),
        (
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1001},
            "Specified ConcurrentExecutions for function is greater than account's unreserved "
            "concurrency [1000].",
        ),
        (
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 901},
            "Specified ConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [100].",
        ),
    ],
)
def test_provisioned_concurrency_that_cannot_be_is_refused(
    functions: Any, deploy: Any, members: dict[str, Any], message: str
) -> None:
    name = deploy(GATE, Publish=True)
    call = functions.put_provisioned_concurrency_config
    assert refusal(call, FunctionName=name, **members) == (
        400,
        "InvalidParameterValueException",
        message,
    )


def test_reserved_and_provisioned_concurrency_must_agree(functions: Any, deploy: Any) -> None:
    name = deploy(GATE, Publish=True)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    assert refusal(
        functions.put_provisioned_concurrency_config,
        FunctionName=name,
        Qualifier="1",
        ProvisionedConcurrentExecutions=3,
    )[2] == (
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function"
    )
    functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    assert refusal(
        functions.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=1
    )[2] == (
        "ReservedConcurrentExecutions  1 should not be lower than function's total provisioned "
        "concurrency [2]."
    )


def test_when_memory_is_full_idle_sandboxes_give_way_and_then_callers_are_throttled(
    start_server: Callable[..., Server], memory_limits: None
) -> None:
    client = start_server("--memory-mb", "1024").client("lambda")
    idle = create(client, GATE, MemorySize=128)
    hungry = create(client, GATE, MemorySize=128, Timeout=20)

    first = run(client, idle, hold=100)
    served, throttled = run_at_once(client, hungry, 14, hold=100, sleep=5)
    assert 5 <= len(served) <= 9
    for each in throttled:
        assert each["Error"]["Code"] == "TooManyRequestsException"
        assert each["Error"]["Message"] == "Rate Exceeded: this machine's memory is full."
        assert each["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert each["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
    assert run(client, idle, hold=1) != first
    assert run(client, hungry)[1] in [stream for _, stream, _ in served]
