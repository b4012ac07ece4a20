"""Trace headers of X-Ray: which invocations are traced, and under which segment.

A function with `Active` tracing is traced where its caller decided so and, where no caller decided,
for one invocation a second and one in twenty of the others. With `PassThrough` only callers decide.
The segment of an invocation is the `Parent` that its function sees.
Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html and
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader.
"""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ingle.clock import Clock
from ingle.invoke import lineage

ACTIVE = "Active"
_SHARE = 0.05
_CALLERS = 20_000
"""More than there are between two times that traces are written."""
SAMPLED = "Sampled=1"
_NOT_SAMPLED = "Sampled=0"
_DECISIONS = frozenset({"sampled=1", "sampled=0"})
_ROOT, _PARENT, _DECISION = "root=", "parent=", "sampled="


@dataclass(frozen=True, slots=True)
class Segment:
    """What an invocation that is traced is in its trace.

    Attributes:
        trace_id: the trace's, for instance `1-5759e988-bd862e3fe1be46a994272793`.
        segment_id: its own, sixteen hexadecimal digits.
        header: the trace header that the function gets.
    """

    trace_id: str
    segment_id: str
    header: str


class Tracer:
    """Makes trace headers.

    Args:
        clock: the time of day.
        draw: gives a number from 0 (included) to 1 (excluded).
    """

    def __init__(self, clock: Clock, draw: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._draw = draw
        self._second = 0
        # The functions that had the one invocation of this second.
        self._had: set[str] = set()
        # The segments of callers, by those of the latest invocations.
        self._callers: dict[str, str] = {}

    def header(self, sent: str, function_arn: str, request_id: str, tracing: str) -> str:
        """Make the header that a function gets of the one that its caller sent.

        Args:
            sent: the caller's, or "".
            function_arn: the function's ARN, without a qualifier.
            request_id: the invocation's, a UUID; a new trace is named after it.
            tracing: the function's mode.
        """
        trace = lineage.continued(sent, function_arn, request_id, self._clock.time())
        if not sent:
            if tracing != ACTIVE or not self._sample(function_arn):
                return trace
            return trace.replace(_NOT_SAMPLED, SAMPLED, 1)
        fields = trace.split(";")
        decision = _decision(fields)
        if decision is None and tracing == ACTIVE:
            decision = self._sample(function_arn)
            fields = [each for each in fields if not _is(each, _DECISION)]
            fields.insert(1, SAMPLED if decision else _NOT_SAMPLED)
        if not decision:
            return ";".join(fields)
        own, caller = secrets.token_hex(8), _value(fields, _PARENT)
        if caller:
            self._note(own, caller)
        fields = [each for each in fields if not _is(each, _PARENT)]
        fields.insert(1, f"Parent={own}")
        return ";".join(fields)

    def caller(self, segment_id: str) -> str:
        """Tell under which segment an invocation's is; "" where nobody called with one."""
        return self._callers.get(segment_id, "")

    def _note(self, segment_id: str, caller: str) -> None:
        self._callers[segment_id] = caller
        if len(self._callers) > _CALLERS:
            del self._callers[next(iter(self._callers))]

    def decided(self, sent: str, function_arn: str, request_id: str, tracing: str) -> str:
        """Decide whether an event is traced, which may run several times; "" where nobody does.

        Args:
            sent: as for `header`, and so the others.
        """
        if tracing != ACTIVE or _decision(sent.split(";")) is not None:
            return sent
        decision = SAMPLED if self._sample(function_arn) else _NOT_SAMPLED
        kept = [each for each in sent.split(";") if each and not _is(each, _DECISION)]
        if not any(_is(each, _ROOT) for each in kept):
            kept.insert(0, lineage.new_root(request_id, self._clock.time()))
        return ";".join([*kept, decision])

    def _sample(self, function_arn: str) -> bool:
        second = int(self._clock.time())
        if second != self._second:
            self._second = second
            self._had.clear()
        if function_arn not in self._had:
            self._had.add(function_arn)
            return True
        return self._draw() < _SHARE


def segment_of(header: str) -> Segment | None:
    """Return what an invocation with this header is in its trace; None where it is not traced."""
    if SAMPLED not in header:
        return None
    fields = header.split(";")
    if not _decision(fields):
        return None
    return Segment(_value(fields, _ROOT), _value(fields, _PARENT), header)


def _decision(fields: list[str]) -> bool | None:
    for each in fields:
        field = each.strip().lower()
        if field in _DECISIONS:
            return field == "sampled=1"
    return None


def _value(fields: list[str], name: str) -> str:
    return next((each.strip()[len(name) :] for each in fields if _is(each, name)), "")


def _is(field: str, name: str) -> bool:
    return field.strip()[: len(name)].lower() == name
