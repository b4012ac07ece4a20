"""The Telemetry and Logs APIs: who may subscribe, and what subscribers are told."""

import asyncio

import pytest

from ingle.runtimes.python import frames
from tests.pool.runtime_api.box import (
    REQUEST_ID,
    RUNTIME,
    TRACE,
    Box,
    invoke_body,
    refusal,
)
from tests.pool.runtime_api.listener import HttpListener
from tests.pool.runtime_api.subscribing import (
    LOGS,
    TELEMETRY,
    MakeBox,
    records,
    sent,
    subscribe,
    subscribed,
)

TRACING = {"spanId": "9a9197af755a6419", "type": "X-Amzn-Trace-Id", "value": TRACE}


async def test_the_platform_tells_of_every_phase(make_box: MakeBox, listener: HttpListener) -> None:
    box = make_box()
    box.api.init_started("python:3.11.v1")
    identifier = await box.extension("collector", "INVOKE")
    await subscribe(box, identifier, listener.port)
    asked = box.event(identifier)
    await box.clock.advance(0.25)
    waiting = await box.started()
    box.api.init_reported(0.25)
    box.api.invoke(invoke_body())
    await asyncio.gather(waiting, asked)
    await box.clock.advance(0.1)
    await box.answer(b"12345")
    await box.clock.advance(0.03)
    box.next()
    await box.settled()
    await box.clock.advance(0.02)
    box.event(identifier)
    await box.idle.wait()
    box.api.reported(
        REQUEST_ID, seconds=0.15, billed_ms=400, peak_mb=33, init_seconds=0.25, trace_id=TRACE
    )
    box.api.fault("RequestId: x Process exited before completing request")
    events = await sent(box, listener, "platform.fault")
    instance = {
        "functionName": "greeter",
        "functionVersion": "7",
        "instanceId": "instance-1",
        "instanceMaxMemory": 256,
    }
    init = {"initializationType": "on-demand", "phase": "init"}
    assert [(event["type"], event["record"]) for event in events] == [
        ("platform.initStart", {**init, "runtimeVersion": "python:3.11.v1", **instance}),
        (
            "platform.telemetrySubscription",
            {
                "name": "collector",
                "state": "Subscribed",
                "types": ["platform", "function", "extension"],
            },
        ),
        ("platform.initRuntimeDone", {**init, "status": "success"}),
        ("platform.extension", {"name": "collector", "state": "Ready", "events": ["INVOKE"]}),
        ("platform.initReport", {**init, "status": "success", "metrics": {"durationMs": 250.0}}),
        ("platform.start", {"requestId": REQUEST_ID, "version": "7", "tracing": TRACING}),
        (
            "platform.runtimeDone",
            {
                "requestId": REQUEST_ID,
                "status": "success",
                "metrics": {"durationMs": 130.0, "producedBytes": 5},
                "tracing": TRACING,
                "spans": [
                    {
                        "name": "responseLatency",
                        "start": "2026-01-01T00:00:00.250Z",
                        "durationMs": 100.0,
                    },
                    {
                        "name": "responseDuration",
                        "start": "2026-01-01T00:00:00.350Z",
                        "durationMs": 0.0,
                    },
                    {
                        "name": "runtimeOverhead",
                        "start": "2026-01-01T00:00:00.350Z",
                        "durationMs": 30.0,
                    },
                ],
            },
        ),
        (
            "platform.report",
            {
                "requestId": REQUEST_ID,
                "metrics": {
                    "durationMs": 150.0,
                    "billedDurationMs": 400,
                    "memorySizeMB": 256,
                    "maxMemoryUsedMB": 33,
                    "initDurationMs": 250.0,
                },
                "status": "success",
                "tracing": TRACING,
                "spans": [
                    {
                        "name": "extensionOverhead",
                        "start": "2026-01-01T00:00:00.380Z",
                        "durationMs": 20.0,
                    }
                ],
            },
        ),
        ("platform.fault", "RequestId: x Process exited before completing request"),
    ]
    assert (
        "TELEMETRY\tName: collector\tState: Subscribed\tTypes: [Platform, Function, Extension]\n"
        in box.lines
    )


@pytest.mark.parametrize(
    ("version", "kinds"),
    [
        (
            "2020-08-15",
            ["logsSubscription", "extension", "start", "end", "report"],
        ),
        (
            "2021-03-18",
            ["logsSubscription", "extension", "start", "runtimeDone", "end", "report"],
        ),
    ],
)
async def test_the_logs_api_has_its_own_events(
    make_box: MakeBox, listener: HttpListener, version: str, kinds: list[str]
) -> None:
    box = await subscribed(make_box, listener, LOGS, schemaVersion=version, types=["platform"])
    waiting = await box.started()
    box.api.invoke(invoke_body())
    await waiting
    await box.answer()
    box.next()
    await box.idle.wait()
    box.api.log("not subscribed to\n")
    box.api.reported(REQUEST_ID, seconds=0.1, billed_ms=100, peak_mb=33)
    events = await sent(box, listener, "platform.report")
    assert [event["type"] for event in events] == [f"platform.{kind}" for kind in kinds]
    assert records(events, "platform.start") == [{"requestId": REQUEST_ID, "version": "7"}]
    assert records(events, "platform.end") == [{"requestId": REQUEST_ID}]
    for record in records(events, "platform.runtimeDone"):
        assert record == {"requestId": REQUEST_ID, "status": "success"}
    [report] = records(events, "platform.report")
    assert report.keys() == {"requestId", "metrics"}
    assert box.lines[0] == "LOGS\tName: collector\tState: Subscribed\tTypes: [Platform]\n"


async def test_an_init_phase_that_failed_is_told_once(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = await subscribed(make_box, listener)
    header = {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"}
    await box.http.post(f"{RUNTIME}/init/error", content=b"{}", headers=header)
    ending = asyncio.create_task(box.api.shutdown("failure", int(box.clock.time() * 1000) + 500))
    events = await listener.events("platform.extension")
    await ending
    assert len(records(events, "platform.extension")) == 1
    assert records(events, "platform.initRuntimeDone") == [
        {
            "initializationType": "on-demand",
            "phase": "init",
            "status": "error",
            "errorType": "Runtime.ImportModuleError",
        }
    ]


async def test_a_restore_is_told(make_box: MakeBox, listener: HttpListener) -> None:
    box = make_box(snapstart=True)
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port)
    box.event(identifier)
    waiting = asyncio.create_task(box.http.get(f"{RUNTIME}/restore/next"))
    await box.frame()
    restored = asyncio.create_task(box.api.restore())
    await waiting
    await box.clock.advance(0.2)
    box.next()
    await restored
    events = await sent(box, listener, "platform.restoreReport")
    assert len(records(events, "platform.restoreStart")) == 1
    assert records(events, "platform.restoreRuntimeDone") == [{"status": "success"}]
    report = {"status": "success", "metrics": {"durationMs": 200.0}}
    assert records(events, "platform.restoreReport") == [report]


@pytest.mark.parametrize(
    ("reason", "error_type", "outcome"),
    [
        ("timeout", "", {"status": "timeout"}),
        ("failure", "Runtime.ExitError", {"status": "error", "errorType": "Runtime.ExitError"}),
        ("failure", "Sandbox.Failure", {"status": "failure", "errorType": "Sandbox.Failure"}),
    ],
)
async def test_an_invocation_that_was_broken_off_is_told_before_the_shutdown(
    make_box: MakeBox,
    listener: HttpListener,
    reason: str,
    error_type: str,
    outcome: dict[str, str],
) -> None:
    box = make_box(extensions=["collector"])
    identifier = await box.extension("collector", "SHUTDOWN")
    await subscribe(box, identifier, listener.port)
    asked = box.event(identifier)
    waiting = await box.started()
    box.api.invoke(invoke_body(trace_id=""))
    await waiting
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown(reason, deadline_ms, error_type))
    assert (await asked).json()["shutdownReason"] == reason
    events = await listener.events("platform.runtimeDone")
    [record] = records(events, "platform.runtimeDone")
    metrics = {"durationMs": 0.0, "producedBytes": 0}
    assert record == {"requestId": REQUEST_ID, "metrics": metrics, **outcome}
    box.api.extension_exited("collector", 0)
    await ending


async def test_an_error_of_the_handler_is_a_success_of_the_runtime(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(managed=True)
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port)
    box.event(identifier)
    box.api.from_runtime(frames.READY, b"")
    await box.frame()
    box.api.invoke(invoke_body(trace_id=""))
    identity = REQUEST_ID.encode()
    box.api.from_runtime(frames.PRELUDE, identity + b"text/html")
    box.api.from_runtime(frames.CHUNK, identity + b"123")
    box.api.from_runtime(frames.FAULT, identity + b"{}")
    events = await sent(box, listener, "platform.runtimeDone")
    [record] = records(events, "platform.runtimeDone")
    assert record["status"] == "success"
    assert record["metrics"] == {"durationMs": 0.0, "producedBytes": 5}


async def test_the_spans_of_a_managed_runtime_are_told(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(managed=True)
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port)
    box.event(identifier)
    box.api.from_runtime(frames.READY, b"")
    await box.frame()
    box.api.invoke(invoke_body())
    await box.clock.advance(0.05)
    box.api.from_runtime(frames.RESULT, REQUEST_ID.encode() + b"{}")
    [record] = records(await sent(box, listener, "platform.runtimeDone"), "platform.runtimeDone")
    spans = [(span["name"], span["durationMs"]) for span in record["spans"]]
    expected = [("responseLatency", 50.0), ("responseDuration", 0.0), ("runtimeOverhead", 0.0)]
    assert spans == expected


async def test_only_the_types_that_are_subscribed_to_come(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = await subscribed(make_box, listener, types=["function"])
    box.api.log("beside\n", extension=True)
    box.api.log("hello\n")
    events = await sent(box, listener, "function")
    assert [event["type"] for event in events] == ["function"]


async def test_the_same_subscription_twice_is_one(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(sockets=1)
    identifier = await box.extension("collector")
    for _ in range(2):
        assert (await subscribe(box, identifier, listener.port)).status_code == 200
    box.api.log("hello\n")
    events = await sent(box, listener, "function")
    assert len(records(events, "function")) == 1


async def test_a_later_subscription_of_an_extension_replaces_its_first(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(sockets=2)
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port)
    await subscribe(box, identifier, listener.port, types=["function"])
    box.api.log("hello\n")
    events = await sent(box, listener, "function")
    assert [event["type"] for event in events] == ["function"]


async def test_an_extension_uses_one_of_both_apis(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box()
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port)
    message = "the extension is subscribed through the Telemetry API already"
    response = await subscribe(box, identifier, listener.port, LOGS)
    assert refusal(response) == (400, "Logs.ValidationError", message)


async def test_where_the_sandbox_has_no_socket_left_the_subscription_is_refused(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(sockets=0)
    identifier = await box.extension("collector")
    message = "this execution environment has no room for another subscription"
    response = await subscribe(box, identifier, listener.port)
    assert refusal(response) == (400, "ValidationError", message)


@pytest.mark.parametrize(("path", "name"), [(TELEMETRY, "Telemetry"), (LOGS, "Logs")])
async def test_nobody_subscribes_after_the_init_phase(
    make_box: MakeBox, path: str, name: str
) -> None:
    box = make_box()
    identifier = await box.extension("collector")
    box.event(identifier)
    await box.started()
    message = f"{name} API subscription is closed already"
    expected = (403, f"{name}.SubscriptionClosed", message)
    assert refusal(await subscribe(box, identifier, 8080, path)) == expected


async def test_only_an_extension_can_subscribe(box: Box) -> None:
    response = await subscribe(box, REQUEST_ID, 8080)
    message = f"Unknown extension {REQUEST_ID}"
    assert refusal(response) == (403, "Extension.UnknownExtensionIdentifier", message)


async def test_what_is_wrong_with_a_subscription_is_told(box: Box) -> None:
    identifier = await box.extension("collector")
    destination = {"protocol": "HTTP", "URI": "http://sandbox.localdomain"}
    message = "URI port is not provided; types should not be empty"
    for path, kind in ((TELEMETRY, "ValidationError"), (LOGS, "Logs.ValidationError")):
        response = await subscribe(box, identifier, 0, path, types=[], destination=destination)
        assert refusal(response) == (400, kind, message)
