"""InvokeWithResponseStream: answers that arrive while the function still writes them."""

import base64
import json
import uuid
from pathlib import Path

import pytest

from tests.e2e.conftest import ROLE, eventually, refusal
from tests.e2e.raw import bytes_of, connect, read_answer, signed
from tests.e2e.streams import call, create_streaming, whole
from tests.e2e.test_provided import WITH_STREAMS, package

MB = 1024 * 1024


@pytest.fixture
def stream(functions):
    """Create a function that streams: `stream(body, Timeout=3)` → name."""
    made = []

    def make(body, **settings):
        made.append(create_streaming(functions, body, **settings))
        return made[-1]

    yield make
    for name in made:
        functions.delete_function(FunctionName=name)


def test_pieces_arrive_while_the_function_still_runs(functions, stream, messages):
    name = stream(
        "stream.write('first'); await new Promise(() => setInterval(() => 0, 1000));", Timeout=3
    )
    response = call(functions, name)
    assert response["StatusCode"] == 200
    assert response["ExecutedVersion"] == "$LATEST"
    assert response["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    events = iter(response["EventStream"])
    assert next(events) == {"PayloadChunk": {"Payload": b"first"}}
    assert not any(line.startswith("END ") for line in messages(name))
    # It is ended by its timeout, in the middle of its answer.
    [complete] = list(events)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert complete["InvokeComplete"]["ErrorCode"] == "Sandbox.Timedout"
    assert json.loads(complete["InvokeComplete"]["ErrorDetails"]) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 3.00 seconds",
    }
    assert any(line.startswith("END ") for line in messages(name))


def test_a_stream_ends_with_invoke_complete_and_the_log(functions, stream):
    name = stream("console.log('seen', event); stream.write('one, '); stream.end('two');")
    payload, complete = whole(call(functions, name, 7, LogType="Tail"))
    assert payload == b"one, two"
    assert set(complete) == {"LogResult"}
    tail = base64.b64decode(complete["LogResult"]).decode()
    assert "\tINFO\tseen 7\n" in tail
    assert "REPORT RequestId: " in tail
    payload, complete = whole(call(functions, name, 7))
    assert (payload, complete) == (b"one, two", {})


def test_an_answer_without_a_byte_is_a_stream_too(functions, stream):
    assert whole(call(functions, stream("stream.end();"))) == (b"", {})


def test_a_function_that_does_not_stream_answers_in_one_piece(functions, deploy):
    name = deploy("def handler(event, context):\n    return {'got': event}\n")
    payload, complete = whole(call(functions, name, [1]))
    assert (json.loads(payload), complete) == ({"got": [1]}, {})


def test_a_runtime_of_ones_own_streams(functions, invoke):
    name = f"p-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="provided.al2023",
        Handler="app.handler",
        Code={"ZipFile": package(WITH_STREAMS)},
        Timeout=20,
        MemorySize=512,
    )
    # More than Invoke can give, and more than waits for a reader at any time.
    payload, complete = whole(call(functions, name, {"pieces": 20, "size": 1_000_000}))
    assert len(payload) == 20_000_002
    assert complete == {}
    assert invoke(name, {"pieces": 1, "size": 1})[0] == "x"
    functions.delete_function(FunctionName=name)


def test_a_function_that_fails_before_its_first_byte_says_why(functions, stream, deploy):
    name = stream("throw new TypeError('not today');")
    payload, complete = whole(call(functions, name, LogType="Tail"))
    assert payload == b""
    assert complete["ErrorCode"] == "Unhandled"
    error = json.loads(complete["ErrorDetails"])
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "not today")
    assert b"TypeError: not today" in base64.b64decode(complete["LogResult"])
    for source in ("raise ImportError", "import os; os._exit(3)"):
        payload, complete = whole(call(functions, deploy(source)))
        assert (payload, complete["ErrorCode"]) == (b"", "Unhandled")


def test_a_function_that_fails_halfway_says_why(functions, stream):
    throws = stream("stream.write('half'); await drained; throw new TypeError('not today');")
    exits = stream("stream.write('half', () => process.exit(3)); await new Promise(() => 0);")
    for name, kind in ((throws, "TypeError"), (exits, "Runtime.ExitError")):
        payload, complete = whole(call(functions, name))
        assert (payload, complete["ErrorCode"]) == (b"half", kind)
        assert json.loads(complete["ErrorDetails"])["errorType"] == kind
        assert whole(call(functions, name))[0] == b"half"  # the next one is served


def test_more_than_20_mb_is_an_error_after_what_fits(functions, stream):
    name = stream(
        "const piece = Buffer.alloc(1 << 20, 'x');\n"
        "for (let n = 0; n < event; n++) if (!stream.write(piece)) await drained();\n"
        "stream.end();",
        Timeout=60,
        MemorySize=512,
    )
    total, complete = 0, {}
    for event in call(functions, name, 21)["EventStream"]:
        if "PayloadChunk" in event:
            total += len(event["PayloadChunk"]["Payload"])
        else:
            complete = event["InvokeComplete"]
    assert total == 20 * MB
    assert complete["ErrorCode"] == "Function.ResponseSizeTooLarge"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == (
        "Response payload size exceeded maximum allowed payload size (20971520 bytes)."
    )


def test_a_slow_reader_holds_the_function_back_and_not_the_server_s_memory(
    start_server,
):
    server = start_server("--streamed-mb", "200")
    client = server.client("lambda")
    name = create_streaming(
        client,
        "const piece = Buffer.alloc(65536, 'x');\n"
        "for (let n = 0; n < event * 16; n++) if (!stream.write(piece)) await drained();\n"
        "stream.end();",
        Timeout=60,
    )
    whole(call(client, name, 1))
    before = _peak_mb(server)
    events = iter(call(client, name, 60)["EventStream"])
    total = len(next(events)["PayloadChunk"]["Payload"])
    for _ in range(20):  # others are served meanwhile
        assert whole(call(client, name, 0)) == (b"", {})
    assert _peak_mb(server) - before < 16
    total += sum(len(event.get("PayloadChunk", {}).get("Payload", b"")) for event in events)
    assert total == 60 * MB
    assert _peak_mb(server) - before < 16


def test_a_function_goes_on_when_its_reader_is_gone(functions, stream, messages):
    name = stream(
        "const piece = Buffer.alloc(65536, 'x');\n"
        "for (let n = 0; n < 100; n++) if (!stream.write(piece)) await drained();\n"
        "stream.end(); console.log('wrote it all');"
    )
    response = call(functions, name)
    next(iter(response["EventStream"]))
    response["EventStream"].close()
    eventually(
        lambda: any("wrote it all" in line for line in messages(name)), "the function went on"
    )
    eventually(lambda: any(line.startswith("REPORT ") for line in messages(name)), "it ended well")


def test_errors_of_the_request_are_plain_errors(functions, stream, unchecked, deploy):
    name = stream("stream.end();")
    begin = functions.invoke_with_response_stream
    assert refusal(begin, FunctionName="nobody") == (
        404,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
    )
    assert refusal(begin, FunctionName=name, Qualifier="7")[:2] == (
        404,
        "ResourceNotFoundException",
    )
    assert refusal(begin, FunctionName=name, Payload=b"{not json")[:2] == (
        400,
        "InvalidRequestContentException",
    )
    assert refusal(begin, FunctionName=name, Payload=b'"%s"' % (b"x" * 6 * MB))[:2] == (
        413,
        "RequestEntityTooLargeException",
    )
    assert refusal(begin, FunctionName=name, ClientContext="no base64!")[:2] == (
        400,
        "InvalidRequestContentException",
    )
    status, code, message = refusal(
        unchecked.invoke_with_response_stream, FunctionName=name, InvocationType="Event"
    )
    assert (status, code) == (400, "ValidationException")
    assert "'invocationType' failed to satisfy constraint" in message


def test_a_function_without_concurrency_is_throttled(functions, stream):
    name = stream("stream.end('ran');")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert refusal(functions.invoke_with_response_stream, FunctionName=name) == (
        429,
        "TooManyRequestsException",
        "Rate Exceeded.",
    )
    functions.delete_function_concurrency(FunctionName=name)
    assert whole(call(functions, name)) == (b"ran", {})


def test_versions_and_aliases_are_streamed(functions, stream):
    name = stream("stream.end(context.functionVersion + ' ' + context.invokedFunctionArn);")
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    for qualifier, version in (("$LATEST", "$LATEST"), ("1", "1"), ("live", "1")):
        response = call(functions, name, Qualifier=qualifier)
        assert response["ExecutedVersion"] == version
        assert whole(response)[0].decode() == f"{version} {arn}:{qualifier}"


def test_a_dry_run_runs_nothing(functions, stream, logs):
    name = stream("stream.end();")
    response = functions.invoke_with_response_stream(FunctionName=name, InvocationType="DryRun")
    assert response["StatusCode"] == 204
    response["EventStream"].close()
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []


def test_connections_are_kept_and_clients_of_http_1_0_get_no_chunks(server, functions, stream):
    name = stream("stream.write('one'); stream.end('two');")
    request = bytes_of(
        signed(server, "POST", f"/2021-11-15/functions/{name}/response-streaming-invocations")
    )
    with connect(server) as sock:
        for _ in range(3):
            sock.sendall(request)
            answer = read_answer(sock)
            assert answer.status == 200
            assert answer.headers["transfer-encoding"] == "chunked"
            assert b"one" in answer.body
            assert b"InvokeComplete" in answer.body
    with connect(server) as sock:
        sock.sendall(request.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\nConnection: keep-alive\r\n"))
        answer = read_answer(sock)
        assert "transfer-encoding" not in answer.headers
        assert answer.headers["connection"] == "close"
        assert b"InvokeComplete" in answer.body
        assert sock.recv(1) == b""


def _peak_mb(server):
    """The most memory that the server has used so far, in MB."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
