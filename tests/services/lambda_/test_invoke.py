import base64
import shutil
from typing import Any

import pytest

from ingle.invoke.invoker import InvocationResult
from ingle.services.lambda_.api import LambdaService
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.lambda_.conftest import RUNTIME, Bench, create_request
from tests.services.lambda_.zips import HELLO

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"


@pytest.fixture
async def ready(service: LambdaService) -> LambdaService:
    """Have a function in the service."""
    request = create_request(
        Environment={"Variables": {"A1": "b"}},
        MemorySize=256,
        Timeout=7,
        EphemeralStorage={"Size": 600},
        LoggingConfig={"LogGroup": "/mine"},
    )
    await service.create_function(context(), request)
    return service


async def invoke(service: LambdaService, **members: Any) -> Any:
    return await service.invoke(context(), {"FunctionName": "hello", **members})


async def refusal(service: LambdaService, **members: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await invoke(service, **members)
    return caught.value


async def test_an_invocation_answers_what_the_function_returned(
    ready: LambdaService, bench: Bench
) -> None:
    bench.invoker.result = InvocationResult(b'"Hello, Sally"', None, None)
    assert await invoke(ready, Payload=b'{"username": "Sally"}') == {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "Payload": b'"Hello, Sally"',
    }
    ((spec, payload, rest),) = bench.invoker.calls
    assert payload == b'{"username": "Sally"}'
    assert rest == {
        "request_id": context().request_id,
        "invoked_arn": ARN,
        "client_context": None,
        "trace_id": rest["trace_id"],
        "tail": False,
    }
    assert (spec.name, spec.arn, spec.version) == ("hello", ARN, "$LATEST")
    assert (spec.account_id, spec.region) == (ACCOUNT, REGION)
    assert (spec.runtime, spec.handler) == (RUNTIME, "app.handler")
    assert (spec.memory_mb, spec.timeout_s, spec.ephemeral_mb) == (256, 7, 600)
    assert (dict(spec.environment), spec.log_group) == ({"A1": "b"}, "/mine")
    assert spec.code_dir.is_absolute()
    assert (spec.code_dir / "app.py").read_bytes() == HELLO


async def test_the_sandboxes_of_one_revision_share_one_spec(
    ready: LambdaService, bench: Bench
) -> None:
    await invoke(ready)
    await invoke(ready)
    assert bench.invoker.calls[0][0] is bench.invoker.calls[1][0]
    await ready.update_function_configuration(context(), {"FunctionName": "hello", "Timeout": 8})
    await invoke(ready)
    spec = bench.invoker.calls[2][0]
    assert spec.timeout_s == 8
    assert spec.revision_id != bench.invoker.calls[0][0].revision_id


async def test_a_function_made_anew_under_an_old_name_is_the_new_one(
    ready: LambdaService, bench: Bench
) -> None:
    await invoke(ready)
    await ready.delete_function(context(), {"FunctionName": "hello"})
    await ready.create_function(context(), create_request(Handler="new.handler"))
    await invoke(ready)
    assert bench.invoker.calls[1][0].handler == "new.handler"


async def test_the_arn_that_was_invoked_has_the_qualifier_that_was_used(
    ready: LambdaService, bench: Bench
) -> None:
    for name, qualifier, arn in (
        ("hello", None, ARN),
        (ARN, None, ARN),
        ("hello", "$LATEST", f"{ARN}:$LATEST"),
        (f"{ARN}:$LATEST", None, f"{ARN}:$LATEST"),
    ):
        members = {"Qualifier": qualifier} if qualifier else {}
        await invoke(ready, FunctionName=name, **members)
        assert bench.invoker.calls[-1][2]["invoked_arn"] == arn


async def test_an_error_of_the_function_is_marked(ready: LambdaService, bench: Bench) -> None:
    bench.invoker.result = InvocationResult(b'{"errorMessage": "no"}', "Unhandled", None)
    answer = await invoke(ready)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


async def test_the_tail_of_the_log_is_answered_on_demand(
    ready: LambdaService, bench: Bench
) -> None:
    bench.invoker.result = InvocationResult(b"null", None, b"x" * 10 + b"y" * 4096)
    answer = await invoke(ready, LogType="Tail")
    assert bench.invoker.calls[0][2]["tail"] is True
    assert base64.b64decode(answer["LogResult"]) == b"y" * 4096
    assert "LogResult" not in await invoke(ready, LogType="None")


async def test_a_dry_run_checks_and_runs_nothing(ready: LambdaService, bench: Bench) -> None:
    assert await invoke(ready, InvocationType="DryRun") == {"StatusCode": 204}
    assert bench.invoker.calls == []
    error = await refusal(ready, InvocationType="DryRun", Payload=b"{")
    assert error.error_code == "InvalidRequestContentException"


async def test_the_client_context_reaches_the_function(ready: LambdaService, bench: Bench) -> None:
    await invoke(ready, ClientContext=base64.b64encode(b'{"custom": {}}').decode())
    assert bench.invoker.calls[0][2]["client_context"] == '{"custom": {}}'


async def test_another_accounts_function_is_found_by_its_arn_and_not_by_its_name(
    ready: LambdaService,
) -> None:
    stranger = context(OTHER_ACCOUNT)
    assert (await ready.invoke(stranger, {"FunctionName": ARN}))["StatusCode"] == 200
    with pytest.raises(ServiceError) as caught:
        await ready.invoke(stranger, {"FunctionName": "hello"})
    assert caught.value.message == f"Function not found: {ARN.replace(ACCOUNT, OTHER_ACCOUNT)}"


async def test_code_that_is_gone_is_unpacked_again_before_the_invocation(bench: Bench) -> None:
    await (await bench.open()).create_function(context(), create_request())
    for folder in bench.code.iterdir():
        shutil.rmtree(folder)
    await invoke(await bench.open())
    assert (bench.invoker.calls[0][0].code_dir / "app.py").exists()
