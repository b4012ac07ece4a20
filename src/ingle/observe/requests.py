"""What was asked of the server's API: counted, and logged where that is wanted."""

import logging

from ingle.observe.exposition import Family, Sample

_logger = logging.getLogger("ingle.requests")
_KEPT = 20_000
"""Different answers that are counted; there are fewer operations and statuses than that."""


class Requests:
    """Counts requests by service, operation and status.

    Args:
        logged: whether each is a record of the log `ingle.requests` as well.
    """

    def __init__(self, *, logged: bool = False) -> None:
        self._logged = logged
        # How many, and the seconds that they took together.
        self._seen: dict[tuple[str, str, int], list[float]] = {}

    def note(
        self, service: str, operation: str, status: int, seconds: float, request_id: str, who: str
    ) -> None:
        """Take note of an answer.

        Args:
            service: botocore's name, or "" where the request named none.
            operation: AWS's name, or "" where the request named none.
            status: HTTP's.
            seconds: from the request's head to the answer's.
            request_id: the request's.
            who: the ARN of the caller, or "".
        """
        seen = self._seen.get((service, operation, status))
        if seen is None:
            if len(self._seen) >= _KEPT:
                return
            seen = self._seen[service, operation, status] = [0.0, 0.0]
        seen[0] += 1
        seen[1] += seconds
        if self._logged:
            _logger.info(
                "%s %s %d in %.1f ms",
                service,
                operation,
                status,
                seconds * 1000,
                extra={
                    "service": service,
                    "operation": operation,
                    "status": status,
                    "duration_ms": round(seconds * 1000, 3),
                    "request_id": request_id,
                    "principal": who,
                },
            )

    def families(self) -> list[Family]:
        """Tell how many there were, and what they took."""
        counts, times = [], []
        for (service, operation, status), (count, seconds) in sorted(self._seen.items()):
            labels = {"service": service, "operation": operation, "status": str(status)}
            counts.append(Sample("", labels, count))
            times.append(Sample("", labels, seconds))
        return [
            Family("ingle_requests_total", "counter", "Requests that were answered.", counts),
            Family(
                "ingle_request_seconds_total",
                "counter",
                "Time that answering them took together.",
                times,
            ),
        ]
