"""The server's side of a Node.js runtime, without a sandbox around it."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingle.pool.output import OutputSplitter
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.nodejs.command import command
from ingle.runtimes.python import frames

ARN = "arn:aws:lambda:us-east-1:000000000000:function:thing"
_PATIENCE_S = 30.0
_PIPE_BYTES = 1 << 20


def interpreter() -> Interpreter:
    """The Node.js that the shell finds."""
    found = shutil.which("node")
    assert found is not None, "these tests need Node.js: scripts/setup node"
    executable = Path(os.path.realpath(found))
    said = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True)
    version = said.stdout.strip().removeprefix("v")
    major = version.split(".")[0]
    return Interpreter(f"nodejs{major}.x", executable, version, executable.parent.parent)


@dataclass(frozen=True)
class Answer:
    """How an invocation came out.

    Attributes:
        failed: whether the runtime answered with an error.
        body: the answer's bytes.
        chunks: what was streamed before it.
        content_type: of what was streamed, where anything was.
    """

    failed: bool
    body: bytes
    chunks: tuple[bytes, ...] = ()
    content_type: str | None = None

    @property
    def value(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.body)

    @property
    def streamed(self) -> bytes:
        """All that was streamed."""
        return b"".join(self.chunks)


class Runtime:
    """A Node.js that came up without knowing what it will run.

    Args:
        node: what runs it.
        folder: what stands for `/var` of a sandbox; `task` in it holds the function.
    """

    def __init__(self, node: Interpreter, folder: Path) -> None:
        self.folder = folder
        self.node = node
        told = command(node)
        host = {place: source for source, place in told.shows.items()}
        arguments = [_on_host(each, host) for each in told.arguments]
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_PATIENCE_S)
        self._stream = self._socket.makefile("rb")
        self._pipe, output = os.pipe()
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._pipe, False)
        self._splitter = OutputSplitter()
        self._kept: list[bytes] | None = None
        self.environment: Mapping[str, str] = told.environment
        self._process = subprocess.Popen(
            arguments, stdin=theirs, stdout=output, stderr=output, env=dict(told.environment)
        )
        theirs.close()
        os.close(output)

    @property
    def pid(self) -> int:
        """Of the process that came up first."""
        return self._process.pid

    def send(self, kind: int, body: bytes) -> None:
        """Send a frame."""
        frame = frames.HEADER.pack(len(body), kind) + body
        if self._kept is None:
            self._socket.sendall(frame)
        else:
            self._kept.append(frame)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Send in one piece what is sent meanwhile."""
        self._kept = []
        yield
        data, self._kept = b"".join(self._kept), None
        self._socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """Return the next frame; raise EOFError when the runtime closed the channel."""
        head = self._stream.read(frames.HEADER.size)
        if len(head) < frames.HEADER.size:
            raise EOFError
        length, kind = frames.HEADER.unpack(head)
        return kind, self._stream.read(length)

    def initialise(self, handler: str, **variables: str) -> tuple[int, Any]:
        """Tell it what it runs; return the kind of its answer, and the error if it is one."""
        environment = {
            **self.environment,
            "_HANDLER": handler,
            "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_NAME": "thing",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/thing",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]abc",
            "LAMBDA_RUNTIME_DIR": str(self.folder / "runtime"),
            "LAMBDA_TASK_ROOT": str(self.folder / "task"),
            # What the shell of whoever runs the tests may need to find `node`.
            "PATH": f"{self.node.executable.parent}:{os.environ['PATH']}",
            **variables,
        }
        self.send(
            frames.INIT, json.dumps({"handler": handler, "environment": environment}).encode()
        )
        kind, body = self.receive()
        return kind, json.loads(body) if body else None

    def invoke(self, event: Any = None, **settings: Any) -> Answer:
        """Run the handler once; raise EOFError where the process ends without an answer."""
        identity = self.call(event, **settings)
        return self.answer(identity)

    def call(
        self,
        event: Any = None,
        *,
        raw: bytes | None = None,
        request_id: str | None = None,
        deadline_ms: int | None = None,
        trace: str = "",
        client_context: str = "",
    ) -> str:
        """Send an invocation; return its request id."""
        identity = request_id or str(uuid.uuid4())
        deadline = deadline_ms or int(time.time() * 1000) + 60_000
        parts = ARN.encode(), trace.encode(), client_context.encode()
        head = frames.INVOKE_HEAD.pack(identity.encode(), deadline, *map(len, parts))
        payload = json.dumps(event).encode() if raw is None else raw
        self.send(frames.INVOKE, b"".join((head, *parts, payload)))
        return identity

    def answer(self, identity: str) -> Answer:
        """Wait for an invocation's answer."""
        chunks: list[bytes] = []
        content_type = None
        while True:
            kind, body = self.receive()
            assert body[:36].decode() == identity
            rest = body[36:]
            if kind == frames.PRELUDE:
                assert not chunks
                content_type = rest.decode()
            elif kind == frames.CHUNK:
                assert content_type is not None
                chunks.append(rest)
            else:
                assert kind in (frames.RESULT, frames.FAULT)
                return Answer(kind == frames.FAULT, rest, tuple(chunks), content_type)

    def events(self) -> list[str]:
        """The log events written since the last look, without their line ends."""
        found: list[str] = []
        while True:
            try:
                data = os.read(self._pipe, _PIPE_BYTES)
            except BlockingIOError:
                break
            if not data:
                break
            found += self._splitter.feed(data)
        found += self._splitter.flush()
        return [each.removesuffix("\n") for each in found]

    def next_event(self) -> str:
        """Wait for the next log event."""
        while not (found := self.events()):
            ready, _, _ = select.select([self._pipe], [], [], _PATIENCE_S)
            assert ready, "nothing was printed"
        return found[0]

    def hang_up(self) -> None:
        """Close the server's end of the channel."""
        self._stream.close()
        self._socket.close()

    def wait(self) -> int:
        """Wait for the end of the process; return its status, negative for a signal."""
        return self._process.wait(_PATIENCE_S)

    def close(self) -> None:
        """End it, if it has not ended."""
        self.hang_up()
        self._process.kill()
        self._process.wait()
        os.close(self._pipe)


def _on_host(argument: str, host: Mapping[str, str]) -> str:
    """Return a path in the sandbox as a path of this machine, other arguments as they are."""
    for place, source in host.items():
        if argument.startswith(place + "/"):
            return source + argument.removeprefix(place)
    return argument
