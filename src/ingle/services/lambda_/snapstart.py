"""Which functions have SnapStart.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html. Here is only who has it; the
snapshots are made by `snapshots.py`.
"""

from ingle.runtimes.catalogue import catalogue
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.limits import SNAP_START
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import LATEST
from ingle.services.lambda_.tenants import check_not_isolated

ON_VERSIONS = "PublishedVersions"
_SERVED = "python"


def check_snap_start(function: Function) -> None:
    """Check that a function can have the SnapStart that it is configured for.

    Not with a file system, nor for each tenant; the rest is the runtime's.

    Raises:
        InvalidParameterValue: it cannot.
    """
    if function.snap_start != ON_VERSIONS:
        return
    check_not_isolated(function, "SnapStart")
    if function.mounts:
        raise InvalidParameterValue(
            "FileSystemConfigs is not supported for SnapStart enabled functions."
        )
    if function.image is not None:
        raise InvalidParameterValue(
            "Container images are not supported for SnapStart enabled functions."
        )
    info = catalogue()[function.runtime]
    first = SNAP_START.get(info.language.id)
    if first is None or info.version is None or _numbers(info.version) < _numbers(first):
        raise InvalidParameterValue(
            f"{function.runtime} is not supported for SnapStart enabled functions."
        )
    if info.language.id != _SERVED:
        raise InvalidParameterValue(
            f"SnapStart for {function.runtime} is not supported by this version of Ingle, which "
            "has it for Python only. Leave it out."
        )


def has_snapshots(function: Function) -> bool:
    """Say whether the sandboxes of this version start from a snapshot."""
    return function.snap_start == ON_VERSIONS and function.version != LATEST


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
