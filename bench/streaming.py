"""How long the first byte of a streamed answer is on its way from the handler to the client."""

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

from bench import languages
from bench.endpoint import signed_call
from bench.errors import BenchError
from bench.http1 import Response, ResponseParser
from bench.ingle_peer import InglePeer
from bench.load import ANSWER_TIMEOUT_S
from bench.processes import Keeper
from bench.programs import NODEJS, Program
from bench.settings import Settings
from bench.stats import Results, summarise

FUNCTION = "streaming"
WARMUP = 20
_PATH = f"/2021-11-15/functions/{FUNCTION}/response-streaming-invocations"
# Both clocks are the kernel's CLOCK_MONOTONIC. The handler goes on for a while, so that a server
# that waits for its end is found out.
_SOURCE = """\
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.write(`at=${process.hrtime.bigint()};`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    stream.end('end');
});
"""
_WRITTEN_AT = re.compile(rb"at=(\d+);")


def measure_streaming(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Times, for invocations one after another on one connection, the way of the first bytes: from
    the handler's call of `write` to their receipt, as `stream.ingle.first_byte`.

    Raises:
        BenchError: the function could not be deployed, or answered wrongly.
        NotMeasurable: this machine has no Node.js.
    """
    runtime = languages.prepare(NODEJS, folder).program.runtime
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    seconds = []
    with peer.blamed():
        program = Program(runtime, "index.handler", {"index.js": _SOURCE.encode()}, memory_mb=256)
        peer.deploy_program([FUNCTION], program)
        endpoint = peer.endpoint(FUNCTION)
        with socket.create_connection((endpoint.host, endpoint.port), ANSWER_TIMEOUT_S) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(WARMUP + settings.stream_samples):
                took = _first_byte(client, signed_call(endpoint, "POST", _PATH, b"{}"))
                if number >= WARMUP:
                    seconds.append(took)
                    step()
    peer.stop()
    return summarise(f"stream.{InglePeer.name}.first_byte", seconds)


def _first_byte(client: socket.socket, request: bytes) -> float:
    """Seconds from the handler's write to the receipt; reads the answer to its end."""
    client.sendall(request)
    parser, data, took = ResponseParser(), b"", None
    response: Response | None = None
    while response is None:
        received = client.recv(65536)
        now = time.monotonic_ns()
        if not received:
            raise BenchError("the connection was closed in the middle of a streamed answer")
        if took is None:
            data += received
            written = _WRITTEN_AT.search(data)
            if written is not None:
                took = (now - int(written[1])) / 1e9
        response = parser.feed(received)
    if response.status != 200 or took is None or b"end" not in response.body:
        raise BenchError(f"a streamed answer is wrong: {response.status} {response.body[:200]!r}")
    return took
