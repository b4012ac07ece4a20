"""What becomes of events that do not succeed at once, on a server whose clock is put forward."""

import json
import threading

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import INVOKER_ROLE, create, eventually, zip_of
from tests.e2e.test_asynchronous import ARN, FAIL, measured, send

RECORDED = "def handler(event, context):\n    import json\n    print('got', json.dumps(event))\n"
FLAKY = """
import os

def handler(event, context):
    print("attempt")
    if event != "good":
        raise ValueError("not today")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = ClockedServer(tmp_path_factory.mktemp("clocked") / "data")
    started.start()
    yield started
    if started.running:
        started.kill()


def printed(server, name, word):
    """The lines of a function that begin with a word, without it."""
    logs = server.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        lines = [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [line[len(word) :].strip() for line in lines if line.startswith(word)]


def await_lines(server, name, word, count):
    eventually(lambda: len(printed(server, name, word)) >= count, f"{name} printed {word} {count}×")
    return printed(server, name, word)


def marker(server):
    """Have events run that are accepted now: what was due before has been taken up by then."""
    functions = server.client("lambda")
    name = create(functions, RECORDED)
    for number in range(1, 3):
        send(functions, name)
        await_lines(server, name, "got", number)


def test_an_event_on_which_the_function_fails_runs_again_after_one_minute_and_after_two(server):
    functions = server.client("lambda")
    name, told = create(functions, FLAKY, Role=INVOKER_ROLE), create(functions, RECORDED)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": ARN + told}}
    )
    request_id = send(functions, name, "bad")
    await_lines(server, name, "attempt", 1)
    for attempt, wait_s in ((1, 60), (2, 120)):
        server.advance(wait_s - 5)
        marker(server)
        assert len(printed(server, name, "attempt")) == attempt
        if attempt == 1:  # how often it failed is not forgotten
            server.kill()
            server.start()
        server.advance(5)
        await_lines(server, name, "attempt", attempt + 1)
    [line] = await_lines(server, told, "got", 1)
    record = json.loads(line)
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{ARN}{name}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert measured(server, "ingle_lambda_async_events_dropped_total", name) == 1
    server.advance(3600)
    marker(server)
    assert len(printed(server, name, "attempt")) == 3


def test_an_event_succeeds_when_the_function_is_mended_meanwhile(server):
    functions = server.client("lambda")
    name = create(functions, FAIL)
    send(functions, name, {"once": 1})
    eventually(
        lambda: measured(server, "ingle_lambda_async_event_age_seconds_count", name) == 1,
        "it was tried",
    )
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(app=RECORDED))
    server.advance(60)
    assert await_lines(server, name, "got", 1) == ['{"once": 1}']
    server.advance(3600)
    marker(server)
    assert len(printed(server, name, "got")) == 1


@pytest.mark.parametrize("attempts", [0, 1])
def test_as_many_retries_are_made_as_are_configured(server, attempts):
    functions = server.client("lambda")
    name = create(functions, FLAKY)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=attempts)
    send(functions, name, "bad")
    for number in range(1, attempts + 2):
        await_lines(server, name, "attempt", number)
        server.advance(120)
    eventually(
        lambda: measured(server, "ingle_lambda_async_events_dropped_total", name) == 1,
        "it is given up",
    )
    marker(server)
    assert len(printed(server, name, "attempt")) == attempts + 1


def test_an_event_that_would_be_too_old_for_a_retry_is_given_up_at_once(server):
    functions = server.client("lambda")
    name, told = create(functions, FLAKY, Role=INVOKER_ROLE), create(functions, RECORDED)
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": ARN + told}},
    )
    send(functions, name, "bad")
    record = json.loads(await_lines(server, told, "got", 1)[0])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"]["errorMessage"] == "not today"


HOLD = """
import time

def handler(event, context):
    print("attempt")
    time.sleep(event)
"""


def test_a_throttled_event_runs_once_there_is_room_and_not_before_its_pause_is_over(tmp_path):
    server = ClockedServer(tmp_path / "data", "--concurrency", "1")
    server.start()
    try:
        functions = server.client("lambda")
        holder, name = create(functions, HOLD, Timeout=60), create(functions, RECORDED)
        holding = threading.Thread(
            target=functions.invoke, kwargs={"FunctionName": holder, "Payload": b"6"}
        )
        holding.start()
        await_lines(server, holder, "attempt", 1)
        send(functions, name, "waits")
        for pause_s in (1, 2, 4):  # it is tried again each time, and throttled
            server.advance(pause_s)
        assert printed(server, name, "got") == []
        holding.join()
        server.advance(300)
        assert await_lines(server, name, "got", 1) == ['"waits"']
    finally:
        server.kill()


def test_an_event_that_cannot_run_before_it_is_too_old_is_given_up(tmp_path):
    server = ClockedServer(tmp_path / "data", "--concurrency", "2")
    server.start()
    try:
        functions = server.client("lambda")
        holder = create(functions, HOLD, Timeout=60)
        name = create(functions, RECORDED, Role=INVOKER_ROLE)
        told = create(functions, RECORDED)
        functions.put_function_event_invoke_config(
            FunctionName=name,
            MaximumEventAgeInSeconds=60,
            DestinationConfig={"OnFailure": {"Destination": ARN + told}},
        )
        holding = [
            threading.Thread(
                target=functions.invoke, kwargs={"FunctionName": holder, "Payload": b"5"}
            )
            for _ in range(2)
        ]
        for thread in holding:
            thread.start()
        await_lines(server, holder, "attempt", 2)
        request_id = send(functions, name, "waits")
        for _ in range(4):
            server.advance(20)
        for thread in holding:
            thread.join()
        server.advance(300)
        record = json.loads(await_lines(server, told, "got", 1)[0])
        assert record["requestContext"] == {
            "requestId": request_id,
            "functionArn": f"{ARN}{name}:$LATEST",
            "condition": "EventAgeExceeded",
            "approximateInvokeCount": 0,
        }
        assert "responsePayload" not in record
        assert printed(server, name, "got") == []
    finally:
        server.kill()


def test_events_of_a_function_that_is_deleted_are_given_up_or_run_on_its_successor(server):
    functions = server.client("lambda")
    name, gone = create(functions, FLAKY), create(functions, FLAKY)
    for each in (name, gone):
        send(functions, each, "bad")
        await_lines(server, each, "attempt", 1)
        functions.delete_function(FunctionName=each)
    server.advance(60)
    marker(server)
    create(functions, RECORDED, FunctionName=name)
    server.advance(120)
    assert await_lines(server, name, "got", 1) == ['"bad"']
    eventually(
        lambda: measured(server, "ingle_lambda_async_events_dropped_total", gone) == 1,
        "it is given up",
    )
