"""Starts runtimes other than Python: a locked-in process becomes the runtime's own program.

A managed runtime is anonymous: it is started before it is known which function it is for, and gets
the channel as its descriptor 0. A `provided` one gets its environment from the INIT frame and
speaks HTTP to the Runtime API.
"""

from __future__ import annotations

import json
import os

from . import frames, logs

ENTRY_POINTS = ("/var/task/bootstrap", "/opt/bootstrap")
"""Where a `provided` runtime's program may be."""


class Launcher:
    """Becomes a program.

    Args:
        arguments: the program's path and its arguments.
        environment: its variables; what INIT holds is added for a runtime that speaks HTTP.
        speaks_http: whether it is one.
        anonymous: whether it starts before it is known which function it is for.
    """

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        speaks_http: bool,
        anonymous: bool,
    ) -> None:
        self.anonymous = anonymous
        self._arguments = arguments
        self._environment = environment
        self._speaks_http = speaks_http

    def run(self, channel_fd: int, log_fd: int) -> int:
        """Become the program; raise OSError where it cannot be started."""
        environment = dict(self._environment)
        arguments = self._arguments
        found = not self._speaks_http
        if self._speaks_http:
            environment.update(_hear_environment(channel_fd))
            os.chdir(environment["LAMBDA_TASK_ROOT"])
            bootstraps = [path for path in ENTRY_POINTS if os.path.isfile(path)]
            arguments = bootstraps[:1] or arguments
            found = bool(bootstraps)
        logs.redirect(log_fd)
        if not self._speaks_http:
            os.dup2(channel_fd, 0)
        try:
            os.execve(arguments[0], arguments, environment)  # noqa: S606 - there must be no shell
        except OSError as error:
            # The interpreter that its first line names may be what is missing.
            what = f"fork/exec {arguments[0]}: {(error.strerror or '').lower()}"
            if not found:
                what = f"Couldn't find valid bootstrap(s): [{' '.join(ENTRY_POINTS)}]"
        described = {"errorMessage": what, "errorType": "Runtime.InvalidEntrypoint"}
        os.write(2, f"{what}\nRuntime.InvalidEntrypoint\n".encode())
        frames.Channel(channel_fd).send(frames.INIT_ERROR, json.dumps(described).encode())
        return 1


def _hear_environment(channel_fd: int) -> dict[str, str]:
    kind, body = frames.Channel(channel_fd).receive()
    if kind != frames.INIT:
        raise RuntimeError(f"the first frame must be INIT, not {kind}")
    environment: dict[str, str] = json.loads(body)["environment"]
    return environment
