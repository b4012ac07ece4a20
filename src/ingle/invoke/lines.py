"""What the platform writes to a function's log, in whichever format the function has chosen."""

from collections.abc import Callable
from typing import Protocol

from ingle.invoke import report
from ingle.invoke.json_lines import JsonLines
from ingle.pool.spec import FunctionSpec

JSON = "JSON"


class Lines(Protocol):
    """Makes the platform's log events; an empty one is not written."""

    def init_start(self, version: str) -> str:
        """A new sandbox's stream begins, with this version of the runtime."""
        ...

    def init_done(self, seconds: float) -> str:
        """The initialisation is over."""
        ...

    def init_report(self, seconds: float, status: str, error_type: str) -> str:
        """The initialisation failed."""
        ...

    def snapshot_report(self, seconds: float) -> str:
        """The initialisation of a snapshot is over."""
        ...

    def restore_start(self, version: str) -> str:
        """The stream of a sandbox that comes from a snapshot begins."""
        ...

    def restore_report(self, seconds: float, status: str = "", error_type: str = "") -> str:
        """The restore is over."""
        ...

    def start(self, request_id: str, version: str) -> str:
        """An invocation begins."""
        ...

    def fault(self, event: str) -> str:
        """The platform ended an invocation, and says so in this text."""
        ...

    def finish(self, bill: report.Bill) -> tuple[str, ...]:
        """An invocation is over."""
        ...


def lines_of(spec: FunctionSpec, initialization: str, now: Callable[[], float]) -> Lines:
    """Return what makes the events of one sandbox.

    Args:
        spec: what it runs.
        initialization: its initialization type.
        now: the time of day, in seconds since the epoch.
    """
    if spec.log_format != JSON:
        return report
    return JsonLines(spec, initialization, now)
