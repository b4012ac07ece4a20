"""Functions that stream their answers, and what their callers see."""

import json
import uuid
from typing import Any

from tests.e2e.conftest import ROLE
from tests.e2e.languages import runtimes_of, zip_of_files

NODE = runtimes_of("nodejs")[-1]


def create_streaming(client: Any, body: str, **settings: Any) -> str:
    """Create a Node.js function that streams.

    Args:
        client: of the server.
        body: of an async function with `event`, `stream` and `context`, and `drained()`, which
            waits until the stream takes more.
        settings: of CreateFunction.
    """
    source = f"""
const {{ once }} = require('events');
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {{
    const drained = () => once(stream, 'drain');
    {body}
}});
"""
    name = f"s-{uuid.uuid4().hex[:12]}"
    client.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=NODE,
        Handler="index.handler",
        Code={"ZipFile": zip_of_files({"index.js": source})},
        **{"Timeout": 10, "MemorySize": 256, **settings},
    )
    return name


def call(client: Any, name: str, event: Any = None, **settings: Any) -> Any:
    """Begin an InvokeWithResponseStream; its `EventStream` can be iterated."""
    return client.invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(event).encode(), **settings
    )


def whole(response: Any) -> tuple[bytes, dict[str, str]]:
    """Read a response to its end; return the payload and the members of the last event."""
    payload, complete = b"", None
    for event in response["EventStream"]:
        assert complete is None, "nothing follows InvokeComplete"
        if "PayloadChunk" in event:
            payload += event["PayloadChunk"]["Payload"]
        else:
            complete = event["InvokeComplete"]
    assert complete is not None
    return payload, complete
