"""What a workload would cost on AWS, as AWS's own calculator answers."""

from dataclasses import dataclass

from ingle.cost.usage import FREE_EPHEMERAL_MB, STANDING_STEP_MS, Usage, rounded_up


@dataclass(frozen=True, slots=True)
class Workload:
    """What a function is going to do in a month.

    Attributes:
        requests: how often it is invoked.
        memory_mb: its memory.
        duration_ms: how long an invocation takes.
        ephemeral_mb: the size of its `/tmp`.
        provisioned: how many invocations at a time provisioned concurrency is kept for; it
            serves all of them then.
        provisioned_ms: for how long it is kept.
    """

    requests: int
    memory_mb: int
    duration_ms: int
    ephemeral_mb: int = 512
    provisioned: int = 0
    provisioned_ms: int = 0


def usage_of(workload: Workload, rounding_ms: int) -> Usage:
    """Say what a workload uses."""
    total_ms = workload.requests * rounded_up(workload.duration_ms, rounding_ms)
    mb_ms = total_ms * workload.memory_mb
    ephemeral = total_ms * max(0, workload.ephemeral_mb - FREE_EPHEMERAL_MB)
    if not workload.provisioned:
        return Usage(workload.requests, mb_ms, ephemeral_mb_ms=ephemeral)
    kept_ms = rounded_up(workload.provisioned_ms, STANDING_STEP_MS)
    return Usage(
        provisioned_requests=workload.requests,
        provisioned_mb_ms=mb_ms,
        ephemeral_mb_ms=ephemeral,
        standing_mb_ms=workload.provisioned * workload.memory_mb * kept_ms,
    )
