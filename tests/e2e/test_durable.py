"""Durable functions with AWS's own SDK, on a real server whose clock is put forward."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import DURABLE_ROLE, RUNTIME, eventually, refusal, zip_of
from tests.e2e.durable import Durable, package, started
from tests.e2e.urls import allow

STEPS = """
@durable_step
def add(step, a, b):
    print("adding", a, b)
    return a + b

@durable_execution
def handler(event, context):
    first = context.step(add(event["a"], 1))
    if "wait" in event:
        context.wait(Duration.from_seconds(event["wait"]), name="pause")
    return {"sum": context.step(add(first, 10))}
"""
CALLBACK = """
@durable_execution
def handler(event, context):
    callback = context.create_callback(
        name="approval", config=CallbackConfig(**{
            name: Duration.from_seconds(value) for name, value in event.items()}))
    return {"approved": callback.result()}
"""


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Durable]:
    yield from started(tmp_path_factory.mktemp("durable"))


@pytest.fixture
def printed(durable: Durable) -> Any:
    """What a function has printed: `printed(name, "adding")` → the lines that begin so."""
    logs = durable.server.client("logs")

    def read(name: str, start: str) -> list[str]:
        group = f"/aws/lambda/{name.partition(':')[0]}"
        found = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in found if event["message"].startswith(start)]

    return read


def callback_id(durable: Durable, arn: str) -> str:
    """Wait until an execution waits for a callback, and return the callback's id."""
    [details] = durable.happened(arn, "CallbackStarted")
    durable.rests(arn)
    return str(details["CallbackId"])


def test_the_steps_of_an_execution_run_once_each(durable: Durable, printed: Any) -> None:
    name = durable.create(STEPS)
    answer, response = durable.run(name, {"a": 1})
    assert answer == {"sum": 12}
    assert "FunctionError" not in response
    assert response["ExecutedVersion"] == "$LATEST"
    arn = response["DurableExecutionArn"]
    assert arn.startswith(
        f"arn:aws:lambda:us-east-1:000000000000:function:{name}/durable-execution/"
    )
    assert durable.kinds(arn) == [
        "ExecutionStarted",
        "StepStarted",
        "StepSucceeded",
        "StepStarted",
        "StepSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]
    assert len(printed(name, "adding")) == 2


def test_a_wait_of_a_day_costs_no_invocation(durable: Durable, printed: Any) -> None:
    name = durable.create(STEPS, ExecutionTimeout=200_000)
    arn = durable.start(name, {"a": 1, "wait": 86_400})
    durable.rests(arn)
    assert durable.get(arn)["Status"] == "RUNNING"
    durable.server.advance(86_300)
    durable.client.list_functions()
    assert durable.kinds(arn).count("InvocationCompleted") == 1
    durable.server.advance(101)
    assert durable.result(arn) == {"sum": 12}
    assert durable.kinds(arn).count("InvocationCompleted") == 2
    assert printed(name, "adding") == ["adding 1 1\n", "adding 2 10\n"]


def test_a_callback_is_completed_from_outside(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK), {})
    durable.client.send_durable_execution_callback_success(
        CallbackId=callback_id(durable, arn), Result=b'"by Ada"'
    )
    assert durable.result(arn) == {"approved": '"by Ada"'}
    [told] = durable.happened(arn, "CallbackSucceeded")
    assert told == {"Result": {"Payload": '"by Ada"', "Truncated": False}}


def test_a_callback_that_fails_raises_in_the_function(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK), {})
    durable.client.send_durable_execution_callback_failure(
        CallbackId=callback_id(durable, arn),
        Error={"ErrorType": "Refused", "ErrorMessage": "no budget"},
    )
    ended = durable.over(arn)
    assert ended["Status"] == "FAILED"
    assert ended["Error"]["ErrorMessage"] == "no budget"


def test_a_callback_times_out(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK), {"timeout": 60})
    callback_id(durable, arn)
    durable.server.advance(61)
    ended = durable.over(arn)
    assert (ended["Status"], ended["Error"]["ErrorMessage"]) == ("FAILED", "Callback timed out")
    [told] = durable.happened(arn, "CallbackTimedOut")
    assert told["Error"]["Payload"] == {"ErrorType": "Callback.Timeout"}


def test_heartbeats_keep_a_callback_from_timing_out(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK), {"heartbeat_timeout": 60})
    callback = callback_id(durable, arn)
    for _ in range(3):
        durable.server.advance(40)
        durable.client.send_durable_execution_callback_heartbeat(CallbackId=callback)
    assert durable.get(arn)["Status"] == "RUNNING"
    durable.server.advance(61)
    assert durable.over(arn)["Error"]["ErrorMessage"] == "Callback timed out on heartbeat"


def test_a_step_is_tried_again_after_its_delay(durable: Durable, printed: Any) -> None:
    name = durable.create("""
from aws_durable_execution_sdk_python.retries import RetryDecision

def decide(error, attempt):
    return RetryDecision.retry(Duration.from_seconds(300)) if attempt < 3 else RetryDecision.no_retry()

def work(step):
    print("trying")
    raise ValueError("not today")

@durable_execution
def handler(event, context):
    try:
        context.step(work, name="work", config=StepConfig(retry_strategy=decide))
    except Exception as error:
        return {"failed": str(error)}
""")  # noqa: E501
    arn = durable.start(name)
    for attempt in (1, 2):
        durable.rests(arn, attempt)
        assert len(printed(name, "trying")) == attempt
        durable.server.advance(301)
    assert durable.result(arn) == {"failed": "not today"}
    retries = [each["RetryDetails"] for each in durable.happened(arn, "StepFailed", 3)]
    assert retries == [
        {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 300},
        {"CurrentAttempt": 2, "NextAttemptDelaySeconds": 300},
        {"CurrentAttempt": 3},
    ]


def test_branches_and_items_run_side_by_side_in_contexts_of_their_own(durable: Durable) -> None:
    name = durable.create("""
def doubled(context, item, index, items):
    return context.step(lambda step: item * 2, name=f"double-{index}")

def branch(number):
    def run(context):
        context.wait(Duration.from_seconds(1))
        return context.step(lambda step: number, name=f"branch-{number}")
    return run

@durable_execution
def handler(event, context):
    mapped = context.map(event, doubled, name="doubles")
    both = context.parallel([branch(1), branch(2)], name="both")
    inner = context.run_in_child_context(
        lambda child: child.step(lambda step: "in", name="within"), name="inner")
    return [mapped.get_results(), both.get_results(), inner]
""")
    answer, response = durable.run(name, [1, 2, 3])
    assert answer == [[2, 4, 6], [1, 2], "in"]
    arn = response["DurableExecutionArn"]
    kinds = durable.kinds(arn)
    assert kinds.count("ContextStarted") == kinds.count("ContextSucceeded")
    by_id = {event.get("Id"): event for event in durable.history(arn)}
    within = next(e for e in by_id.values() if e.get("Name") == "within")
    assert by_id[within["ParentId"]]["Name"] == "inner"


def test_a_condition_is_polled_without_running_meanwhile(durable: Durable) -> None:
    name = durable.create("""
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

def strategy(state, attempt):
    if state >= 3:
        return WaitForConditionDecision.stop_polling()
    return WaitForConditionDecision.continue_waiting(Duration.from_seconds(120))

@durable_execution
def handler(event, context):
    return context.wait_for_condition(
        lambda state, check: state + 1,
        WaitForConditionConfig(initial_state=0, wait_strategy=strategy), name="poll")
""")
    arn = durable.start(name)
    for invocation in (1, 2):
        durable.rests(arn, invocation)
        durable.server.advance(121)
    assert durable.result(arn) == 3


def test_functions_are_invoked_durable_ones_and_others(durable: Durable) -> None:
    plain = durable.client.create_function(
        FunctionName="plain",
        Role=DURABLE_ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": _plain()},
    )["FunctionName"]
    inner = durable.create(STEPS)
    outer = durable.create("""
@durable_execution
def handler(event, context):
    told = []
    for function, payload in event:
        try:
            told.append(context.invoke(function, payload))
        except Exception as error:
            told.append([type(error).__name__, error.error_type, str(error)])
    return told
""")
    missing = "arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST"
    answer, response = durable.run(
        outer,
        [
            [plain, {"n": 1}],
            [inner, {"a": 1}],
            [plain, {"fail": True}],
            ["nobody", {}],
            [inner.partition(":")[0], {}],
        ],
    )
    assert answer == [
        {"got": {"n": 1}},
        {"sum": 12},
        ["InvokeError", "ValueError", "no"],
        ["InvokeError", "ResourceNotFoundException", f"Function not found: {missing}"],
        [
            "InvokeError",
            "InvalidParameterValueException",
            "You cannot invoke a durable function using an unqualified ARN.",
        ],
    ]
    begun = durable.happened(response["DurableExecutionArn"], "ChainedInvokeStarted", 5)
    assert begun[0]["Input"]["Payload"] == '{"n": 1}'
    child = durable.get(begun[1]["DurableExecutionArn"])
    assert (child["Status"], child["InputPayload"]) == ("SUCCEEDED", '{"a": 1}')
    assert "Input" not in begun[3] or begun[3]["Input"] == {"Truncated": False}


def _plain() -> bytes:
    return zip_of(
        app="def handler(event, context):\n"
        "    if event.get('fail'):\n        raise ValueError('no')\n"
        "    return {'got': event}\n"
    )


def test_a_state_larger_than_an_event_is_fetched_in_pages(durable: Durable) -> None:
    name = durable.create("""
@durable_execution
def handler(event, context):
    sizes = [len(context.step(lambda step: "x" * 240_000, name=f"s{n}")) for n in range(40)]
    context.wait(Duration.from_seconds(1))
    return sum(sizes)
""")
    answer, response = durable.run(name)
    assert answer == 40 * 240_000
    assert durable.kinds(response["DurableExecutionArn"]).count("InvocationCompleted") == 2


def test_what_a_large_answer_needs_is_checkpointed(durable: Durable) -> None:
    name = durable.create(
        "@durable_execution\ndef handler(event, context):\n    return 'x' * event\n"
    )
    most = 6 * 1024 * 1024
    answer, _ = durable.run(name, most - 10)
    assert len(answer) == most - 10
    assert durable.over(durable.start(name, 1024 * 1024))["Error"]["ErrorMessage"] == (
        "Execution output payload size must be less than or equal to 1048576 bytes."
    )


def test_an_error_of_the_function_fails_its_execution(durable: Durable) -> None:
    name = durable.create(
        "@durable_execution\ndef handler(event, context):\n    raise ValueError('not today')\n"
    )
    answer, response = durable.run(name)
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "not today")
    ended = durable.get(response["DurableExecutionArn"])
    assert ended["Status"] == "FAILED"
    assert ended["Error"]["ErrorMessage"] == "not today"


def test_an_invocation_that_dies_is_tried_again_up_to_five_times(durable: Durable) -> None:
    name = durable.create("""
import os

@durable_execution
def handler(event, context):
    context.step(lambda step: None, name="first")
    os._exit(3)
""")
    arn = durable.start(name)
    for invocation, delay_s in enumerate((5, 10, 20, 40), 1):
        durable.rests(arn, invocation)
        durable.server.advance(delay_s + 1)
    ended = durable.over(arn)
    assert (ended["Status"], ended["Error"]["ErrorType"]) == ("FAILED", "Runtime.ExitError")
    assert durable.kinds(arn).count("StepSucceeded") == 1
    assert durable.kinds(arn).count("InvocationCompleted") == 5


def test_an_execution_that_takes_too_long_times_out(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK, ExecutionTimeout=300), {})
    callback_id(durable, arn)
    durable.server.advance(301)
    ended = durable.over(arn)
    assert ended["Status"] == "TIMED_OUT"
    assert ended["Error"] == {"ErrorMessage": "Execution timed out after 300 seconds."}
    assert durable.kinds(arn)[-1] == "ExecutionTimedOut"


def test_a_stopped_execution_runs_no_further(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK), {})
    callback = callback_id(durable, arn)
    error = {"ErrorType": "Cancelled", "ErrorMessage": "no longer wanted"}
    stopped = durable.client.stop_durable_execution(DurableExecutionArn=arn, Error=error)
    ended = durable.get(arn)
    assert (ended["Status"], ended["Error"]) == ("STOPPED", error)
    assert ended["EndTimestamp"] == stopped["StopTimestamp"]
    again = durable.client.stop_durable_execution(DurableExecutionArn=arn)
    assert again["StopTimestamp"] == stopped["StopTimestamp"]
    for call in (
        durable.client.send_durable_execution_callback_success,
        durable.client.send_durable_execution_callback_failure,
        durable.client.send_durable_execution_callback_heartbeat,
    ):
        assert refusal(call, CallbackId=callback)[:2] == (400, "CallbackTimeoutException")


def test_a_paused_execution_goes_on_when_it_is_resumed(durable: Durable) -> None:
    arn = durable.start(durable.create(CALLBACK, ExecutionTimeout=900), {})
    callback = callback_id(durable, arn)
    durable.client.pause_durable_execution(
        DurableExecutionArn=arn, Reason="an incident", ExecutionTimeoutPaused=True
    )
    paused = durable.get(arn)
    assert paused["Status"] == "PAUSED"
    assert paused["PauseDetails"]["Reason"] == "an incident"
    durable.client.send_durable_execution_callback_success(CallbackId=callback, Result=b"1")
    durable.server.advance(1000)  # longer than the timeout, which is paused as well
    assert durable.get(arn)["Status"] == "PAUSED"
    assert durable.kinds(arn).count("InvocationCompleted") == 1
    durable.client.resume_durable_execution(DurableExecutionArn=arn, Reason="it is over")
    assert durable.result(arn) == {"approved": "1"}
    [begun], [ended] = (durable.happened(arn, f"Execution{each}") for each in ("Paused", "Resumed"))
    assert begun["Reason"] == {"Payload": "an incident", "Truncated": False}
    assert ended["Reason"] == {"Payload": "it is over", "Truncated": False}


def test_an_invocation_that_runs_pauses_at_its_next_checkpoint(durable: Durable) -> None:
    name = durable.create("""
import time

@durable_execution
def handler(event, context):
    for number in range(1000):
        context.step(lambda step: time.sleep(0.05), name=f"s{number}")
        if number == 40:
            return "done"
""")
    arn = durable.start(name)
    durable.happened(arn, "StepSucceeded", 2)
    durable.client.pause_durable_execution(DurableExecutionArn=arn)
    eventually(lambda: durable.get(arn)["Status"] == "PAUSED", "it is paused")
    durable.rests(arn)
    durable.client.resume_durable_execution(DurableExecutionArn=arn)
    assert durable.result(arn) == "done"
    assert durable.kinds(arn).count("StepSucceeded") == 41


def test_the_same_name_and_payload_start_one_execution(durable: Durable) -> None:
    name = durable.create(STEPS)
    first = durable.start(name, {"a": 1}, DurableExecutionName="order-1")
    assert first.split("/")[2] == "order-1"
    assert durable.start(name, {"a": 1}, DurableExecutionName="order-1") == first
    assert durable.run(name, {"a": 1}, DurableExecutionName="order-1")[0] == {"sum": 12}
    with pytest.raises(durable.client.exceptions.DurableExecutionAlreadyStartedException) as caught:
        durable.start(name, {"a": 2}, DurableExecutionName="order-1")
    assert caught.value.response["Error"]["Message"] == f"Execution already started: {first}"


def test_an_execution_stays_with_the_version_that_started_it(durable: Durable) -> None:
    name = durable.create(STEPS).partition(":")[0]
    durable.client.publish_version(FunctionName=name)
    durable.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    arn = durable.start(f"{name}:live", {"a": 1, "wait": 60})
    assert f":function:{name}:1/durable-execution/" in arn
    durable.rests(arn)
    other = package("def handler(event, context):\n    return {'Status': 'FAILED'}\n", sdk=False)
    durable.client.update_function_code(FunctionName=name, ZipFile=other)
    durable.server.advance(61)
    assert durable.result(arn) == {"sum": 12}
    assert durable.get(arn)["Version"] == "1"


def test_an_execution_is_forgotten_after_its_retention(durable: Durable) -> None:
    config = {"ExecutionTimeout": 900, "RetentionPeriodInDays": 2}
    name = durable.create(STEPS, DurableConfig=config)
    arn = durable.run(name, {"a": 1})[1]["DurableExecutionArn"]
    durable.server.advance(2 * 86_400 - 60)
    assert durable.get(arn)["Status"] == "SUCCEEDED"
    durable.server.advance(120)

    def gone() -> bool:
        listed = durable.client.list_durable_executions_by_function(FunctionName=name)
        return not listed["DurableExecutions"]

    eventually(gone, "it is forgotten")


def test_a_throttled_execution_runs_later(durable: Durable) -> None:
    name = durable.create(STEPS)
    plain = name.partition(":")[0]
    durable.client.put_function_concurrency(FunctionName=plain, ReservedConcurrentExecutions=0)
    arn = durable.start(name, {"a": 1})
    assert durable.get(arn)["Status"] == "RUNNING"
    durable.client.delete_function_concurrency(FunctionName=plain)
    durable.server.advance(2)
    eventually(lambda: durable.get(arn)["Status"] == "SUCCEEDED", "it ran", 30)


def test_an_execution_that_its_caller_would_wait_for_is_not_started_while_throttled(
    durable: Durable,
) -> None:
    name = durable.create(STEPS)
    plain = name.partition(":")[0]
    durable.client.put_function_concurrency(FunctionName=plain, ReservedConcurrentExecutions=0)
    with pytest.raises(durable.client.exceptions.TooManyRequestsException) as refused:
        durable.run(name)
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    listed = durable.client.list_durable_executions_by_function(FunctionName=name)
    assert listed["DurableExecutions"] == []


def test_an_event_that_another_function_left_starts_an_execution(durable: Durable) -> None:
    name = durable.create(STEPS)
    arn = durable.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    teller = durable.client.create_function(
        FunctionName="teller",
        Role=DURABLE_ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": _plain()},
    )["FunctionName"]
    durable.client.put_function_event_invoke_config(
        FunctionName=teller, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    durable.client.invoke(FunctionName=teller, InvocationType="Event", Payload=b"{}")

    def started_ones() -> list[Any]:
        listed = durable.client.list_durable_executions_by_function(FunctionName=name)
        return list(listed["DurableExecutions"])

    eventually(lambda: len(started_ones()) == 1, "the record has started an execution")
    begun = durable.get(started_ones()[0]["DurableExecutionArn"])
    assert json.loads(begun["InputPayload"])["requestContext"]["condition"] == "Success"


def test_a_function_url_waits_for_the_execution(durable: Durable) -> None:
    name = durable.create("""
@durable_execution
def handler(event, context):
    context.wait(Duration.from_seconds(1))
    return {"statusCode": 201, "body": event["rawPath"]}
""").partition(":")[0]
    client = durable.client
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    allow(client, name, Qualifier="live")
    host = urllib.parse.urlsplit(url["FunctionUrl"]).netloc
    request = urllib.request.Request(f"{durable.server.endpoint}/orders", headers={"host": host})
    with urllib.request.urlopen(request) as response:
        assert (response.status, response.read()) == (201, b"/orders")
