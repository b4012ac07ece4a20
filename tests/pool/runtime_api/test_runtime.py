"""The Runtime API, as runtimes use it."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from ingle.pool.runtime_api import limits
from ingle.runtimes.python import frames
from tests.pool.runtime_api.box import (
    ARN,
    OTHER_ID,
    REQUEST_ID,
    RUNTIME,
    TRACE,
    Box,
    invoke_body,
    refusal,
)

ID = REQUEST_ID.encode()
NOT_ALLOWED = "failed for runtime. Error: State transition is not allowed"


def transition(source: str, target: str) -> tuple[int, str, str]:
    """What is refused because of the runtime's state."""
    message = f"State transition from {source} to {target} {NOT_ALLOWED}"
    return 403, "InvalidStateTransition", message


async def raw(box: Box, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection and send bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
    writer.write(request)
    await writer.drain()
    return reader, writer


async def status_of(reader: asyncio.StreamReader) -> int:
    """The status of the response that comes."""
    return int((await reader.readline()).split()[1])


async def test_an_event_comes_with_all_of_its_headers(box: Box) -> None:
    waiting = await box.started()
    box.api.invoke(invoke_body(client_context='{"custom":\r\n{"name":"Zoë"}}', tenant_id="blue/1"))
    response = await waiting
    assert response.status_code == 200
    assert response.content == b'{"username":"Sally"}'
    assert response.headers["lambda-runtime-aws-request-id"] == REQUEST_ID
    assert response.headers["lambda-runtime-deadline-ms"] == "1542409706888"
    assert response.headers["lambda-runtime-invoked-function-arn"] == ARN
    assert response.headers["lambda-runtime-trace-id"] == TRACE
    assert response.headers["lambda-runtime-aws-tenant-id"] == "blue/1"
    assert response.headers["content-type"] == "application/json"
    context = dict(response.headers.raw)[b"Lambda-Runtime-Client-Context"]
    assert json.loads(context) == {"custom": {"name": "Zoë"}}


async def test_headers_without_a_value_are_left_out(box: Box) -> None:
    waiting = await box.started()
    box.api.invoke(invoke_body(trace_id=""))
    headers = (await waiting).headers
    assert "lambda-runtime-trace-id" not in headers
    assert "lambda-runtime-client-context" not in headers
    assert "lambda-runtime-aws-tenant-id" not in headers
    assert "lambda-runtime-cognito-identity" not in headers


async def test_an_answer_goes_to_the_sandbox_and_the_next_request_ends_the_invocation(
    box: Box,
) -> None:
    await box.running()
    answered = await box.answer(b'"Hello, Sally"')
    assert answered.status_code == 202
    assert answered.content == b'{"status":"OK"}\n'
    assert await box.frame() == (frames.RESULT, ID + b'"Hello, Sally"')
    assert not box.idle.is_set()
    waiting = box.next()
    await box.idle.wait()
    box.api.invoke(invoke_body(OTHER_ID, b"2"))
    assert (await waiting).content == b"2"


async def test_an_invocation_that_comes_early_waits_until_the_last_is_over(box: Box) -> None:
    await box.running()
    await box.answer()
    box.api.invoke(invoke_body(OTHER_ID, b"2"))
    response = await box.next()
    assert response.headers["lambda-runtime-aws-request-id"] == OTHER_ID
    assert not box.idle.is_set()


async def test_an_error_goes_to_the_sandbox_as_it_is(box: Box) -> None:
    await box.running()
    told = b'{"errorMessage":"no","errorType":"Bad","stackTrace":[]}'
    assert (await box.error(told)).status_code == 202
    assert await box.frame() == (frames.FAULT, ID + told)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Runtime.NoSuchHandler", "Runtime.NoSuchHandler"),
        ("Function.Unhappy", "Function.Unhappy"),
        ("Function.unhappy", "Function.Unknown"),
        ("Unhandled", "Runtime.Unknown"),
        ("Runtime.Bad Type", "Runtime.Unknown"),
    ],
)
async def test_an_error_without_a_body_is_described_by_its_header(
    box: Box, header: str, kind: str
) -> None:
    await box.running()
    await box.error(b"", {"Lambda-Runtime-Function-Error-Type": header})
    _, body = await box.frame()
    assert json.loads(body[36:]) == {"errorMessage": "", "errorType": kind}


@pytest.mark.parametrize(
    ("told", "given"),
    [
        (
            b'{"errorMessage":"no","errorType":"Bad","stackTrace":["a"],"errorCause":{"x":1}}',
            b'{"errorMessage":"no","errorType":"Bad","stackTrace":["a"]}',
        ),
        (b'{"errorMessage":"no","errorCause":{}}', b'{"errorMessage":"no"}'),
        (b"not JSON", b'"Invalid error body"'),
        (b"[1]", b'"Invalid error body"'),
    ],
)
async def test_the_cause_of_an_error_is_not_for_the_caller(
    box: Box, told: bytes, given: bytes
) -> None:
    await box.running()
    await box.error(told, {"Content-Type": "application/vnd.aws.lambda.error.cause+json"})
    assert await box.frame() == (frames.FAULT, ID + given)


async def test_an_answer_to_another_invocation_is_refused(box: Box) -> None:
    await box.running()
    wrong = (400, "InvalidRequestID", "Invalid request ID")
    assert refusal(await box.answer(request_id=OTHER_ID)) == wrong
    assert refusal(await box.error(b"{}", request_id=OTHER_ID)) == wrong
    await box.answer()
    assert (await box.frame())[0] == frames.RESULT


async def test_an_answer_without_an_invocation_is_refused(box: Box) -> None:
    await box.started()
    assert refusal(await box.answer()) == (400, "InvalidRequestID", "Invalid request ID")


async def test_a_second_answer_is_refused(box: Box) -> None:
    await box.running()
    await box.answer()
    sent = "RuntimeResponseSentState"
    assert refusal(await box.answer()) == transition(sent, "InvocationResponse")
    assert refusal(await box.error(b"{}")) == transition(sent, "InvocationErrorResponse")
    await box.frame()
    assert box.frames.empty()


async def test_an_answer_to_an_invocation_that_is_over_is_refused(box: Box) -> None:
    await box.running()
    await box.answer()
    box.next()
    await box.idle.wait()
    assert refusal(await box.answer()) == (400, "InvalidRequestID", "Invalid request ID")


async def test_an_answer_to_an_event_that_was_not_taken_is_refused(box: Box) -> None:
    _, writer = await raw(box, f"GET {RUNTIME}/invocation/next HTTP/1.1\r\n\r\n".encode())
    assert await box.frame() == (frames.READY, b"")
    writer.close()
    await writer.wait_closed()
    await box.settled()
    box.api.invoke(invoke_body())
    assert refusal(await box.answer()) == transition("Ready", "InvocationResponse")


async def test_the_event_goes_to_a_runtime_that_asked_again_after_it_hung_up(box: Box) -> None:
    request = f"GET {RUNTIME}/invocation/next HTTP/1.1\r\n\r\n".encode()
    reader, writer = await raw(box, request)
    assert await box.frame() == (frames.READY, b"")
    writer.close()
    await writer.wait_closed()
    waiting = box.next()
    await box.settled()
    box.api.invoke(invoke_body())
    assert (await waiting).headers["lambda-runtime-aws-request-id"] == REQUEST_ID
    assert await reader.read() == b""


async def test_of_two_that_ask_at_once_each_has_an_event(box: Box) -> None:
    first = await box.started()
    second = box.next()
    await box.settled()
    box.api.invoke(invoke_body())
    done, _ = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert done == {first}
    await box.answer()
    box.next()
    await box.idle.wait()
    box.api.invoke(invoke_body(OTHER_ID))
    assert (await second).headers["lambda-runtime-aws-request-id"] == OTHER_ID


async def test_a_runtime_that_asks_again_before_it_answers_has_the_same_event(box: Box) -> None:
    await box.running()
    again = await box.next()
    assert again.headers["lambda-runtime-aws-request-id"] == REQUEST_ID
    assert again.content == b'{"username":"Sally"}'


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_that_is_too_long_is_an_error_of_the_function(
    box: Box, chunked: bool
) -> None:
    await box.running()
    size = limits.MAX_ANSWER + 1

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1 << 20):
            yield b"x" * min(1 << 20, size - start)

    path = f"{RUNTIME}/invocation/{REQUEST_ID}/response"
    response = await box.http.post(path, content=pieces() if chunked else b"x" * size)
    message = "Exceeded maximum allowed payload size (6291556 bytes)."
    assert refusal(response) == (413, "RequestEntityTooLarge", message)
    kind, body = await box.frame()
    assert kind == frames.FAULT
    assert json.loads(body[36:]) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    box.next()
    await box.idle.wait()


async def test_the_longest_answer_is_taken(box: Box) -> None:
    await box.running()
    assert (await box.answer(b"x" * limits.MAX_ANSWER)).status_code == 202
    kind, body = await box.frame()
    assert (kind, len(body)) == (frames.RESULT, limits.MAX_ANSWER + 36)


async def test_an_answer_that_stops_halfway_is_an_error_of_the_runtime(box: Box) -> None:
    await box.running()
    head = f"POST {RUNTIME}/invocation/{REQUEST_ID}/response HTTP/1.1\r\ncontent-length: 9\r\n\r\n"
    reader, writer = await raw(box, head.encode() + b"half")
    writer.write_eof()
    assert await status_of(reader) == 400
    assert b"TruncatedHTTPRequest" in await reader.read()
    writer.close()
    kind, body = await box.frame()
    assert kind == frames.FAULT
    assert json.loads(body[36:])["errorType"] == "Runtime.TruncatedResponse"


STREAMING = {"Lambda-Runtime-Function-Response-Mode": "streaming"}


async def test_a_streamed_answer_arrives_in_pieces_as_they_come(box: Box) -> None:
    await box.running()
    go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await go_on.wait()
        yield b"second"

    sending = asyncio.create_task(
        box.answer(
            content=pieces(),  # type: ignore[arg-type]
            headers={**STREAMING, "Content-Type": "text/html"},
        )
    )
    assert await box.frame() == (frames.PRELUDE, ID + b"text/html")
    assert await box.frame() == (frames.CHUNK, ID + b"first")
    assert not sending.done()
    go_on.set()
    assert await box.frame() == (frames.CHUNK, ID + b"second")
    assert await box.frame() == (frames.RESULT, ID)
    assert (await sending).status_code == 202


async def test_while_nobody_takes_a_streamed_answer_no_more_of_it_is_read(box: Box) -> None:
    await box.running()
    box.api.pause_stream()
    size = 8 << 20
    head = (
        f"POST {RUNTIME}/invocation/{REQUEST_ID}/response HTTP/1.1\r\n"
        "lambda-runtime-function-response-mode: streaming\r\n"
        f"content-length: {size}\r\n\r\n"
    )
    reader, writer = await raw(box, head.encode())
    writer.transport.set_write_buffer_limits(high=0)
    writer.write(b"x" * size)
    sent = asyncio.create_task(writer.drain())
    assert (await box.frame())[0] == frames.PRELUDE
    taken = len((await box.frame())[1]) - 36
    await box.settled()
    await box.settled()
    assert taken < 1 << 20
    assert box.frames.empty()
    assert not sent.done()  # the sender waits
    box.api.resume_stream()
    while taken < size:
        kind, body = await box.frame()
        assert kind == frames.CHUNK
        taken += len(body) - 36
    assert await box.frame() == (frames.RESULT, ID)
    await sent
    assert await status_of(reader) == 202
    writer.close()


def streamed(trailers: str, *chunks: bytes) -> bytes:
    """A streamed answer with trailers."""
    head = (
        f"POST {RUNTIME}/invocation/{REQUEST_ID}/response HTTP/1.1\r\n"
        "lambda-runtime-function-response-mode: streaming\r\n"
        "transfer-encoding: chunked\r\n"
        "trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
    )
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head.encode() + body + b"0\r\n" + trailers.encode() + b"\r\n"


async def test_a_stream_that_ends_in_an_error_says_so_in_its_trailers(box: Box) -> None:
    await box.running()
    told = b'{"errorMessage":"halfway","errorType":"Function.Broken"}'
    trailers = (
        "Lambda-Runtime-Function-Error-Type: Function.Broken\r\n"
        f"Lambda-Runtime-Function-Error-Body: {base64.b64encode(told).decode()}\r\n"
    )
    reader, writer = await raw(box, streamed(trailers, b"some"))
    assert (await box.frame())[0] == frames.PRELUDE
    assert await box.frame() == (frames.CHUNK, ID + b"some")
    assert await box.frame() == (frames.FAULT, ID + told)
    assert await status_of(reader) == 202
    writer.close()


async def test_a_trailer_is_no_header(box: Box) -> None:
    await box.running()
    trailers = "Lambda-Runtime-Function-Response-Mode: buffered\r\nContent-Type: text/html\r\n"
    _, writer = await raw(box, streamed(trailers, b"some"))
    assert await box.frame() == (frames.PRELUDE, ID)
    assert (await box.frame())[0] == frames.CHUNK
    assert await box.frame() == (frames.RESULT, ID)
    writer.close()


async def test_an_answer_of_an_unknown_mode_is_refused(box: Box) -> None:
    await box.running()
    response = await box.answer(headers={"Lambda-Runtime-Function-Response-Mode": "telepathic"})
    message = "Invalid function response mode"
    assert refusal(response) == (400, "InvalidFunctionResponseMode", message)
    _, body = await box.frame()
    assert json.loads(body[36:])["errorType"] == "Runtime.InvalidResponseModeHeader"
    box.next()
    await box.idle.wait()


async def test_an_error_while_the_runtime_starts_goes_to_the_sandbox(box: Box) -> None:
    told = b'{"errorMessage":"no","errorType":"Runtime.ImportModuleError"}'
    response = await box.http.post(f"{RUNTIME}/init/error", content=told)
    assert response.status_code == 202
    assert await box.frame() == (frames.INIT_ERROR, told)
    assert refusal(await box.next()) == transition("InitError", "Ready")


async def test_an_error_of_the_start_comes_too_late_after_the_first_event(box: Box) -> None:
    await box.started()
    response = await box.http.post(f"{RUNTIME}/init/error", content=b"{}")
    assert refusal(response) == transition("Ready", "InitError")


async def test_a_runtime_that_is_not_restored_has_nothing_to_wait_for(box: Box) -> None:
    response = await box.http.get(f"{RUNTIME}/restore/next")
    assert refusal(response)[:2] == (404, "ResourceNotFound")


async def test_a_runtime_goes_on_when_it_is_restored(make_box: Callable[..., Box]) -> None:
    box = make_box(snapstart=True)
    waiting = asyncio.create_task(box.http.get(f"{RUNTIME}/restore/next"))
    assert await box.frame() == (frames.READY, b"")
    restored = asyncio.create_task(box.api.restore())
    assert (await waiting).status_code == 200
    assert not restored.done()
    following = box.next()
    assert await restored == ""
    box.api.invoke(invoke_body())
    assert (await following).status_code == 200


@pytest.mark.parametrize("path", ["restore/error", "init/error"])
async def test_an_error_of_a_restore_is_told(make_box: Callable[..., Box], path: str) -> None:
    box = make_box(snapstart=True)
    waiting = asyncio.create_task(box.http.get(f"{RUNTIME}/restore/next"))
    assert await box.frame() == (frames.READY, b"")
    restored = asyncio.create_task(box.api.restore())
    await waiting
    header = {"Lambda-Runtime-Function-Error-Type": "Runtime.AfterRestoreError"}
    response = await box.http.post(f"{RUNTIME}/{path}", headers=header, content=b"{}")
    assert response.status_code == 202
    assert await restored == "Runtime.AfterRestoreError"


async def test_a_runtime_that_does_not_wait_to_be_restored_just_goes_on(
    make_box: Callable[..., Box],
) -> None:
    box = make_box(snapstart=True)
    waiting = await box.started()
    assert await box.api.restore() == ""
    box.api.invoke(invoke_body())
    assert (await waiting).status_code == 200


async def test_paths_and_methods_that_there_are_not_are_refused(box: Box) -> None:
    assert refusal(await box.http.get("/2018-06-01/runtime/other"))[:2] == (
        404,
        "ResourceNotFound",
    )
    assert refusal(await box.http.post(f"{RUNTIME}/invocation/next"))[:2] == (
        405,
        "MethodNotAllowed",
    )


async def test_who_waits_is_answered_when_the_sandbox_ends(box: Box) -> None:
    waiting = await box.started()
    box.api.close()
    with pytest.raises(httpx.HTTPError):
        (await waiting).raise_for_status()


async def test_no_more_connections_are_taken_than_the_limit(box: Box) -> None:
    taken = [await raw(box, b"GET /x HTTP/1.1\r\n\r\n") for _ in range(limits.MAX_CONNECTIONS)]
    for reader, _ in taken:
        assert await status_of(reader) == 404
    reader, writer = await raw(box, b"")
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    for _, each in [*taken, (reader, writer)]:
        each.close()
