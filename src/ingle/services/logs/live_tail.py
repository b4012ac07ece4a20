"""Live tails: events as they come in.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingle.clock import Clock
from ingle.services.logs.chunks import RawEvent
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.limits import TAIL
from ingle.services.logs.model import GroupKey, StreamKey

_EVERY_S = 1.0


@dataclass(slots=True, eq=False)
class Session:
    """What a live tail shows: events of some groups, and of some of their streams."""

    account_id: str
    region: str
    groups: frozenset[GroupKey]
    streams: frozenset[str] | None
    prefixes: tuple[str, ...] | None
    pattern: Pattern | None
    results: list[dict[str, Any]] = field(default_factory=list)
    sampled: bool = False

    def wants(self, key: StreamKey) -> bool:
        """Say whether events of a stream may be shown."""
        if key.group not in self.groups:
            return False
        if self.streams is not None:
            return key.name in self.streams
        return self.prefixes is None or key.name.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class Tailed:
    """Events of one stream that one live tail shows."""

    session: Session
    key: StreamKey
    events: Sequence[RawEvent]


class LiveTails:
    """All live tails.

    Args:
        clock: paces them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: tuple[Session, ...] = ()
        self._ended = False

    def close(self) -> None:
        """End all of them within a second."""
        self._ended = True

    def count(self, account_id: str, region: str) -> int:
        """Say how many there are of an account in a region."""
        whose = (account_id, region)
        return sum(1 for each in self._sessions if (each.account_id, each.region) == whose)

    def add(self, session: Session, begin: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """Begin one, which shows what comes from now on.

        Args:
            session: what it shows.
            begin: the members of its first event.

        Returns:
            Its events, for three hours or until they are closed.
        """
        self._sessions = (*self._sessions, session)
        return self._updates(session, begin)

    def look(self, key: StreamKey, events: Sequence[RawEvent]) -> list[Tailed]:
        """Say which of some events are shown; blocks as long as looking at them takes."""
        found = []
        for session in self._sessions:
            if session.wants(key):
                pattern = session.pattern
                passed = [event for event in events if pattern is None or pattern.matches(event[1])]
                if passed:
                    found.append(Tailed(session, key, passed))
        return found

    def show(self, tailed: Sequence[Tailed], ingestion_ms: int) -> None:
        """Show events; more than 500 a second are not shown, and then it is told so."""
        for each in tailed:
            session = each.session
            room = TAIL.events_a_second - len(session.results)
            session.sampled |= len(each.events) > room
            session.results += [
                {
                    "logStreamName": each.key.name,
                    "logGroupIdentifier": f"{each.key.group.account_id}:{each.key.group.name}",
                    "message": message,
                    "timestamp": timestamp,
                    "ingestionTime": ingestion_ms,
                }
                for timestamp, message in each.events[: max(0, room)]
            ]

    async def _updates(
        self, session: Session, begin: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        end = self._clock.monotonic() + TAIL.seconds
        try:
            yield {"sessionStart": begin}
            while self._clock.monotonic() < end and not self._ended:
                await self._clock.sleep(_EVERY_S)
                results, session.results = session.results, []
                sampled, session.sampled = session.sampled, False
                yield {
                    "sessionUpdate": {
                        "sessionMetadata": {"sampled": sampled},
                        "sessionResults": results,
                    }
                }
            yield {
                "SessionTimeoutException": {
                    "message": "The session is over. Start another one to go on."
                }
            }
        finally:
            self._sessions = tuple(each for each in self._sessions if each is not session)
