"""The nouns of durable executions.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html and
https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ingle.invoke.durable.limits import MOST_DAYS

ErrorObject = Mapping[str, Any]
"""ErrorMessage, ErrorType, ErrorData and StackTrace, each of which may be missing."""


class OperationType(StrEnum):
    """What an operation is; https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html"""

    EXECUTION = "EXECUTION"
    CONTEXT = "CONTEXT"
    STEP = "STEP"
    WAIT = "WAIT"
    CALLBACK = "CALLBACK"
    CHAINED_INVOKE = "CHAINED_INVOKE"


class OperationStatus(StrEnum):
    """How far an operation is."""

    STARTED = "STARTED"
    PENDING = "PENDING"
    READY = "READY"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


class ExecutionStatus(StrEnum):
    """How far an execution is."""

    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


CLOSED = frozenset(
    {
        ExecutionStatus.SUCCEEDED,
        ExecutionStatus.FAILED,
        ExecutionStatus.TIMED_OUT,
        ExecutionStatus.STOPPED,
    }
)


@dataclass(slots=True)
class Operation:
    """One operation of an execution. Times are in milliseconds since the epoch.

    Attributes:
        id: the SDK's, unique in the execution.
        type: what it is; never EXECUTION, for which the execution itself stands.
        position: how many operations were started before it.
        started_ms: when it was started.
        status: how far it is.
        change: the execution's count of changes at its last one.
        parent_id: the context that it belongs to, or None for the execution itself.
        name: what the function calls it.
        sub_type: what the SDK calls it.
        ended_ms: when it came to its end.
        attempt: of a step: how often it was tried.
        due_ms: when its time has come: a step's next attempt, a wait's end, a callback's timeout,
            or the invocation of a function that is not durable.
        heartbeat_s: of a callback: how long it may be silent, or None for as long as it likes.
        heartbeat_ms: of a callback: when it has been silent for too long.
        callback_id: of a callback: what whoever completes it calls it.
        replay_children: of a context: whether its operations are part of the state all the same
            when it has succeeded.
        function: of a chained invocation: the function, as it was named.
        trace: of a chained invocation: the trace header that it goes on with.
        child_id: of a chained invocation: the execution that it started.
        refusals: of a chained invocation: how often in a row it could not be run.
        input: of a chained invocation: its payload.
        result: what it came to.
        error: what it failed of.
    """

    id: str
    type: OperationType
    position: int
    started_ms: int
    status: OperationStatus = OperationStatus.STARTED
    change: int = 0
    parent_id: str | None = None
    name: str | None = None
    sub_type: str | None = None
    ended_ms: int | None = None
    attempt: int = 0
    due_ms: int | None = None
    heartbeat_s: int | None = None
    heartbeat_ms: int | None = None
    callback_id: str | None = None
    replay_children: bool | None = None
    function: str | None = None
    trace: str | None = None
    child_id: str | None = None
    refusals: int = 0
    input: str | None = None
    result: str | None = None
    error: ErrorObject | None = None

    @property
    def is_plain_call(self) -> bool:
        """Whether it invokes a function that is not durable, which has not answered yet."""
        return (
            self.type is OperationType.CHAINED_INVOKE
            and self.status is OperationStatus.STARTED
            and self.child_id is None
        )

    @property
    def is_pending(self) -> bool:
        """Whether its end wakes the execution, which need not run until then."""
        if self.type is OperationType.STEP:
            return self.status is OperationStatus.PENDING
        waits = (OperationType.WAIT, OperationType.CALLBACK, OperationType.CHAINED_INVOKE)
        return self.type in waits and self.status is OperationStatus.STARTED


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that was asked for.

    Attributes:
        requested_ms: when.
        reason: why, or None.
        stops_timeout: whether the execution's timeout is paused, too.
        since_ms: since when the execution is paused, or None while it is not yet.
    """

    requested_ms: int
    reason: str | None
    stops_timeout: bool
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One entry of an execution's history.

    Attributes:
        number: from 1.
        type: AWS's name of it.
        at_ms: when it happened.
        operation_id: the operation that it is about, or None for the execution itself.
        details: AWS's details, times in milliseconds, without the payload that `source` names.
        source: where that payload is: "result" or "input" of the operation or the execution,
            "own" for `payload`, or "" for nowhere.
        payload: the payload, if no other place has it.
    """

    number: int
    type: str
    at_ms: int
    operation_id: str | None
    details: Mapping[str, Any]
    source: str = ""
    payload: str | None = None


@dataclass(slots=True, kw_only=True)
class Execution:
    """A durable execution. Times are in milliseconds since the epoch.

    Attributes:
        id: a UUID.
        account_id: whose it is.
        region: where it is.
        function: the function's name.
        version: the version that started it, and that all its invocations run.
        name: unique among the function's executions.
        started_ms: when it was started.
        input: the payload, JSON.
        is_event: whether nobody waits for its answer, which may be smaller then.
        trace: the trace header of its invocations.
        timeout_s: how long it may take.
        retention_days: how long it is kept when it is over.
        deadline_ms: when it has taken too long.
        parent_id: the execution that invoked it, or None.
        parent_operation_id: the operation with which it did.
        status: how far it is.
        ended_ms: when it came to its end.
        result: what it answered.
        error: what it failed of.
        ready_ms: since when an invocation is needed or runs, or the parent is to be told.
        retry_ms: when an invocation is tried again that failed or could not be run.
        failures: how often in a row an invocation failed.
        refusals: how often in a row an invocation could not be run.
        changes: counts the changes of operations.
        seen: the count up to which the function knows them.
        events: the number of its last event.
        written: what it has written so far, in bytes.
        pause: the pause that is asked for, or None.
        deferred: whether an invocation is needed when the pause ends.
        last_tokens: the client tokens with which it was last paused and resumed, and when.
        operations: by their ids, in the order in which they were started.
        kept: how many of them are on disk, which are the first ones.
        touched: the ids of operations that changed since it was last written.
        told: events since it was last written.
        children: executions that were started since it was last written.
    """

    id: str
    account_id: str
    region: str
    function: str
    version: str
    name: str
    started_ms: int
    input: str
    is_event: bool
    trace: str
    timeout_s: int
    retention_days: int
    deadline_ms: int
    parent_id: str | None = None
    parent_operation_id: str | None = None
    status: ExecutionStatus = ExecutionStatus.RUNNING
    ended_ms: int | None = None
    result: str | None = None
    error: ErrorObject | None = None
    ready_ms: int | None = None
    retry_ms: int | None = None
    failures: int = 0
    refusals: int = 0
    changes: int = 0
    seen: int = 0
    events: int = 0
    written: int = 0
    pause: Pause | None = None
    deferred: bool = False
    last_tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    kept: int = 0
    touched: set[str] = field(default_factory=set)
    told: list[HistoryEvent] = field(default_factory=list)
    children: list["Execution"] = field(default_factory=list)

    @property
    def function_key(self) -> tuple[str, str, str]:
        """Account, region and name of the function."""
        return self.account_id, self.region, self.function

    @property
    def function_arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.function}"

    @property
    def arn(self) -> str:
        """The execution's ARN, which extends that of the version."""
        return f"{self.function_arn}:{self.version}/durable-execution/{self.name}/{self.id}"

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.status in CLOSED

    @property
    def is_paused(self) -> bool:
        """Whether no invocation may be started now."""
        return self.pause is not None

    @property
    def has_news(self) -> bool:
        """Whether operations changed that the function does not know of."""
        return self.changes > self.seen

    @property
    def latest_ms(self) -> int:
        """When it has taken too long, however long it was paused."""
        return self.started_ms + MOST_DAYS * 86_400_000

    @property
    def times_out_ms(self) -> int:
        """When it will have taken too long, as things are."""
        pause = self.pause
        if pause is not None and pause.stops_timeout and pause.since_ms is not None:
            return self.latest_ms
        return self.deadline_ms

    @property
    def expires_ms(self) -> int | None:
        """When it is forgotten, or None as long as it is not over."""
        if self.ended_ms is None:
            return None
        return self.ended_ms + self.retention_days * 86_400_000

    def touch(self, operation: Operation) -> None:
        """Note that an operation has changed."""
        self.changes += 1
        operation.change = self.changes
        self.touched.add(operation.id)
