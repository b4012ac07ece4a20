"""Which functions have SnapStart.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html. What becomes of a version with
SnapStart when it is published and when it starts is the pool's; here is only who has it.
"""

from ingle.runtimes.catalogue import catalogue
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.limits import SNAP_START
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import LATEST

ON_VERSIONS = "PublishedVersions"


def check_snap_start(function: Function) -> None:
    """Check that a function's runtime can have the SnapStart that it is configured for.

    Raises:
        InvalidParameterValue: it cannot.
    """
    if function.snap_start != ON_VERSIONS:
        return
    info = catalogue()[function.runtime]
    first = SNAP_START.get(info.language.id)
    if first is None or info.version is None or _numbers(info.version) < _numbers(first):
        raise InvalidParameterValue(
            f"{function.runtime} is not supported for SnapStart enabled functions."
        )


def has_snapshots(function: Function) -> bool:
    """Say whether the sandboxes of this version start from a snapshot."""
    return function.snap_start == ON_VERSIONS and function.version != LATEST


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
