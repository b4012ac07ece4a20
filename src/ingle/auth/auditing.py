"""The log of what would have been refused, where nobody is refused."""

import logging
from collections import OrderedDict

from ingle.auth.verdicts import Verdict
from ingle.clock import Clock

_logger = logging.getLogger("ingle.iam")

AGAIN_S = 60.0
"""How long the same refusal is not written again."""
_REMEMBERED = 1024
_LINES = 10
"""How many lines are written in a second at most."""


class AuditLog:
    """Writes a line for each refusal that there would have been, but not the same again and again.

    Args:
        clock: says what time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # When a refusal was written last, the one longest ago first.
        self._written: OrderedDict[str, float] = OrderedDict()
        self._second = 0
        self._lines = 0
        self._unwritten = 0

    def note(self, request_id: str, verdict: Verdict) -> None:
        """Write what the caller would have been told."""
        assert verdict.refusal is not None
        text = verdict.refusal.message
        request = verdict.rulings[-1].request
        self.write(
            text,
            f"request={request_id} operation={verdict.operation} principal={request.principal.arn} "
            f"action={request.action} resource={request.resource} reason={text!r}",
        )

    def write(self, text: str, line: str) -> None:
        """Write a line, unless one with the same text was written lately.

        Args:
            text: what tells one refusal from another.
            line: the line.
        """
        now = self._clock.monotonic()
        last = self._written.get(text)
        if last is not None and now - last < AGAIN_S:
            return
        if int(now) != self._second:
            self._second, self._lines = int(now), 0
        if self._lines >= _LINES:
            self._unwritten += 1
            return
        self._lines += 1
        self._written[text] = now
        self._written.move_to_end(text)
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        more = f" (and {self._unwritten} more were not written)" if self._unwritten else ""
        self._unwritten = 0
        _logger.warning("would be denied: %s%s", line, more)
