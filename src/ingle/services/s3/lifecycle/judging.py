"""Which versions of a bucket have expired."""

from collections.abc import Iterator, Sequence

from ingle.services.s3.lifecycle.rules import Rule, midnight_after
from ingle.services.s3.model import Version


class Judge:
    """Is shown all versions, key by key and of each the newest first; says which have expired.

    Args:
        rules: of the bucket.
        now_ms: the time.
    """

    def __init__(self, rules: Sequence[Rule], now_ms: int) -> None:
        self._rules = rules
        self._now_ms = now_ms
        self._key: str | None = None
        # Of the version that was shown last: when it came, which ended the time of the next one.
        self._newer_ms = 0
        self._noncurrent = 0
        self._lonely: Version | None = None

    def show(self, version: Version) -> Iterator[Version]:
        """Yield what has expired as far as that is known by now."""
        if version.key != self._key:
            yield from self.finish()
            self._key, self._noncurrent = version.key, 0
            if version.is_marker:
                self._lonely = version
            elif self._has_expired(version):
                yield version
        else:
            self._lonely = None
            if self._is_out_of_date(version):
                yield version
            self._noncurrent += 1
        self._newer_ms = version.modified_ms

    def finish(self) -> Iterator[Version]:
        """Yield what is left: a delete marker that has no version behind it."""
        marker, self._lonely = self._lonely, None
        if marker is not None and self._is_needless(marker):
            yield marker

    def _has_expired(self, version: Version) -> bool:
        return any(
            (when := rule.expires_ms(version)) is not None and when <= self._now_ms
            for rule in self._rules
            if rule.covers(version)
        )

    def _is_out_of_date(self, version: Version) -> bool:
        return any(
            rule.noncurrent_days is not None
            and self._noncurrent >= rule.newer
            and midnight_after(self._newer_ms, rule.noncurrent_days) <= self._now_ms
            for rule in self._rules
            if rule.covers(version)
        )

    def _is_needless(self, marker: Version) -> bool:
        return self._has_expired(marker) or any(
            rule.markers for rule in self._rules if rule.covers(marker)
        )
