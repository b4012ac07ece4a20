"""Starts runtimes other than Python: a locked-in process becomes the runtime's own program.

A managed runtime is anonymous: it is started before it is known which function it is for, and gets
the channel as its descriptor 0. A `provided` one gets its environment from the INIT frame and
speaks HTTP to the Runtime API, whose listening socket is bound here, inside the sandbox's network,
and handed to the server, so that nobody else can reach it.
"""

from __future__ import annotations

import _socket
import json
import os

from . import frames, logs

API_ADDRESS = ("127.0.0.1", 9001)
ENTRY_POINTS = ("/var/task/bootstrap", "/opt/bootstrap")
"""Where a `provided` runtime's program may be."""
_BACKLOG = 16


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
        if self._speaks_http:
            environment.update(self._listen(channel_fd))
            os.chdir(environment["LAMBDA_TASK_ROOT"])
            found = [path for path in ENTRY_POINTS if os.path.isfile(path)]
            arguments = found[:1] or arguments
        logs.redirect(log_fd)
        if not self._speaks_http:
            os.dup2(channel_fd, 0)
        try:
            os.execve(arguments[0], arguments, environment)  # noqa: S606 - there must be no shell
        except FileNotFoundError:
            what = "Couldn't find valid bootstrap(s): [%s]" % " ".join(ENTRY_POINTS)  # noqa: UP031
        except OSError as error:
            what = f"fork/exec {arguments[0]}: {(error.strerror or '').lower()}"
        described = {"errorMessage": what, "errorType": "Runtime.InvalidEntrypoint"}
        os.write(2, f"{what}\nRuntime.InvalidEntrypoint\n".encode())
        frames.Channel(channel_fd).send(frames.INIT_ERROR, json.dumps(described).encode())
        return 1

    def _listen(self, channel_fd: int) -> dict[str, str]:
        listening = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        listening.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        listening.bind(API_ADDRESS)
        listening.listen(_BACKLOG)
        channel = frames.Channel(channel_fd)
        kind, body = channel.receive()
        if kind != frames.INIT:
            raise RuntimeError(f"the first frame must be INIT, not {kind}")
        channel.send_descriptor(frames.LISTENING, listening.fileno())
        listening.close()
        environment: dict[str, str] = json.loads(body)["environment"]
        environment["AWS_LAMBDA_RUNTIME_API"] = "%s:%d" % API_ADDRESS  # noqa: UP031
        return environment
