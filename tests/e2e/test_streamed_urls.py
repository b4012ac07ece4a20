"""Function URLs with InvokeMode RESPONSE_STREAM."""

import http.client
import json

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.streams import create_streaming
from tests.e2e.urls import begin, publish, request

METADATA = (
    "stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, "
    "headers: {'Content-Type': 'text/html', 'X-A': 'b'}, cookies: ['a=1', 'b=2']});"
)


@pytest.fixture
def stream(functions):
    """Make a function that streams a URL: `stream(body, Timeout=3)` → (its name, its URL)."""
    made = []

    def make(body, mode="RESPONSE_STREAM", **settings):
        made.append(create_streaming(functions, body, **settings))
        return made[-1], publish(functions, made[-1], InvokeMode=mode)

    yield make
    for name in made:
        functions.delete_function(FunctionName=name)


def test_pieces_arrive_while_the_function_still_runs(server, stream, messages):
    name, url = stream(
        "stream.write('first'); await new Promise(() => setInterval(() => 0, 1000));", Timeout=3
    )
    made, response = begin(server, url)
    assert response.status == 200
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.read1() == b"first"
    assert not any(line.startswith("END ") for line in messages(name))
    # Its timeout ends it, and the client sees that the answer is not whole.
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    made.close()
    assert any(line.startswith("REPORT ") for line in messages(name))


def test_metadata_become_status_headers_and_cookies(server, stream):
    _, url = stream(f"{METADATA} stream.write('<p>'); stream.end(event.rawPath);")
    for _ in range(2):
        reply = request(server, f"{url}x")
        assert (reply.status, reply.body) == (201, b"<p>/x")
        assert reply.headers["content-type"] == "text/html"
        assert reply.headers["x-a"] == "b"
        assert reply.cookies == ["a=1", "b=2"]
        assert "x-amzn-requestid" in reply.headers
    head = request(server, url, "HEAD")
    assert (head.status, head.body) == (201, b"")
    assert request(server, url).status == 201  # the server is well after that


def test_an_answer_of_metadata_alone_is_whole(server, stream):
    _, url = stream(
        "stream = awslambda.HttpResponseStream.from(stream, {statusCode: 204}); stream.end();"
    )
    reply = request(server, url)
    assert (reply.status, reply.body) == (204, b"")


def test_a_content_type_without_metadata_is_sent(server, stream):
    _, url = stream("stream.setContentType('text/event-stream'); stream.end('data: 1\\n\\n');")
    reply = request(server, url)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")
    assert reply.body == b"data: 1\n\n"


def test_a_function_that_does_not_stream_answers_as_it_is(server, functions, deploy):
    name = deploy("def handler(event, context):\n    return {'statusCode': 404, 'body': 'b'}\n")
    reply = request(server, publish(functions, name, InvokeMode="RESPONSE_STREAM"))
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json == {"statusCode": 404, "body": "b"}


def test_a_streaming_function_answers_a_buffered_url_as_a_whole(server, stream):
    _, url = stream(f"{METADATA} stream.write('<p>'); stream.end('x');", mode="BUFFERED")
    reply = request(server, url)
    assert (reply.status, reply.body) == (201, b"<p>x")
    assert reply.headers["content-length"] == "4"
    assert reply.cookies == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "body",
    [
        "throw new Error('not today');",
        f"{METADATA} throw new Error('not today');",
        "process.exit(3);",
        "stream.setContentType('application/vnd.awslambda.http-integration-response');"
        "stream.end('no metadata');",
        "awslambda.HttpResponseStream.from(stream, {statusCode: 'x'}).end('');",
    ],
    ids=["throws", "throws after metadata", "exits", "no metadata", "bad metadata"],
)
def test_what_fails_before_the_first_byte_is_a_bad_gateway(server, stream, body):
    reply = request(server, stream(body)[1])
    assert (reply.status, reply.body) == (502, b"Internal Server Error")


@pytest.mark.parametrize(
    "end", ["throw new Error('not today');", "process.exit(3);"], ids=["throws", "exits"]
)
def test_what_fails_halfway_is_cut(server, stream, end):
    _, url = stream(f"await new Promise((go) => stream.write('half', go)); {end}")
    made, response = begin(server, url)
    assert response.status == 200
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    made.close()
    assert caught.value.partial == b"half"


def test_a_function_goes_on_when_its_reader_is_gone(server, stream, messages):
    name, url = stream(
        "const piece = Buffer.alloc(65536, 'x');\n"
        "for (let n = 0; n < 100; n++) if (!stream.write(piece)) await drained();\n"
        "stream.end(); console.log('wrote it all');"
    )
    made, response = begin(server, url)
    assert response.read(10) == b"x" * 10
    response.close()
    made.close()
    eventually(
        lambda: any("wrote it all" in line for line in messages(name)), "the function went on"
    )


def test_a_page_of_another_origin_reads_a_stream(server, functions, stream):
    name, url = stream("stream.end(JSON.stringify(event.headers.origin));")
    functions.update_function_url_config(FunctionName=name, Cors={"AllowOrigins": ["*"]})
    reply = request(server, url, headers={"Origin": "https://example.com"})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert json.loads(reply.body) == "https://example.com"


def test_a_change_of_the_mode_takes_effect_at_once(server, functions, stream):
    name, url = stream("stream.end('{\"statusCode\": 202}');")
    assert request(server, url).status == 200
    functions.update_function_url_config(FunctionName=name, InvokeMode="BUFFERED")
    assert request(server, url).status == 202
