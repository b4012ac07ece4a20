"""Quotas of durable executions; the figures are in `limits.toml`."""

import tomllib
from pathlib import Path

_LIMITS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

OPERATIONS: int = _LIMITS["operations"]
WRITTEN_BYTES: int = _LIMITS["written_bytes"]
PAYLOAD_BYTES: int = _LIMITS["payload_bytes"]
ERROR_BYTES: int = _LIMITS["error_bytes"]
ANSWER_BYTES: int = _LIMITS["answer_bytes"]
EVENT_ANSWER_BYTES: int = _LIMITS["event_answer_bytes"]
MOST_DAYS: int = _LIMITS["most_days"]
CLIENT_TOKEN_S: int = _LIMITS["client_token_s"]
PAGE_BYTES: int = _LIMITS["page_bytes"]
