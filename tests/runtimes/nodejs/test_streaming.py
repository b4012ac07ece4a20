"""Handlers that stream their response."""

import json

import pytest

ECHO = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    for (const piece of event) stream.write(piece);
    stream.end();
});"""
HTTP = "application/vnd.awslambda.http-integration-response"


def streaming(body, options="undefined"):
    return (
        "exports.handler = awslambda.streamifyResponse("
        f"async (event, stream, context) => {{ {body} }}, {options});"
    )


def test_what_is_written_is_streamed(start):
    runtime = start(ECHO)
    for _ in range(2):
        answer = runtime.invoke(["one ", "zwei ü"])
        assert not answer.failed
        assert answer.content_type == "application/octet-stream"
        assert answer.streamed == "one zwei ü".encode()
        assert answer.body == b""


def test_an_empty_response_is_a_stream_too(start):
    answer = start(streaming("stream.end()")).invoke()
    assert (answer.failed, answer.content_type) == (False, "application/octet-stream")
    assert answer.streamed == b""


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        ("'text'", b"text"),
        ("Buffer.from([0, 255])", b"\x00\xff"),
        ("new Uint8Array([1, 2])", b"\x01\x02"),
        ("{a: 1}", b'{"a":1}'),
        ("'ff00', 'hex'", b"\xff\x00"),
    ],
)
def test_text_bytes_and_json_can_be_written(start, written, arrives):
    assert start(streaming(f"stream.write({written}); stream.end()")).invoke().streamed == arrives
    assert start(streaming(f"stream.end({written})")).invoke().streamed == arrives


def test_the_content_type_can_be_set_until_something_is_written(start):
    code = streaming(
        "stream.setContentType('text/html'); stream.write('x');"
        "try { stream.setContentType('text/plain') } catch (e) { stream.write(e.name + e.message) }"
        "stream.end()"
    )
    answer = start(code).invoke()
    assert answer.content_type == "text/html"
    assert answer.streamed == (
        b"xRuntime.InvalidStreamingOperationCannot set content-type, too late."
    )


@pytest.mark.parametrize("rest", ["stream.write('body'); stream.end()", "stream.end('body')"])
def test_the_status_and_the_headers_of_a_response_go_ahead_of_it(start, rest):
    code = streaming(
        "const meta = {statusCode: 201, headers: {'X-Ü': 'ü'}, cookies: ['a=b']};"
        f"stream = awslambda.HttpResponseStream.from(stream, meta); {rest}"
    )
    answer = start(code).invoke()
    assert answer.content_type == HTTP
    head, body = answer.streamed.split(b"\0" * 8)
    assert json.loads(head) == {"statusCode": 201, "headers": {"X-Ü": "ü"}, "cookies": ["a=b"]}
    assert body == b"body"


def test_a_stream_can_be_piped_into_the_response(start):
    code = """const pipeline = require('util').promisify(require('stream').pipeline);
        const {Readable} = require('stream'); const zlib = require('zlib');
        exports.handler = awslambda.streamifyResponse(async (event, stream) => {
            const source = Readable.from(Array.from({length: 100}, (_, n) => `${n},`));
            await pipeline(source, zlib.createGzip(), zlib.createGunzip(), stream);
        });"""
    assert start(code).invoke().streamed == "".join(f"{n}," for n in range(100)).encode()


def test_large_pieces_are_sent_as_several_frames(start):
    answer = start(streaming("stream.write('ü'.repeat(1000000)); stream.end()")).invoke()
    assert answer.streamed == "ü".encode() * 1_000_000
    assert max(map(len, answer.chunks)) <= 262_144


def test_a_reader_that_is_slow_holds_the_writer_back_and_not_the_event_loop(start):
    code = streaming(
        "let drained = 0; let turns = 0;"
        "const timer = setInterval(() => { if (++turns === 9) console.log('held', drained) }, 1);"
        "for (let n = 0; n < 64; n += 1) if (!stream.write('x'.repeat(65536))) {"
        "  await new Promise((resolve) => stream.once('drain', resolve)); drained += 1; }"
        "clearInterval(timer); stream.end(String(drained))"
    )
    runtime = start(code)
    identity = runtime.call()
    # Nobody reads until the function says that time goes on while it is held back.
    held = runtime.next_event()
    assert held.split("\t")[-1].startswith("held ")
    assert int(held.split()[-1]) < 64
    assert runtime.answer(identity).streamed == b"x" * 65536 * 64 + b"64"


def test_a_small_high_water_mark_holds_the_writer_back_earlier(start):
    code = streaming("stream.end(String(stream.write('xxxx')))", "{highWaterMark: 4}")
    assert start(code).invoke().streamed == b"xxxxfalse"
    assert start(streaming("stream.end(String(stream.write('xxxx')))")).invoke().streamed == (
        b"xxxxtrue"
    )


def test_an_error_before_anything_is_written_is_the_answer(start):
    runtime = start(streaming("throw new TypeError('early')"))
    answer = runtime.invoke()
    assert (answer.failed, answer.content_type) == (True, None)
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("TypeError", "early")
    assert "\tERROR\tInvoke Error \t" in runtime.events()[0]


def test_an_error_midway_follows_what_was_written(start):
    code = streaming(
        "await new Promise((resolve) => stream.write('part', resolve)); throw new TypeError('late')"
    )
    runtime = start(code)
    for _ in range(2):
        answer = runtime.invoke()
        assert (answer.failed, answer.streamed) == (True, b"part")
        assert answer.value["errorMessage"] == "late"


def test_an_error_waits_for_the_piece_that_is_being_sent(start):
    code = streaming(
        "stream.write('x'.repeat(1000000));"
        "await new Promise((resolve) => setTimeout(resolve, 20));"
        "console.log('throws'); throw new TypeError('late')"
    )
    runtime = start(code)
    for _ in range(5):
        identity = runtime.call()
        # Nobody reads until the socket is full and the error is there.
        while not runtime.next_event().endswith("\tthrows"):
            continue
        answer = runtime.answer(identity)
        assert answer.failed
        assert answer.value["errorMessage"] == "late"
        assert 0 < len(answer.streamed) < 1_000_000
        assert set(answer.streamed) == {ord("x")}


def test_an_exception_midway_that_nobody_catches_is_the_answer_and_ends_the_process(start):
    code = streaming(
        "stream.write('x'.repeat(1000)); setTimeout(() => { throw new TypeError('aside') }, 1);"
        "await new Promise((resolve) => setTimeout(resolve, 60000))"
    )
    runtime = start(code)
    answer = runtime.invoke()
    assert (answer.failed, answer.streamed) == (True, b"x" * 1000)
    assert answer.value["errorMessage"] == "aside"
    assert runtime.wait() == 129


def test_a_handler_that_returns_must_have_ended_its_stream(start):
    answer = start(streaming("stream.write('part')")).invoke()
    assert (answer.failed, answer.streamed) == (True, b"part")
    assert answer.value["errorMessage"] == "Response stream is not finished."


def test_a_stream_that_is_destroyed_is_not_finished(start):
    answer = start(streaming("stream.destroy()")).invoke()
    assert answer.failed
    assert answer.value["errorMessage"] == "Response stream is not finished."


def test_a_handler_may_return_before_its_stream_ends(start):
    runtime = start(streaming("stream.write('a'); setTimeout(() => stream.end('b'), 5)"))
    assert runtime.invoke().streamed == b"ab"


def test_a_promise_that_can_never_settle_is_an_error(start):
    answer = start(streaming("stream.write('a'); await new Promise(() => {})")).invoke()
    assert answer.failed
    assert answer.value["errorType"] == "Runtime.NodeJsExit"


def test_a_handler_that_is_not_async_cannot_stream(start):
    code = "exports.handler = awslambda.streamifyResponse((event, stream) => { stream.end() });"
    answer = start(code).invoke()
    assert answer.failed
    assert answer.value["errorMessage"] == "Streaming does not support non-async handlers."


def test_what_a_streaming_handler_returns_is_not_looked_at(start):
    runtime = start(streaming("stream.end('x'); return 'y'"))
    assert runtime.invoke().streamed == b"x"
    assert runtime.events()[0].endswith("\tWARN\tStreaming handlers ignore return values.")


def test_the_response_ends_when_the_event_loop_is_empty_unless_told_not_to_wait(start):
    leave = "setTimeout(() => console.log('done'), 10); stream.end()"
    runtime = start(streaming(leave))
    runtime.invoke()
    assert len(runtime.events()) == 1
    runtime = start(streaming(f"context.callbackWaitsForEmptyEventLoop = false; {leave}"))
    runtime.invoke()
    assert runtime.events() == []


def test_only_response_streaming_is_known(refused):
    code = """exports.handler = async () => 1;
        exports.handler[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request';"""
    error, _ = refused(code)
    assert error["errorType"] == "Runtime.MalformedStreamingHandler"
    assert error["errorMessage"] == "Only response streaming is supported."


def test_the_global_can_be_refused(start):
    code = "exports.handler = async () => typeof awslambda"
    refusal = {"AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA": "1"}
    assert start(code).invoke().value == "object"
    assert start(code, **refusal).invoke().value == "undefined"
