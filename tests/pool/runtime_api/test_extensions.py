"""The Extensions API, as extensions use it."""

import asyncio
import json
import uuid
from collections.abc import Callable

import httpx
import pytest

from ingle.pool.runtime_api import MAX_EXTENSIONS, Failure
from ingle.runtimes.python import frames
from tests.pool.runtime_api.box import (
    ARN,
    EXTENSION,
    IDENTIFIER,
    OTHER_ID,
    REQUEST_ID,
    TRACE,
    Box,
    invoke_body,
    refusal,
)

MakeBox = Callable[..., Box]
INVALID_STATE = "Extension.InvalidExtensionState"


def transition(source: str, target: str, name: str) -> tuple[int, str, str]:
    """What is refused because of an extension's state."""
    message = (
        f"State transition from {source} to {target} failed for extension {name}. "
        "Error: State transition is not allowed"
    )
    return 403, INVALID_STATE, message


async def test_an_extension_that_registers_learns_of_the_function(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    response = await box.register("observer", "INVOKE", "SHUTDOWN")
    assert response.status_code == 200
    assert uuid.UUID(response.headers[IDENTIFIER])
    assert response.json() == {
        "functionName": "greeter",
        "functionVersion": "7",
        "handler": "app.handler",
    }


async def test_the_account_is_told_to_who_asks_for_it(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    feature = {"Lambda-Extension-Accept-Feature": "other, accountId"}
    response = await box.register("observer", headers=feature)
    assert response.json()["accountId"] == "123456789012"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b"[]", "the request must be a JSON object"),
        (b'{"events":"INVOKE"}', "events must be an array of strings"),
        (
            b'{"events":[],"configurationKeys":["A"]}',
            "configurationKeys are deprecated; use environment variables instead",
        ),
    ],
)
async def test_a_registration_that_makes_no_sense_is_refused(
    box: Box, body: bytes, message: str
) -> None:
    headers = {"Lambda-Extension-Name": "internal"}
    response = await box.http.post(f"{EXTENSION}/register", headers=headers, content=body)
    assert refusal(response) == (403, "InvalidRequestFormat", message)


async def test_an_extension_needs_a_name(box: Box) -> None:
    expected = (403, "Extension.InvalidExtensionName", "Empty extension name")
    assert refusal(await box.register("")) == expected


async def test_only_events_that_there_are_can_be_subscribed_to(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    expected = (403, "Extension.InvalidEventType", "FREEZE: ErrorInvalidEventType")
    assert refusal(await box.register("observer", "INVOKE", "FREEZE")) == expected


async def test_a_name_that_is_no_file_of_the_extensions_is_internal_and_has_no_shutdown(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"
    expected = (403, "Extension.InvalidEventType", message)
    assert refusal(await box.register("observer.sh", "SHUTDOWN")) == expected
    assert (await box.register("observer.sh", "INVOKE")).status_code == 200


async def test_an_extension_registers_once(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    await box.extension("observer")
    expected = transition("Registered", "Registered", "observer")
    assert refusal(await box.register("observer")) == expected
    await box.extension("internal")
    message = "Extension with this name already registered"
    assert refusal(await box.register("internal")) == (403, INVALID_STATE, message)


async def test_there_are_at_most_ten_extensions(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    for number in range(MAX_EXTENSIONS - 1):
        await box.extension(f"internal-{number}")
    expected = (403, "Extension.TooManyExtensions", "Extension limit (10) reached")
    assert refusal(await box.register("one-more")) == expected


async def test_more_than_ten_files_ruin_the_sandbox(make_box: MakeBox) -> None:
    box = make_box(extensions=[f"e{number}" for number in range(MAX_EXTENSIONS + 1)])
    await box.failed.wait()
    assert box.failures == [Failure("Extension.LaunchError", "Extension limit (10) reached")]


async def test_nobody_registers_after_the_runtime_has_started(box: Box) -> None:
    await box.started()
    message = "Extension registration closed already"
    expected = (403, "Extension.RegistrationClosed", message)
    assert refusal(await box.register("late")) == expected


@pytest.mark.parametrize("path", ["event/next", "init/error", "exit/error"])
async def test_who_asks_must_say_who_it_is(box: Box, path: str) -> None:
    method = "GET" if path == "event/next" else "POST"

    async def ask(**headers: str) -> tuple[int, str, str]:
        return refusal(await box.http.request(method, f"{EXTENSION}/{path}", headers=headers))

    missing = "Missing Lambda-Extension-Identifier header"
    assert await ask() == (403, "Extension.MissingExtensionIdentifier", missing)
    invalid = "Invalid Lambda-Extension-Identifier"
    told = await ask(**{IDENTIFIER: "observer"})
    assert told == (403, "Extension.InvalidExtensionIdentifier", invalid)
    stranger = str(uuid.uuid4())
    told = await ask(**{IDENTIFIER: stranger})
    unknown = f"Unknown extension {stranger}"
    assert told == (403, "Extension.UnknownExtensionIdentifier", unknown)


async def test_the_init_phase_ends_when_runtime_and_extensions_ask_for_events(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    box.next()
    await box.settled()
    assert box.frames.empty()
    identifier = await box.extension("observer", "SHUTDOWN", "INVOKE")
    await box.settled()
    assert box.frames.empty()
    box.event(identifier)
    assert await box.frame() == (frames.READY, b"")
    assert box.lines == ["EXTENSION\tName: observer\tState: Ready\tEvents: [SHUTDOWN, INVOKE]\n"]


async def test_it_is_known_when_all_external_extensions_have_registered(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["one", "two"])
    waiting = asyncio.create_task(box.api.extensions_registered())
    await box.extension("one")
    assert not waiting.done()
    await box.extension("two")
    await waiting


async def test_without_extensions_nobody_is_waited_for(box: Box) -> None:
    box.api.init_started("python:3.11")
    await box.api.extensions_registered()


async def test_extensions_have_an_event_of_every_invocation(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer", "INVOKE")
    asked = box.event(identifier)
    waiting = await box.started()
    box.api.invoke(invoke_body())
    event = await asked
    assert event.headers["content-type"] == "application/json"
    assert uuid.UUID(event.headers["Lambda-Extension-Event-Identifier"])
    assert event.json() == {
        "eventType": "INVOKE",
        "deadlineMs": 1_542_409_706_888,
        "requestId": REQUEST_ID,
        "invokedFunctionArn": ARN,
        "tracing": {"type": "X-Amzn-Trace-Id", "value": TRACE},
    }
    assert (await waiting).status_code == 200


async def test_without_a_trace_the_event_has_none(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    asked = box.event(await box.extension("observer", "INVOKE"))
    await box.started()
    box.api.invoke(invoke_body(trace_id=""))
    assert "tracing" not in (await asked).json()


async def test_the_caller_has_its_answer_before_the_extensions_are_done(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer", "other"])
    identifier = await box.extension("observer", "INVOKE")
    asked = box.event(identifier)
    box.event(await box.extension("other", "SHUTDOWN"))
    waiting = await box.started()
    box.api.invoke(invoke_body())
    await waiting
    await asked
    await box.answer()
    assert (await box.frame())[0] == frames.RESULT
    following = box.next()
    await box.settled()
    assert not box.idle.is_set()
    asked = box.event(identifier)
    await box.idle.wait()
    box.api.invoke(invoke_body(OTHER_ID))
    assert (await asked).json()["requestId"] == OTHER_ID
    assert (await following).headers["lambda-runtime-aws-request-id"] == OTHER_ID


async def test_the_sandbox_is_not_idle_before_the_runtime_asks_again(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer", "INVOKE")
    asked = box.event(identifier)
    waiting = await box.started()
    box.api.invoke(invoke_body())
    await asyncio.gather(waiting, asked)
    box.event(identifier)
    await box.answer()
    await box.settled()
    assert not box.idle.is_set()
    box.next()
    await box.idle.wait()


async def test_an_extension_of_a_managed_runtime_is_waited_for_too(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"], managed=True)
    identifier = await box.extension("observer", "INVOKE")
    box.api.from_runtime(frames.READY, b"")
    assert box.frames.empty()
    asked = box.event(identifier)
    assert await box.frame() == (frames.READY, b"")
    box.api.invoke(invoke_body())
    assert (await asked).json()["requestId"] == REQUEST_ID
    answer = REQUEST_ID.encode() + b'"Hello"'
    box.api.from_runtime(frames.RESULT, answer)
    assert box.frames.get_nowait() == (frames.RESULT, answer)
    assert not box.idle.is_set()
    box.event(identifier)
    await box.idle.wait()


async def test_a_managed_runtime_without_extensions_is_idle_with_its_answer(
    make_box: MakeBox,
) -> None:
    box = make_box(managed=True)
    box.api.from_runtime(frames.READY, b"")
    box.api.invoke(invoke_body())
    box.api.from_runtime(frames.RESULT, OTHER_ID.encode() + b"1")
    assert not box.idle.is_set()
    box.api.from_runtime(frames.FAULT, REQUEST_ID.encode() + b"{}")
    assert box.idle.is_set()
    kinds = [box.frames.get_nowait()[0] for _ in range(3)]
    assert kinds == [frames.READY, frames.RESULT, frames.FAULT]


async def test_a_managed_runtime_does_not_find_the_runtime_api(make_box: MakeBox) -> None:
    box = make_box(managed=True)
    assert refusal(await box.next())[:2] == (404, "ResourceNotFound")


async def test_an_extension_asks_for_one_event_at_a_time(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer")
    box.event(identifier)
    await box.settled()
    assert refusal(await box.event(identifier)) == transition("Ready", "Ready", identifier)


async def test_an_extension_that_hung_up_while_it_waited_may_ask_again(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer", "INVOKE")
    _, writer = await asyncio.open_connection("127.0.0.1", box.port)
    writer.write(
        f"GET {EXTENSION}/event/next HTTP/1.1\r\n{IDENTIFIER}: {identifier}\r\n\r\n".encode()
    )
    box.next()
    assert await box.frame() == (frames.READY, b"")
    writer.close()
    await writer.wait_closed()
    await box.settled()
    box.api.invoke(invoke_body())
    assert (await box.event(identifier)).json()["requestId"] == REQUEST_ID


@pytest.mark.parametrize(
    ("status", "message"),
    [(0, "exit code 0"), (3 << 8, "exit status 3"), (9, "signal: killed")],
)
async def test_an_extension_that_ends_by_itself_ruins_the_sandbox(
    make_box: MakeBox, status: int, message: str
) -> None:
    box = make_box(extensions=["observer"])
    await box.extension("observer")
    box.api.extension_exited("observer", status)
    assert box.failures == [Failure("Extension.Crash", message)]
    assert box.lines == ["EXTENSION\tName: observer\tState: Exited\tEvents: []\n"]


@pytest.mark.parametrize(
    ("path", "state"), [("init/error", "InitError"), ("exit/error", "ExitError")]
)
async def test_an_extension_that_reports_an_error_ruins_the_sandbox_when_it_ends(
    make_box: MakeBox, path: str, state: str
) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer", "INVOKE")
    response = await box.report(path, identifier, "Fatal.ConnectFailed")
    assert response.status_code == 202
    assert response.content == b'{"status":"OK"}\n'
    assert (await box.report(path, identifier, "Fatal.Second")).status_code == 202
    assert box.failures == []
    assert box.api.fatal_error_type == f"Extension.{state}"
    assert refusal(await box.event(identifier)) == transition(state, "Ready", identifier)
    box.api.extension_exited("observer", 1 << 8)
    assert box.failures == [Failure(f"Extension.{state}", "exit status 1")]
    [line] = box.lines
    assert line == (
        f"EXTENSION\tName: observer\tState: {state}\tEvents: [INVOKE]\t"
        "Error Type: Fatal.ConnectFailed\n"
    )


async def test_the_first_error_counts(make_box: MakeBox) -> None:
    box = make_box(extensions=["one", "two"])
    one, two = await box.extension("one"), await box.extension("two")
    await box.report("exit/error", one)
    await box.report("init/error", two)
    box.api.extension_exited("two", 0)
    assert box.failures == [Failure("Extension.ExitError", "exit code 0")]


@pytest.mark.parametrize("path", ["init/error", "exit/error"])
async def test_an_error_without_a_type_is_refused(make_box: MakeBox, path: str) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer")
    expected = (403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
    assert refusal(await box.report(path, identifier, "")) == expected


async def test_an_error_of_the_start_comes_too_late_after_it(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    identifier = await box.extension("observer")
    box.event(identifier)
    await box.settled()
    expected = transition("Ready", "InitError", identifier)
    assert refusal(await box.report("init/error", identifier)) == expected
    assert (await box.report("exit/error", identifier)).status_code == 202


async def test_an_extension_that_cannot_be_started_ruins_the_sandbox(make_box: MakeBox) -> None:
    box = make_box(extensions=["observer"])
    reason = "fork/exec /opt/extensions/observer: permission denied"
    box.api.extension_not_launched("observer", reason, permission=True)
    assert box.failures == [Failure("Extension.LaunchError", reason)]
    assert box.lines == [
        "EXTENSION\tName: observer\tState: LaunchError\tEvents: []\tError Type: PermissionDenied\n"
    ]
    await box.api.extensions_registered()


async def test_extensions_are_told_of_the_shutdown_and_waited_for(make_box: MakeBox) -> None:
    box = make_box(extensions=["leaver", "asker", "other"])
    leaver = await box.extension("leaver", "INVOKE", "SHUTDOWN")
    asker = await box.extension("asker", "SHUTDOWN")
    events = [box.event(leaver), box.event(asker), box.event(await box.extension("other"))]
    await box.started()
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown("spindown", deadline_ms))
    for event in events[:2]:
        assert (await event).json() == {
            "eventType": "SHUTDOWN",
            "deadlineMs": deadline_ms,
            "shutdownReason": "spindown",
        }
    assert not events[2].done()
    assert not ending.done()
    box.api.extension_exited("leaver", 0)
    await box.settled()
    assert not ending.done()
    box.event(asker)
    await ending
    assert box.failures == []


async def test_an_extension_that_does_not_leave_is_waited_for_until_the_deadline(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    event = box.event(await box.extension("observer", "SHUTDOWN"))
    await box.started()
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown("timeout", deadline_ms))
    assert (await event).json()["shutdownReason"] == "timeout"
    await box.clock.advance(1.9)
    await box.settled()
    assert not ending.done()
    await box.clock.advance(0.1)
    await ending


@pytest.mark.parametrize(
    ("external", "internal", "whole", "runtime"),
    [(0, 0, 0.0, 0.0), (0, 1, 0.5, 0.5), (1, 0, 2.0, 0.3), (1, 1, 2.0, 0.5)],
)
async def test_a_shutdown_takes_as_long_as_aws_allows(
    make_box: MakeBox, external: int, internal: int, whole: float, runtime: float
) -> None:
    box = make_box(extensions=["observer"] * external)
    if internal:
        await box.extension("internal", "INVOKE")
    assert box.api.shutdown_s == whole
    assert box.api.runtime_shutdown_s == runtime


async def test_extensions_that_wait_are_answered_when_the_sandbox_ends(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    event = box.event(await box.extension("observer"))
    await box.settled()
    box.api.close()
    with pytest.raises(httpx.HTTPError):
        (await event).raise_for_status()


async def test_an_extension_that_ends_during_the_shutdown_is_no_failure(
    make_box: MakeBox,
) -> None:
    box = make_box(extensions=["observer"])
    event = box.event(await box.extension("observer", "SHUTDOWN"))
    await box.started()
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown("failure", deadline_ms))
    assert json.loads((await event).content)["shutdownReason"] == "failure"
    box.api.extension_exited("observer", 1 << 8)
    await ending
    assert box.failures == []
