"""The server's side of a Java runtime, without a sandbox around it."""

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingle.pool.output import OutputSplitter
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import command as java
from ingle.runtimes.python import frames

ARN = "arn:aws:lambda:us-east-1:000000000000:function:thing"
_PATIENCE_S = 60.0
_PIPE_BYTES = 1 << 20
_MISSING = (
    "these tests compile functions and need a JDK 17 or later with javac, which {}; on Debian and "
    "Ubuntu: apt-get install openjdk-17-jdk-headless"
)


def interpreter() -> Interpreter:
    """The Java that the shell finds, which must be a JDK."""
    found = shutil.which("javac")
    if found is None:
        pytest.fail(_MISSING.format("is not on the PATH"))
    prefix = Path(os.path.realpath(found)).parent.parent
    release = (prefix / "release").read_text()
    version = re.search(r'JAVA_VERSION="([^"]+)"', release)
    if version is None or int(version[1].split(".")[0]) < 17:
        pytest.fail(_MISSING.format(f"{found} is not"))
    major = version[1].split(".")[0]
    return Interpreter(f"java{major}", prefix / "bin" / "java", version[1], prefix)


def pretender(folder: Path, script: str) -> Interpreter:
    """A Java that does something else."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    return Interpreter("java17", executable, "17.0.1", folder)


def compile_java(java: Interpreter, sources: Path, classes: Path, path: Path, release: int) -> None:
    """Compile a folder of sources into a folder of classes."""
    done = subprocess.run(
        [
            *(java.prefix / "bin" / "javac", "--release", str(release), "-encoding", "UTF-8"),
            *("-proc:none", "-nowarn", "-cp", path, "-d", classes),
            *sorted(sources.rglob("*.java")),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def on_host(argument: str, places: dict[str, str]) -> str:
    """Return an argument that is a path in the sandbox, or ends with one, as of this machine."""
    option, sign, path = argument.rpartition("=")
    for place, shown in places.items():
        if path == place or path.startswith(f"{place}/"):
            return option + sign + shown + path.removeprefix(place)
    return argument


@dataclass(frozen=True)
class Answer:
    """How an invocation came out.

    Attributes:
        failed: whether the runtime answered with an error.
        body: the answer's bytes.
    """

    failed: bool
    body: bytes

    @property
    def value(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.body)


class Runtime:
    """A Java that came up without knowing what it will run.

    Args:
        java: what runs it.
        archive: its archive of classes, if it has one.
        var: what stands for `/var` of a sandbox; `task` in it holds the function.
        layers: what stands for `/opt/java/lib`.
        memory_mb: the memory of the functions that it may serve.
        flags: more of Java's.
    """

    def __init__(
        self,
        java_home: Interpreter,
        archive: Path | None,
        var: Path,
        layers: Path,
        memory_mb: int | None = None,
        *flags: str,
    ) -> None:
        self.var = var
        told = java.command(java_home, archive, memory_mb)
        places = {java.LAYERS: str(layers), java.TASK: str(var / "task")}
        for source, place in told.shows.items():
            if place.startswith("/var/"):
                shown = var.parent / place.removeprefix("/")
                shown.parent.mkdir(exist_ok=True)
                if not shown.exists():
                    shown.symlink_to(source)
                places[place] = str(shown)
        self.environment = {
            name: value for name, value in told.environment.items() if not name.startswith("_")
        }
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_PATIENCE_S)
        self._stream = self._socket.makefile("rb")
        self._pipe, output = os.pipe()
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._pipe, False)
        self._splitter = OutputSplitter()
        arguments = [on_host(each, places) for each in told.arguments]
        arguments[arguments.index("-jar") : 0] = flags
        self._process = subprocess.Popen(
            arguments,
            stdin=theirs,
            stdout=output,
            stderr=output,
            cwd=var / "task",
            env=dict(told.environment),
        )
        theirs.close()
        os.close(output)

    @property
    def pid(self) -> int:
        """Of the process that came up first."""
        return self._process.pid

    def send(self, kind: int, body: bytes) -> None:
        """Send a frame."""
        self._socket.sendall(frames.HEADER.pack(len(body), kind) + body)

    def receive(self) -> tuple[int, bytes]:
        """Return the next frame; raise EOFError when the runtime closed the channel."""
        head = self._stream.read(frames.HEADER.size)
        if len(head) < frames.HEADER.size:
            raise EOFError("\n".join(self.events()))
        length, kind = frames.HEADER.unpack(head)
        return kind, self._stream.read(length)

    def rehearse(self) -> None:
        """Wait until it waits to be told what it runs."""
        deadline = time.monotonic() + _PATIENCE_S
        while self._process.poll() is None and not self._reads():
            assert time.monotonic() < deadline, "it does not read from its channel"
            time.sleep(0.002)

    def _reads(self) -> bool:
        waits = Path(f"/proc/{self.pid}/task").glob("*/wchan")
        return any(each.read_text().startswith("unix_stream_read") for each in waits)

    def initialise(
        self, handler: str, *, rehearsed: bool = True, **variables: str
    ) -> tuple[int, Any]:
        """Tell it what it runs, after its rehearsal or instead of it.

        Returns the kind of its answer, and the error if it is one.
        """
        if rehearsed:
            self.rehearse()
        environment = {
            **self.environment,
            "_HANDLER": handler,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": "thing",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_FORMAT": "Text",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/thing",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]abc",
            "LAMBDA_TASK_ROOT": str(self.var / "task"),
            **variables,
        }
        settings = {"handler": handler, "environment": environment}
        self.send(frames.INIT, json.dumps(settings).encode())
        kind, body = self.receive()
        return kind, json.loads(body) if body else None

    def invoke(
        self,
        event: Any = None,
        *,
        raw: bytes | None = None,
        request_id: str | None = None,
        deadline_ms: int | None = None,
        trace: str = "",
        client_context: str = "",
    ) -> Answer:
        """Run the handler once; raise EOFError where the process ends without an answer."""
        identity = request_id or str(uuid.uuid4())
        deadline = deadline_ms or int(time.time() * 1000) + 60_000
        parts = ARN.encode(), trace.encode(), client_context.encode()
        head = frames.INVOKE_HEAD.pack(identity.encode(), deadline, *map(len, parts))
        payload = json.dumps(event).encode() if raw is None else raw
        self.send(frames.INVOKE, b"".join((head, *parts, payload)))
        kind, body = self.receive()
        assert body[:36].decode() == identity
        assert kind in (frames.RESULT, frames.FAULT)
        return Answer(kind == frames.FAULT, body[36:])

    def events(self) -> list[str]:
        """The log events written since the last look, without their last line end."""
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
