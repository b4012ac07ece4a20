"""What the server's process takes, under the names that Prometheus's own clients use.

Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
"""

import os
import resource
import time
from pathlib import Path

from ingle.observe.exposition import Family, Sample

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STARTED = time.time()


def families() -> list[Family]:
    """Measure it now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    return [
        _one(
            "process_cpu_seconds_total",
            "counter",
            "Processor time that the server took.",
            used.ru_utime + used.ru_stime,
        ),
        _one("process_resident_memory_bytes", "gauge", "Memory that the server takes.", resident),
        _one(
            "process_open_fds",
            "gauge",
            "Files and sockets that the server has open.",
            len(os.listdir("/proc/self/fd")) - 1,  # noqa: PTH208 - only their number is wanted
        ),
        _one("process_start_time_seconds", "gauge", "When the server started.", _STARTED),
    ]


def _one(name: str, kind: str, told: str, value: float) -> Family:
    return Family(name, kind, told, [Sample("", {}, value)])
