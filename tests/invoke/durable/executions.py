"""Executions for tests."""

from typing import Any

from ingle.invoke.durable.model import Execution
from ingle.invoke.durable.transitions import begin

NOW_MS = 1_700_000_000_000


def execution(**settings: Any) -> Execution:
    """An execution that was just started."""
    made = Execution(
        **{
            "id": "00000000-0000-0000-0000-000000000001",
            "account_id": "000000000000",
            "region": "us-east-1",
            "function": "hello",
            "version": "1",
            "name": "first",
            "started_ms": NOW_MS,
            "input": "{}",
            "is_event": False,
            "trace": "",
            "timeout_s": 3600,
            "retention_days": 14,
            "deadline_ms": NOW_MS + 3_600_000,
            **settings,
        }
    )
    begin(made)
    return made


def update(id: str, kind: str, action: str, **members: Any) -> dict[str, Any]:
    """An update as the SDKs send it."""
    return {"Id": id, "Type": kind, "Action": action, **members}
