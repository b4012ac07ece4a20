"""The Runtime, Extensions, Telemetry and Logs APIs, as a sandbox's processes find them."""

from ingle.pool.runtime_api.api import RuntimeApi
from ingle.pool.runtime_api.extensions import Failure
from ingle.pool.runtime_api.facts import Facts
from ingle.pool.runtime_api.limits import MAX_EXTENSIONS

__all__ = ["MAX_EXTENSIONS", "Facts", "Failure", "RuntimeApi"]
