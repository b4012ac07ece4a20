"""Where a sandbox's processes find what the server serves for them, on their own loopback."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"
_API_PORT = 9001
TRACES_PORT = 2000
"""Where X-Ray's daemon is, over UDP."""


def api_port(endpoint_port: int) -> int:
    """Return the port of the Runtime API: AWS's, or the next where the AWS endpoint has that."""
    return _API_PORT if endpoint_port != _API_PORT else _API_PORT + 1


def api_address(endpoint_port: int) -> str:
    """Return what `AWS_LAMBDA_RUNTIME_API` says."""
    return f"{LOOPBACK}:{api_port(endpoint_port)}"
