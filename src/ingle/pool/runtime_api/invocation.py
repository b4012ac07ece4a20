"""One invocation, as the APIs hand it out."""

import re
from dataclasses import dataclass

from ingle.runtimes.python import frames

_SEGMENT = re.compile(r"(?:^|;)\s*Parent=([^;]+)")


def tracing(trace_id: str) -> dict[str, str]:
    """Return an X-Ray trace header as extensions have it."""
    return {"type": "X-Amzn-Trace-Id", "value": trace_id}


def trace_context(trace_id: str) -> dict[str, str]:
    """Return it as telemetry and logs in JSON have it: with its segment, if it is traced."""
    segment = _SEGMENT.search(trace_id) if "Sampled=1" in trace_id else None
    told = tracing(trace_id)
    return told if segment is None else {"spanId": segment[1], **told}


@dataclass(frozen=True, slots=True)
class Invocation:
    """What an INVOKE frame says.

    Attributes:
        request_id: the invocation's id.
        deadline_ms: when it times out, in milliseconds since the epoch.
        arn: the ARN that was invoked.
        trace_id: the X-Ray trace header, or "".
        client_context: JSON, or "".
        tenant_id: the tenant that it is for, or "".
        event: the payload.
    """

    request_id: str
    deadline_ms: int
    arn: str
    trace_id: str
    client_context: str
    tenant_id: str
    event: bytes

    @classmethod
    def parse(cls, body: bytes) -> "Invocation":
        """Read the body of an INVOKE frame."""
        identity, deadline_ms, arn_length, trace_length, context_length, tenant_length = (
            frames.INVOKE_HEAD.unpack_from(body)
        )
        start = frames.INVOKE_HEAD.size
        arn_end = start + arn_length
        trace_end = arn_end + trace_length
        context_end = trace_end + context_length
        tenant_end = context_end + tenant_length
        return cls(
            identity.decode("ascii"),
            deadline_ms,
            body[start:arn_end].decode(),
            body[arn_end:trace_end].decode(),
            body[trace_end:context_end].decode(),
            body[context_end:tenant_end].decode("ascii"),
            body[tenant_end:],
        )

    def tracing(self) -> dict[str, str] | None:
        """Return the trace as extensions have it, or None without one."""
        return tracing(self.trace_id) if self.trace_id else None

    def trace_context(self) -> dict[str, str] | None:
        """Return the trace as telemetry has it, or None without one."""
        return trace_context(self.trace_id) if self.trace_id else None
