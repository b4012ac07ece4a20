"""Starts runtimes other than Python: a locked-in process becomes the runtime's own program.

A managed runtime is anonymous: it is started before it is known which function it is for, and gets
the channel as its descriptor 0. A `provided` one gets its environment from the INIT frame and
speaks HTTP to the Runtime API; so does that of a container image, which is told there, too, what to
start and where.

Errors are in the words of AWS's own supervisor; those that are public are those of
https://github.com/aws/aws-lambda-runtime-interface-emulator.
"""

from __future__ import annotations

import json
import os

from . import frames, logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENTRY_POINTS = ("/var/task/bootstrap", "/opt/bootstrap")
"""Where a `provided` runtime's program may be."""
_INVALID_ENTRY_POINT = "Runtime.InvalidEntrypoint"
_INVALID_FOLDER = "Runtime.InvalidWorkingDir"


class Launcher:
    """Becomes a program.

    Args:
        arguments: the program's path and its arguments.
        environment: its variables; what INIT holds is added for a runtime that speaks HTTP.
        speaks_http: whether it is one.
        anonymous: whether it starts before it is known which function it is for.
        image: whether the function is a container image, and INIT says what to start and where.

    Attributes:
        anonymous: the same.
        image: the same.
    """

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        speaks_http: bool,
        anonymous: bool,
        image: bool,
    ) -> None:
        self.anonymous = anonymous
        self.image = image
        self._arguments = arguments
        self._environment = environment
        self._speaks_http = speaks_http

    def run(self, channel_fd: int, log_fd: int) -> int:
        """Become the program; return the exit status where it cannot be started."""
        try:
            program, arguments, environment = self._prepare(channel_fd, log_fd)
            _become(program, arguments, environment)
        except _NotStarted as error:
            described = {"errorMessage": error.reason, "errorType": error.kind}
            os.write(2, f"{error.reason}\n{error.kind}\n".encode("utf-8", "replace"))
            frames.Channel(channel_fd).send(frames.INIT_ERROR, json.dumps(described).encode())
        return 1

    def _prepare(self, channel_fd: int, log_fd: int) -> tuple[str, list[str], dict[str, str]]:
        """Say which program to become, with which arguments and variables."""
        environment, arguments = dict(self._environment), self._arguments
        if not self._speaks_http:
            logs.redirect(log_fd)
            os.dup2(channel_fd, 0)
            return arguments[0], arguments, environment
        told = _hear_init(channel_fd)
        environment.update(told["environment"])
        logs.redirect(log_fd)
        if self.image:
            _enter(told["folder"])
            arguments = told["arguments"]
            return _look_up(arguments, environment), arguments, environment
        os.chdir(environment["LAMBDA_TASK_ROOT"])
        for path in ENTRY_POINTS:
            if os.path.isfile(path):
                return path, [path], environment
        raise _not_found(ENTRY_POINTS)


class _NotStarted(Exception):
    """A program cannot be started.

    Args:
        kind: the error's type, AWS's.
        reason: its message, in AWS's words.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def _become(program: str, arguments: list[str], environment: dict[str, str]) -> None:
    try:
        os.execve(program, arguments, environment)  # noqa: S606 - there must be no shell
    except OSError as error:
        # The interpreter that its first line names may be what is missing.
        reason = f"fork/exec {program}: {(error.strerror or '').lower()}"
        raise _NotStarted(_INVALID_ENTRY_POINT, reason) from error


def _enter(folder: str) -> None:
    """Go to an image's working folder."""
    if not folder.startswith("/"):
        reason = f"the working directory '{folder}' is invalid, it needs to be an absolute path"
        raise _NotStarted(_INVALID_FOLDER, reason)
    try:
        os.chdir(folder)
    except OSError as error:
        reason = f"the working directory doesn't exist: {folder}"
        if not isinstance(error, FileNotFoundError):
            reason = f"chdir {folder}: {(error.strerror or '').lower()}"
        raise _NotStarted(_INVALID_FOLDER, reason) from error


def _look_up(arguments: list[str], environment: dict[str, str]) -> str:
    """Return the path of an image's program, which may be anywhere on its own PATH."""
    if not arguments:
        raise _not_found(())
    name = arguments[0]
    if "/" in name:
        return name
    for folder in environment.get("PATH", "").split(":"):
        path = f"{folder or '.'}/{name}"
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    reason = f'exec: "{name}": executable file not found in $PATH'
    raise _NotStarted(_INVALID_ENTRY_POINT, reason)


def _not_found(paths: tuple[str, ...]) -> _NotStarted:
    reason = f"Couldn't find valid bootstrap(s): [{' '.join(paths)}]"
    return _NotStarted(_INVALID_ENTRY_POINT, reason)


def _hear_init(channel_fd: int) -> dict[str, Any]:
    kind, body = frames.Channel(channel_fd).receive()
    if kind != frames.INIT:
        raise RuntimeError(f"the first frame must be INIT, not {kind}")
    told: dict[str, Any] = json.loads(body)
    return told
