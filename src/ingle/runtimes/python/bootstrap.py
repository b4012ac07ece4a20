"""The life of a sandbox after it was locked in: load the handler, then serve invocations.

That of a snapshot ends with the first part; its forks begin with the second.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import site
import sys
import time

from . import carry, frames, handler, hooks, lock, logs, snapshot
from .context import LambdaContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_RESPONSE = 6291556
"""Bytes of an answer; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
BEFORE_SNAPSHOT_STATUS, AFTER_RESTORE_STATUS = 64, 65
"""What AWS's runtime exits with when a hook failed."""
WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
"""https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper"""
WRAPPED = "/var/runtime/bootstrap.py"
"""Where sandboxes see `wrapped.py`, which the wrapper is to start."""
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
"""What AWS's runtime exits with, as shells do."""


class Runtime:
    """Loads a handler and serves its invocations.

    It is made in the zygote, before any sandbox is, and rehearses there: what is made once is
    shared by all sandboxes, and costs none of them time or memory.

    Args:
        rehearsed: whether to rehearse; not in a process that has the function's variables already.
    """

    def __init__(self, *, rehearsed: bool = True) -> None:
        logs.open_streams()
        self._sink = logs.LogSink(2)
        self._request_id = logs.set_up_logging(self._sink)
        self._error_text: Callable[..., str] = handler.log_text
        if not hasattr(builtins, "exit"):
            site.setquit()
        sys.argv = [""]
        if rehearsed:
            self._rehearse()

    def _rehearse(self) -> None:
        name = __package__ + ".rehearsal"
        head = frames.INVOKE_HEAD.pack(b"0" * 36, 0, 0, 0, 0, 0)
        function = handler.find_handler(name + ".handler")
        self._invoke(function, head + b'{"key": ["value", 1, 1.5, null]}')
        flush()
        del sys.modules[name]
        os.environ.clear()

    def run(self, channel_fd: int, log_fd: int) -> int:
        """Serve one function until the server closes the channel; return the exit status."""
        channel, settings = self._begin(channel_fd, log_fd)
        if WRAPPER in settings["environment"]:
            return _wrap(channel_fd, settings["environment"])
        return self._run(channel, settings["environment"], settings["handler"])

    def run_wrapped(self, channel_fd: int) -> int:
        """Do so in the process that a wrapper script has started."""
        channel = frames.Channel(channel_fd)
        environment = dict(os.environ)
        return self._run(channel, environment, environment["_HANDLER"])

    def _run(self, channel: frames.Channel, environment: dict[str, str], name: str) -> int:
        _enter(environment)
        self._error_text = logs.configure(environment, handler.log_text)
        gc.enable()  # what the zygote froze stays frozen, and so shared
        try:
            function = handler.find_handler(name)
        except Exception as error:
            return self._fail(channel, error, 1)
        return self._serve(channel, function)

    def run_snapshot(self, channel_fd: int, log_fd: int, forker: snapshot.Forker) -> int:
        """Initialise one function and fork its sandboxes; return the exit status.

        It returns in every fork, too.
        """
        channel, settings = self._begin(channel_fd, log_fd)
        _enter(settings["environment"])
        self._error_text = logs.configure(settings["environment"], handler.log_text)
        gc.enable()
        try:
            function = handler.find_handler(settings["handler"])
        except Exception as error:
            return self._fail(channel, error, 1)
        try:
            hooks.before_snapshot()
            snapshot.check_alone()
        except snapshot.Unsafe as error:
            fault = handler.Fault("Runtime.SnapshotUnsafe", str(error))
            return self._fail(channel, fault, BEFORE_SNAPSHOT_STATUS)
        except Exception as error:
            return self._fail(channel, error, BEFORE_SNAPSHOT_STATUS)
        snapshot.hang_up()
        gc.collect()
        loops = carry.event_loops()
        gc.freeze()
        lock.trim_heap()
        flush()
        channel.send(frames.READY)
        fork = forker.serve()
        if fork is None:
            return 0
        for fd in (channel_fd, log_fd):
            os.close(fd)
        for loop in loops:
            carry.renew(loop)
        channel, settings = self._begin(*fork)
        try:
            _restore(settings["environment"])
            hooks.after_restore()
        except Exception as error:
            return self._fail(channel, error, AFTER_RESTORE_STATUS)
        return self._serve(channel, function)

    def _begin(self, channel_fd: int, log_fd: int) -> tuple[frames.Channel, dict[str, Any]]:
        """Await what is to be run."""
        channel = frames.Channel(channel_fd)
        logs.redirect(log_fd)
        self._sink.fd = log_fd
        kind, body = channel.receive()
        if kind != frames.INIT:
            raise RuntimeError(f"the first frame must be INIT, not {kind}")
        return channel, json.loads(body)

    def _fail(self, channel: frames.Channel, error: Exception, status: int) -> int:
        described = handler.describe(error)
        self._sink.log(self._error_text(described, self._request_id))
        flush()
        channel.send(frames.INIT_ERROR, _encode(described))
        return status

    def _serve(self, channel: frames.Channel, function: Callable[[Any, Any], Any]) -> int:
        flush()
        channel.send(frames.READY)
        while True:
            kind, body = channel.receive()
            if kind != frames.INVOKE:
                raise RuntimeError(f"an INVOKE frame was expected, not {kind}")
            kind, answer, identity = self._invoke(function, body)
            flush()
            channel.send(kind, identity + answer)

    def _invoke(self, function: Callable[[Any, Any], Any], body: bytes) -> tuple[int, bytes, bytes]:
        identity, deadline_ms, arn_length, trace_length, context_length, tenant_length = (
            frames.INVOKE_HEAD.unpack_from(body)
        )
        start = frames.INVOKE_HEAD.size
        arn_end = start + arn_length
        trace_end = arn_end + trace_length
        context_end = trace_end + context_length
        tenant_end = context_end + tenant_length
        request_id = identity.decode("ascii")
        self._request_id.request_id = request_id
        tenant_id = body[context_end:tenant_end].decode("ascii") if tenant_length else None
        self._request_id.tenant_id = tenant_id
        os.environ["_X_AMZN_TRACE_ID"] = body[arn_end:trace_end].decode("ascii", "replace")
        try:
            try:
                context = LambdaContext(
                    request_id,
                    deadline_ms,
                    body[start:arn_end].decode("utf-8"),
                    body[trace_end:context_end].decode("utf-8"),
                    tenant_id,
                )
            except ValueError as error:
                raise handler.Fault(
                    "Runtime.LambdaContextUnmarshalError",
                    f"Unable to parse Client Context JSON: {error}",
                ) from error
            answer = handler.dump_answer(function(handler.load_event(body[tenant_end:]), context))
            if len(answer) > MAX_RESPONSE:
                return (
                    frames.FAULT,
                    _encode(
                        {
                            "errorMessage": "Response payload size exceeded maximum allowed "
                            f"payload size ({MAX_RESPONSE} bytes).",
                            "errorType": "Function.ResponseSizeTooLarge",
                        }
                    ),
                    identity,
                )
            return frames.RESULT, answer, identity
        except Exception as error:
            described = handler.describe(error, request_id)
            self._sink.log(self._error_text(described, self._request_id))
            return frames.FAULT, _encode(described), identity


def _wrap(channel_fd: int, environment: dict[str, str]) -> int:
    """Become the function's wrapper script, which starts Python anew; return why it cannot be."""
    wrapper = environment[WRAPPER]
    if not os.path.isfile(wrapper):
        sys.stderr.write(f"{wrapper}: does not exist\n")
        return _NOT_FOUND
    if not os.access(wrapper, os.X_OK):
        sys.stderr.write(f"{wrapper}: is not an executable\n")
        return _NOT_EXECUTABLE
    os.chdir(environment["LAMBDA_TASK_ROOT"])
    os.dup2(channel_fd, 0)
    try:
        os.execve(wrapper, [wrapper, sys.executable, WRAPPED], environment)  # noqa: S606 - no shell
    except OSError as error:
        sys.stderr.write(f"{wrapper}: {error.strerror}\n")
        return _NOT_EXECUTABLE


def _enter(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    time.tzset()
    root = environment["LAMBDA_TASK_ROOT"]
    os.chdir(root)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for entry in ("/opt/python", f"/opt/python/lib/{version}/site-packages", root):
        sys.path.insert(0, entry)
    extra = environment.get("PYTHONPATH", "")
    for entry in reversed([e for e in extra.split(":") if e and e not in sys.path]):
        sys.path.insert(1, entry)


def _restore(environment: dict[str, str]) -> None:
    """Become one sandbox of many that were forked: with its own variables and randomness."""
    os.environ.update(environment)
    time.tzset()
    # The generators of `random` are seeded anew by every fork; these are not.
    ssl = sys.modules.get("_ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(32), 32.0)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def exit_status(code: object) -> int:
    """Return what a process exits with for the code of a SystemExit, as Python does."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def _encode(described: dict[str, Any]) -> bytes:
    return json.dumps(described).encode("ascii")


def flush() -> None:
    """Write out what the function printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, ValueError, OSError):
            continue  # the function replaced or closed it
