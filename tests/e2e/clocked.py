"""A real server whose clock tests can put forward.

How far its clock is ahead, in seconds, stands in a file in the data folder.
"""

import asyncio
import datetime
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.crt.auth

from ingle.config import load_config
from ingle.server import run
from tests.e2e.forked import ForkedServer

FILE = "clock"
_POLL_S = 0.02


class OffsetClock:
    """The machine's clock, put forward by what stands in a file; 0 while there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def time(self) -> float:
        return time.time() + self._ahead_s()

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s()

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        # From this call on, not from when a task of it begins: it may be put forward between.
        return self._reach(self.monotonic() + seconds)

    async def _reach(self, until: float) -> None:
        while (left := until - self.monotonic()) > 0:
            await asyncio.sleep(min(left, _POLL_S))

    def _ahead_s(self) -> float:
        try:
            return float(self._file.read_text())
        except FileNotFoundError:
            return 0.0


class ClockedServer(ForkedServer):
    """Starts, stops and kills such a server.

    Attributes:
        ahead_s: how far its clock is ahead, in seconds.
    """

    ahead_s = 0.0

    @staticmethod
    def program(arguments: list[str]) -> None:
        """Serve until a signal comes; takes the arguments of `ingle serve`."""
        _, *options = arguments
        names = [each.removeprefix("--").replace("-", "_") for each in options[::2]]
        config = load_config(dict(zip(names, options[1::2], strict=True)), file=None)
        sys.exit(run(config, OffsetClock(config.data_dir / FILE)))

    def advance(self, seconds: float) -> None:
        """Put its clock forward."""
        self.ahead_s += seconds
        new = self.data_dir / "clock.new"
        new.write_text(str(self.ahead_s))
        new.chmod(0o644)
        new.rename(self.data_dir / FILE)

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client whose signatures are of the server's time."""
        made = super().client(service, **overrides)
        made.meta.events.register("before-sign.*.*", self._sign_later)
        made.meta.events.register("before-send.*.*", _sign_now)
        return made

    def _sign_later(self, **_: Any) -> None:
        _signing.ahead_s = self.ahead_s


def _sign_now(**_: Any) -> None:
    _signing.ahead_s = 0.0


class _Signing(threading.local):
    """How far ahead of its own clock a thread signs, in seconds; others sign on as they do."""

    ahead_s = 0.0


_signing = _Signing()


def _time_of_signature(*arguments: Any, **members: Any) -> datetime.datetime:
    now: datetime.datetime = _now(*arguments, **members)
    return now + datetime.timedelta(seconds=_signing.ahead_s)


_now = botocore.auth.get_current_datetime
# The second signs where awscrt is installed.
botocore.auth.get_current_datetime = _time_of_signature
botocore.crt.auth.get_current_datetime = _time_of_signature
