"""How often a chain of requests has come through each function: what tells of endless loops.

Each invocation gets a trace header whose field `Lineage` counts, and the AWS SDKs in functions send
it on with every call. It reads `<hops>:<function>:<count>`, with a comma before each further
function: how many invocations the chain has, and for each function, named by eight hexadecimal
digits, how often it was invoked again.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html, and headers that
functions on AWS got.
"""

import functools
import hashlib
import re

LOOPS = 16
"""Invocations of one function in one chain; the next is stopped."""
_FUNCTIONS = 32
"""Functions that one header tells of; the earliest are forgotten first."""
_LINEAGE = re.compile(r"(\d{1,9}):([0-9a-f]{8}:\d{1,9}(?:,[0-9a-f]{8}:\d{1,9})*)")
_FIELD = "lineage="
_ROOT = "Root=1-{:08x}-{}"


@functools.lru_cache(maxsize=4096)
def digest(function_arn: str) -> str:
    """Name a function in a lineage."""
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]


def loops(trace: str, function_arn: str) -> int:
    """Count the invocations of a function in the chain that a trace header tells of."""
    _, counts = _lineage(trace)
    count = counts.get(digest(function_arn))
    return 0 if count is None else count + 1


def continued(trace: str, function_arn: str, request_id: str, now_s: float) -> str:
    """Make the trace header of an invocation out of the one that its caller sent.

    Args:
        trace: the caller's, or "".
        function_arn: the function's ARN, without a qualifier.
        request_id: the invocation's, a UUID; a new trace is named after it.
        now_s: seconds since the epoch.
    """
    own = digest(function_arn)
    if not trace:
        digits = request_id.replace("-", "")
        root = _ROOT.format(int(now_s), digits[:24])
        return f"{root};Parent={digits[16:]};Sampled=0;Lineage=1:{own}:0"
    hops, counts = _lineage(trace)
    counts[own] = counts.pop(own, -1) + 1
    lineage = ",".join(f"{name}:{count}" for name, count in list(counts.items())[-_FUNCTIONS:])
    kept = [each for each in trace.split(";") if not _is_lineage(each)]
    return ";".join([*kept, f"Lineage={hops + 1}:{lineage}"])


def new_root(request_id: str, now_s: float) -> str:
    """Make the field that names a new trace.

    Args:
        request_id: that of the first invocation in it, a UUID.
        now_s: seconds since the epoch.
    """
    return _ROOT.format(int(now_s), request_id.replace("-", "")[:24])


def _lineage(trace: str) -> tuple[int, dict[str, int]]:
    """Read the lineage of a header; what is none counts as the beginning of a chain."""
    for each in trace.split(";") if trace else ():
        if _is_lineage(each):
            match = _LINEAGE.fullmatch(each.strip()[len(_FIELD) :])
            if match is not None:
                counts = (entry.split(":") for entry in match[2].split(","))
                return int(match[1]), {name: int(count) for name, count in counts}
    return 0, {}


def _is_lineage(field: str) -> bool:
    return field.strip()[: len(_FIELD)].lower() == _FIELD
