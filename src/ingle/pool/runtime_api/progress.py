"""How an invocation goes: what telemetry tells of it when the runtime is done."""

from typing import Any

from ingle.clock import Clock
from ingle.pool.runtime_api import records
from ingle.pool.runtime_api.invocation import Invocation


class Progress:
    """Times one invocation.

    Attributes:
        invocation: which it is.
        size: bytes of its answer so far.
        runtime_done: whether the runtime is done with it.
    """

    __slots__ = (
        "_answered",
        "_began",
        "_clock",
        "_offset",
        "_start",
        "invocation",
        "runtime_done",
        "size",
    )

    def __init__(self, clock: Clock, invocation: Invocation) -> None:
        self.invocation = invocation
        self.size = 0
        self.runtime_done = False
        self._clock = clock
        self._start = clock.monotonic()
        self._offset = clock.time() - self._start
        self._began: float | None = None
        self._answered: float | None = None

    def answer_began(self) -> None:
        """The first byte of the answer came."""
        if self._began is None:
            self._began = self._clock.monotonic()

    def answered(self) -> None:
        """The answer is complete."""
        self.answer_began()
        self._answered = self._clock.monotonic()

    def done(self, status: str, error_type: str) -> dict[str, Any]:
        """Return the record of `platform.runtimeDone`.

        An error that a handler raised is a success of the runtime, which told of it: see
        https://github.com/aws-samples/aws-lambda-extensions/issues/85.
        """
        self.runtime_done = True
        now = self._clock.monotonic()
        record: dict[str, Any] = {
            "requestId": self.invocation.request_id,
            "status": status,
            "metrics": {
                "durationMs": records.milliseconds(now - self._start),
                "producedBytes": self.size,
            },
        }
        if error_type:
            record["errorType"] = error_type
        tracing = self.invocation.trace_context()
        if tracing is not None:
            record["tracing"] = tracing
        spans = []
        if self._began is not None:
            spans.append(self._span("responseLatency", self._start, self._began))
            end = now if self._answered is None else self._answered
            spans.append(self._span("responseDuration", self._began, end))
            spans.append(self._span("runtimeOverhead", end, now))
        if spans:
            record["spans"] = spans
        return record

    def _span(self, name: str, start: float, end: float) -> dict[str, Any]:
        return records.span(name, self._offset + start, end - start)
