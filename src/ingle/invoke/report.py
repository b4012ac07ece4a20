"""The platform's own log lines, as text, and the errors it gives in a function's stead.

The module is what a `Lines` is; `json_lines.py` has the other.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html and, for rounding and
what is billed, https://aws.amazon.com/lambda/pricing/
"""

import math
import os
import signal
import time
from dataclasses import dataclass

import orjson

from ingle.invoke.tracing import Segment

_MB = 1024 * 1024
_GO_SIGNALS = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGILL: "illegal instruction",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGSYS: "bad system call",
    signal.SIGTERM: "terminated",
}
"""Signals in the words of AWS's own supervisor."""


def init_start(version: str) -> str:
    """The line that opens a new sandbox's stream; none where the runtime has no known version."""
    if not version:
        return ""
    return f"INIT_START Runtime Version: {version}\n"


def init_report(seconds: float, status: str, error_type: str) -> str:
    """The line that tells of an initialisation that failed."""
    kind = f"\tError Type: {error_type}" if error_type else ""
    return (
        f"INIT_REPORT Init Duration: {seconds * 1000:.2f} ms\tPhase: init\tStatus: {status}{kind}\n"
    )


def init_done(_seconds: float) -> str:
    """No line tells of an initialisation that came out well: the first REPORT does."""
    return ""


def snapshot_report(seconds: float) -> str:
    """The line that ends the initialisation of a snapshot."""
    return f"INIT_REPORT Init Duration: {seconds * 1000:.2f} ms\n"


def restore_start(version: str) -> str:
    """The line that opens the stream of a sandbox that comes from a snapshot."""
    return f"RESTORE_START Runtime Version: {version}\n"


def restore_report(seconds: float, status: str = "", error_type: str = "") -> str:
    """The line that ends a restore.

    Args:
        seconds: what it took.
        status: "", "timeout" or "error".
        error_type: with "error".
    """
    text = f"RESTORE_REPORT Restore Duration: {seconds * 1000:.2f} ms"
    if status:
        text += f"\tStatus: {status}"
    if error_type:
        text += f"\tError Type: {error_type}"
    return text + "\n"


@dataclass(frozen=True, slots=True)
class Bill:
    """What one invocation took.

    Attributes:
        request_id: whose it is.
        duration_s: the time from handing over the event to the answer.
        init_s: the time that loading the handler took, for a cold start; else None.
        memory_mb: the memory that was configured.
        peak_bytes: the most that was used; 0 where it is not measured.
        status: "", "timeout" or "error".
        error_type: with "error".
        restore_s: the time that the restore took, for a start from a snapshot; else None.
        segment: what it is in its trace; None where it is not traced.
    """

    request_id: str
    duration_s: float
    init_s: float | None
    memory_mb: int
    peak_bytes: int
    status: str = ""
    error_type: str = ""
    restore_s: float | None = None
    segment: Segment | None = None

    @property
    def billed_ms(self) -> int:
        """Milliseconds that are charged: start and invocation, rounded up."""
        start_s = (self.init_s or 0.0) + (self.restore_s or 0.0)
        return max(1, math.ceil((self.duration_s + start_s) * 1000))

    @property
    def peak_mb(self) -> int:
        """The most memory that was used, in MB, rounded up."""
        return min(self.memory_mb, -(-self.peak_bytes // _MB))

    def line(self) -> str:
        """The REPORT line."""
        text = (
            f"REPORT RequestId: {self.request_id}\tDuration: {self.duration_s * 1000:.2f} ms\t"
            f"Billed Duration: {self.billed_ms} ms\tMemory Size: {self.memory_mb} MB\t"
            f"Max Memory Used: {self.peak_mb} MB"
        )
        if self.init_s is not None:
            text += f"\tInit Duration: {self.init_s * 1000:.2f} ms"
        if self.restore_s is not None:
            restore_ms = self.restore_s * 1000
            text += (
                f"\tRestore Duration: {restore_ms:.2f} ms\t"
                f"Billed Restore Duration: {math.ceil(restore_ms)} ms"
            )
        if self.status:
            text += f"\tStatus: {self.status}"
        if self.error_type:
            text += f"\tError Type: {self.error_type}"
        text += "\t\n"
        if self.segment is not None:
            text += (
                f"XRAY TraceId: {self.segment.trace_id}\tSegmentId: {self.segment.segment_id}\t"
                "Sampled: true\t\n"
            )
        return text


def start(request_id: str, version: str) -> str:
    """The line that opens an invocation."""
    return f"START RequestId: {request_id} Version: {version}\n"


def finish(bill: Bill) -> tuple[str, ...]:
    """The lines that end an invocation."""
    return f"END RequestId: {bill.request_id}\n", bill.line()


def fault(event: str) -> str:
    """What tells of an invocation that the platform ended: its event as it is."""
    return event


def timed_out(request_id: str, limit_s: float, now: float) -> tuple[str, bytes]:
    """The log event and the answer of an invocation that took too long."""
    text = f"Task timed out after {limit_s:.2f} seconds"
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    event = f"{moment}.{int(now * 1000) % 1000:03d}Z {request_id} {text}\n\n"
    message = f"RequestId: {request_id} Error: {text}"
    return event, orjson.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message})


def failed(request_id: str, kind: str, how: str) -> tuple[str, bytes]:
    """The log event and the answer of an invocation that could not be finished."""
    message = f"RequestId: {request_id} Error: {how}"
    return f"{message}\n{kind}\n", orjson.dumps({"errorType": kind, "errorMessage": message})


def exit_type(out_of_memory: bool) -> str:
    """The error type of a process that ended by itself or by the kernel."""
    return "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"


def exited(request_id: str, status: int, out_of_memory: bool) -> tuple[str, str, bytes]:
    """The error type, log event and answer of an invocation whose process ended."""
    kind = exit_type(out_of_memory)
    if out_of_memory:
        how = "Runtime exited with error: signal: killed"
    elif os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        words = next((w for s, w in _GO_SIGNALS.items() if s == number), str(number))
        how = f"Runtime exited with error: signal: {words}"
    elif os.WEXITSTATUS(status) == 0:
        how = "Runtime exited without providing a reason"
    else:
        how = f"Runtime exited with error: exit status {os.WEXITSTATUS(status)}"
    return kind, *failed(request_id, kind, how)
