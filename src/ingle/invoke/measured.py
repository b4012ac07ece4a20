"""What is known of an invocation once it is over, for whoever counts, bills or traces.

An invocation leaves one `Measured` (or, where it was refused for its concurrency, one `Throttled`)
with each `InvocationListener`. Making it costs the invocation's path about a microsecond, because
most of it is read from what there is anyway when a listener asks for it.
"""

import platform
from typing import NamedTuple, Protocol

from ingle.invoke.report import Bill
from ingle.pool.spec import FunctionSpec

ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
"""What functions run on: this machine's, as AWS calls it."""
_ARN_PARTS = 7
"""Of the ARN of a function without a qualifier."""


class Measured(NamedTuple):
    """One invocation that ran, and how that came out.

    Attributes:
        spec: the version that ran; never changed, so it may be kept.
        bill: what it took, as its REPORT line says.
        invoked_arn: the function's ARN, with the qualifier that was asked for, if there was one.
        started: when the event was handed to the function, in seconds since the epoch.
        queue_s: the time that it waited for a sandbox, without what starting one took.
        provisioned: whether a sandbox of provisioned concurrency ran it.
        spilled: whether its version has provisioned concurrency, of which all was in use.
        error: "" where it came out well; else `Unhandled` (the handler failed), `Timeout`, or
            the type that its REPORT line has, such as `Runtime.ExitError`.
        trace: its trace header, or "".
        concurrency: how many invocations of the function were running when it began, with itself.
        post_s: the time that extensions took after the answer; None without extensions.
    """

    spec: FunctionSpec
    bill: Bill
    invoked_arn: str
    started: float
    queue_s: float
    provisioned: bool
    spilled: bool
    error: str
    trace: str
    concurrency: int
    post_s: float | None = None

    @property
    def account_id(self) -> str:
        """Whose the function is."""
        return self.spec.account_id

    @property
    def region(self) -> str:
        """Where it is."""
        return self.spec.region

    @property
    def function(self) -> str:
        """Its name."""
        return self.spec.name

    @property
    def version(self) -> str:
        """The version that ran: `$LATEST` or a number."""
        return self.spec.version

    @property
    def qualifier(self) -> str:
        """The version or alias that was asked for; "" where none was."""
        return qualifier_of(self.invoked_arn)

    @property
    def request_id(self) -> str:
        """The invocation's id."""
        return self.bill.request_id

    @property
    def ended(self) -> float:
        """When it was over, in seconds since the epoch."""
        return self.started + self.bill.duration_s

    @property
    def duration_ms(self) -> float:
        """The time from handing over the event to the end, without a cold start."""
        return self.bill.duration_s * 1000

    @property
    def billed_ms(self) -> int:
        """What is charged."""
        return self.bill.billed_ms

    @property
    def init_ms(self) -> float | None:
        """What loading the handler took; None where that was done before, or by a restore."""
        return None if self.bill.init_s is None else self.bill.init_s * 1000

    @property
    def restore_ms(self) -> float | None:
        """What restoring a snapshot took; None without one."""
        return None if self.bill.restore_s is None else self.bill.restore_s * 1000

    @property
    def memory_mb(self) -> int:
        """The memory that is configured."""
        return self.spec.memory_mb

    @property
    def peak_mb(self) -> int:
        """The most of it that was used; 0 where that is not measured."""
        return self.bill.peak_mb

    @property
    def ephemeral_mb(self) -> int:
        """The size of `/tmp`."""
        return self.spec.ephemeral_mb

    @property
    def architecture(self) -> str:
        """`x86_64` or `arm64`: this machine's."""
        return ARCHITECTURE


class Throttled(NamedTuple):
    """One invocation that was refused, because the concurrency or the memory was used up.

    Attributes:
        spec: the version that would have run.
        invoked_arn: as of a `Measured`.
        at: when that was, in seconds since the epoch.
        reason: AWS's reason, for instance `ReservedFunctionConcurrentInvocationLimitExceeded`.
        request_id: the invocation's id.
        trace: its trace header, or "".
    """

    spec: FunctionSpec
    invoked_arn: str
    at: float
    reason: str
    request_id: str
    trace: str


class InvocationListener(Protocol):
    """What is told of every invocation."""

    def measured(self, record: Measured | Throttled) -> None:
        """Take note of an invocation.

        It is called on the invocation's path: it returns at once, raises nothing, and only
        appends to memory.
        """
        ...


def qualifier_of(arn: str) -> str:
    """Return the qualifier at the end of a function's ARN, or ""."""
    parts = arn.split(":", _ARN_PARTS)
    return parts[_ARN_PARTS] if len(parts) > _ARN_PARTS else ""
