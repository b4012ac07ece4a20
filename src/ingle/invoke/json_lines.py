"""The platform's own log lines as JSON, for functions with `LogFormat=JSON`.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (their form)
and https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html (which of
them has which level).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingle.invoke.report import Bill
from ingle.pool.runtime_api.invocation import trace_context
from ingle.pool.runtime_api.records import milliseconds, stamp
from ingle.pool.spec import FunctionSpec

_DEBUG, _INFO, _WARN = "DEBUG", "INFO", "WARN"
_SEVERITY = {_DEBUG: 0, _INFO: 1, _WARN: 2}
_ON_DEMAND = "on-demand"


class JsonLines:
    """Makes the events of one sandbox.

    Args:
        spec: what it runs.
        initialization: its initialization type, for instance `on-demand`.
        now: the time of day, in seconds since the epoch.
    """

    def __init__(self, spec: FunctionSpec, initialization: str, now: Callable[[], float]) -> None:
        self._least = _SEVERITY[spec.system_log_level]
        self._initialization = initialization
        self._instance = {"functionName": spec.name, "functionVersion": spec.version}
        self._tenant_id = spec.tenant_id
        self._now = now

    def init_start(self, version: str) -> str:
        """A new sandbox's stream begins, with this version of the runtime."""
        phase = {"initializationType": self._initialization, "phase": "init"}
        known = {"runtimeVersion": version} if version else {}
        record = {**phase, **known, **self._instance}
        return self._event("platform.initStart", record, _INFO)

    def init_done(self, seconds: float) -> str:
        """The initialisation is over."""
        level = _DEBUG if self._initialization == _ON_DEMAND else _INFO
        return self._init_report(seconds, "success", "", level)

    def init_report(self, seconds: float, status: str, error_type: str) -> str:
        """The initialisation failed."""
        return self._init_report(seconds, status, error_type, _WARN)

    def snapshot_report(self, seconds: float) -> str:
        """The initialisation of a snapshot is over."""
        return self.init_done(seconds)

    def restore_start(self, version: str) -> str:
        """The stream of a sandbox that comes from a snapshot begins."""
        record = {"runtimeVersion": version, **self._instance}
        return self._event("platform.restoreStart", record, _INFO)

    def restore_report(self, seconds: float, status: str = "", error_type: str = "") -> str:
        """The restore is over."""
        record = _with_status({}, status, error_type)
        record["metrics"] = {"durationMs": milliseconds(seconds)}
        return self._event("platform.restoreReport", record, _WARN if status else _INFO)

    def start(self, request_id: str, version: str) -> str:
        """An invocation begins."""
        record = self._told({"requestId": request_id, "version": version})
        return self._event("platform.start", record, _INFO)

    def fault(self, _event: str) -> str:
        """The report says how an invocation failed."""
        return ""

    def finish(self, bill: Bill) -> tuple[str, ...]:
        """An invocation is over."""
        metrics: dict[str, Any] = {
            "durationMs": milliseconds(bill.duration_s),
            "billedDurationMs": bill.billed_ms,
            "memorySizeMB": bill.memory_mb,
            "maxMemoryUsedMB": bill.peak_mb,
        }
        if bill.init_s is not None:
            metrics["initDurationMs"] = milliseconds(bill.init_s)
        if bill.restore_s is not None:
            metrics["restoreDurationMs"] = milliseconds(bill.restore_s)
            metrics["billedRestoreDurationMs"] = math.ceil(bill.restore_s * 1000)
        record = self._told({"requestId": bill.request_id, "metrics": metrics})
        done = self._told(
            {"requestId": bill.request_id, "metrics": {"durationMs": metrics["durationMs"]}}
        )
        if bill.segment is not None:
            record["tracing"] = done["tracing"] = trace_context(bill.segment.header)
        failed = bool(bill.status)
        return (
            self._event(
                "platform.runtimeDone",
                _with_status(done, bill.status, bill.error_type),
                _WARN if failed else _DEBUG,
            ),
            self._event(
                "platform.report",
                _with_status(record, bill.status, bill.error_type),
                _WARN if failed else _INFO,
            ),
        )

    def _told(self, record: dict[str, Any]) -> dict[str, Any]:
        """Add whose invocation it is, where tenants share a function."""
        return {**record, "tenantId": self._tenant_id} if self._tenant_id else record

    def _init_report(self, seconds: float, status: str, error_type: str, level: str) -> str:
        record: dict[str, Any] = {
            "initializationType": self._initialization,
            "phase": "init",
            "metrics": {"durationMs": milliseconds(seconds)},
        }
        return self._event("platform.initReport", _with_status(record, status, error_type), level)

    def _event(self, kind: str, record: Mapping[str, Any], level: str) -> str:
        if _SEVERITY[level] < self._least:
            return ""
        event = {"time": stamp(self._now()), "type": kind, "record": record}
        return orjson.dumps(event).decode() + "\n"


def _with_status(record: Mapping[str, Any], status: str, error_type: str) -> dict[str, Any]:
    told = {**record, "status": status or "success"}
    return {**told, "errorType": error_type} if error_type else told
