"""The server's side of a runtime that speaks in frames, without a sandbox around it."""

import contextlib
import fcntl
import json
import os
import select
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingle.pool.output import OutputSplitter
from ingle.runtimes.command import Command
from ingle.runtimes.python import frames

ARN = "arn:aws:lambda:us-east-1:000000000000:function:thing"
_PIPE_BYTES = 1 << 20


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
    """A runtime that came up without knowing what it will run.

    Args:
        arguments: how it is started on this machine; see `on_host`.
        environment: what it is started with, and its functions find.
        folder: what stands for `/var` of a sandbox; `task` in it holds the function.
        variables: what its functions find in addition to what all do.
        cwd: where it is started.
    """

    patience_s = 30.0

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        cwd: Path | None = None,
    ) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = {**environment, **variables}
        self._kept: list[bytes] | None = None
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(self.patience_s)
        self._stream = self._socket.makefile("rb")
        self._pipe, output = os.pipe()
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._pipe, False)
        self._splitter = OutputSplitter()
        self._process = subprocess.Popen(
            arguments, stdin=theirs, stdout=output, stderr=output, cwd=cwd, env=dict(environment)
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
        try:
            head = self._stream.read(frames.HEADER.size)
        except ConnectionResetError:
            head = b""  # it ended before it had read what was sent
        if len(head) < frames.HEADER.size:
            raise EOFError
        length, kind = frames.HEADER.unpack(head)
        return kind, self._stream.read(length)

    def initialise(self, handler: str, **variables: str) -> tuple[int, Any]:
        """Tell it what it runs; return the kind of its answer, and the error if it is one."""
        environment = {
            "_HANDLER": handler,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_NAME": "thing",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/thing",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]abc",
            "LAMBDA_RUNTIME_DIR": str(self.folder / "runtime"),
            "LAMBDA_TASK_ROOT": str(self.folder / "task"),
            **self.environment,
            **variables,
        }
        self.send(
            frames.INIT, json.dumps({"handler": handler, "environment": environment}).encode()
        )
        kind, body = self.receive()
        return kind, json.loads(body) if body else None

    def invoke(self, event: Any = None, **settings: Any) -> Answer:
        """Run the handler once; raise EOFError where the process ends without an answer."""
        return self.answer(self.call(event, **settings))

    def call(
        self,
        event: Any = None,
        *,
        raw: bytes | None = None,
        request_id: str | None = None,
        deadline_ms: int | None = None,
        trace: str = "",
        client_context: str = "",
        tenant_id: str = "",
    ) -> str:
        """Send an invocation; return its request id."""
        identity = request_id or str(uuid.uuid4())
        deadline = deadline_ms or int(time.time() * 1000) + 60_000
        parts = [each.encode() for each in (ARN, trace, client_context, tenant_id)]
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
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._pipe, _PIPE_BYTES):
                found += self._splitter.feed(data)
        found += self._splitter.flush()
        return [each.removesuffix("\n") for each in found]

    def next_event(self) -> str:
        """Wait for the next log event."""
        while not (found := self.events()):
            ready, _, _ = select.select([self._pipe], [], [], self.patience_s)
            assert ready, "nothing was printed"
        return found[0]

    def hang_up(self) -> None:
        """Close the server's end of the channel."""
        self._stream.close()
        self._socket.close()

    def wait(self) -> int:
        """Wait for the end of the process; return its status, negative for a signal."""
        return self._process.wait(self.patience_s)

    def close(self) -> None:
        """End it, if it has not ended."""
        self.hang_up()
        self._process.kill()
        self._process.wait()
        os.close(self._pipe)


def shown_on_host(command: Command) -> list[str]:
    """Return the arguments of a command, with the paths of what it shows as of this machine."""
    places = {place: source for source, place in command.shows.items()}
    return [on_host(each, places) for each in command.arguments]


def on_host(argument: str, places: Mapping[str, str]) -> str:
    """Return an argument that is a path in the sandbox, or ends with one, as of this machine.

    Args:
        argument: of a command.
        places: what of this machine stands for what of the sandbox.
    """
    option, sign, path = argument.rpartition("=")
    for place, source in places.items():
        if path == place or path.startswith(f"{place}/"):
            return option + sign + source + path.removeprefix(place)
    return argument
