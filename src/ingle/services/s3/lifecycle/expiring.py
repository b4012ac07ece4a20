"""Deletes what has expired: a task that runs after each midnight in UTC, and when rules change."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.s3 import rows, tables
from ingle.services.s3.changes import Origin
from ingle.services.s3.errors import NoSuchBucket, NoSuchUpload
from ingle.services.s3.lifecycle.judging import Judge
from ingle.services.s3.lifecycle.rules import DAY_MS, Rule, midnight_after, rules_of
from ingle.services.s3.model import Bucket, Multipart, Version
from ingle.services.s3.store import BucketStore
from ingle.services.s3.uploads import UploadStore
from ingle.services.s3.versions import VersionStore
from ingle.services.s3.walking import END

_logger = logging.getLogger(__name__)

_PRINCIPAL = "s3.amazonaws.com"
_PAGE = 100
"""How many rows are read at once."""
_TOGETHER = 50
"""How many deletions share a transaction."""
_LONGEST_S = 3600.0
"""How long is slept at once: a machine that was suspended may have missed a midnight."""
_COLUMNS = tables.versions.c


class _ChangedMeanwhile(Exception):
    """A version is not any more what it was when it was looked at."""


class Expiry:
    """The task.

    Args:
        store: where buckets are kept.
        versions: deletes objects.
        uploads: aborts uploads.
        clock: tells the time.
    """

    def __init__(
        self, store: BucketStore, versions: VersionStore, uploads: UploadStore, clock: Clock
    ) -> None:
        self._store = store
        self._versions = versions
        self._uploads = uploads
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again, for rules have changed."""
        self._woken.set()

    async def keep(self) -> None:
        """Delete what has expired, for as long as this runs."""
        while True:
            self._woken.clear()
            began_ms = self._now_ms()
            try:
                await self.run()
            except Exception:
                _logger.exception(
                    "what has expired could not be deleted; it is tried again after midnight"
                )
            await self._sleep_until((began_ms // DAY_MS + 1) * DAY_MS)

    async def run(self) -> None:
        """Delete once all that has expired by now."""
        for bucket in self._store.all():
            rules = rules_of(bucket)
            if not rules:
                continue
            now_ms = self._now_ms()
            try:
                await self._delete_versions(bucket, rules, now_ms)
                await self._abort_uploads(bucket, rules, now_ms)
            except NoSuchBucket:
                _logger.debug("the bucket %s was deleted meanwhile", bucket.name)

    async def _sleep_until(self, moment_ms: int) -> None:
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            while (left_s := (moment_ms - self._now_ms()) / 1000) > 0 and not waking.done():
                sleeping = asyncio.ensure_future(self._clock.sleep(min(left_s, _LONGEST_S)))
                try:
                    await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    sleeping.cancel()
        finally:
            waking.cancel()

    async def _delete_versions(self, bucket: Bucket, rules: Sequence[Rule], now_ms: int) -> None:
        origin = Origin(str(uuid.uuid4()), _PRINCIPAL, _PRINCIPAL, _PRINCIPAL)
        for prefix in _roots(rule.prefix for rule in rules):
            judge = Judge(rules, now_ms)
            doomed: list[Version] = []
            async for version in self._all(bucket, prefix):
                doomed += judge.show(version)
                if len(doomed) >= _TOGETHER:
                    await self._delete(bucket, doomed, now_ms, origin)
                    doomed = []
            doomed += judge.finish()
            await self._delete(bucket, doomed, now_ms, origin)

    async def _all(self, bucket: Bucket, prefix: str) -> AsyncIterator[Version]:
        """Read versions key by key, of each the newest first."""
        low, high = prefix.encode(), prefix.encode() + END
        of_bucket = select(tables.versions).where(_COLUMNS.bucket_id == bucket.id)
        ordered = of_bucket.order_by(_COLUMNS.key, _COLUMNS.id.desc()).limit(_PAGE)
        last: Version | None = None
        while True:
            if last is None:
                begin = _COLUMNS.key >= low
            else:
                key = last.key.encode()
                begin = and_(_COLUMNS.key >= key, or_(_COLUMNS.key > key, _COLUMNS.id < last.id))
            page = ordered.where(begin, _COLUMNS.key < high)

            async def run(connection: AsyncConnection) -> list[Version]:
                found = await connection.execute(page)  # noqa: B023 - called at once
                return [rows.version(row) for row in found]

            versions = await self._store.database.read(run)
            for last in versions:
                yield last
            if len(versions) < _PAGE:
                return

    async def _delete(
        self, bucket: Bucket, doomed: Sequence[Version], now_ms: int, origin: Origin
    ) -> None:
        await _together([self._delete_one(bucket, each, now_ms, origin) for each in doomed])

    async def _delete_one(
        self, bucket: Bucket, version: Version, now_ms: int, origin: Origin
    ) -> None:
        def check(found: Version | None) -> None:
            if found is None or (found.id, found.is_latest) != (version.id, version.is_latest):
                raise _ChangedMeanwhile

        # What the key means is hidden where the bucket keeps versions; all else goes for good.
        is_current = version.is_latest and not version.is_marker
        version_id = None if is_current else version.version_id
        try:
            await self._versions.delete(
                bucket, version.key, version_id, now_ms, origin, check, "LifecycleExpiration"
            )
        except _ChangedMeanwhile:
            _logger.debug("%s in %s has changed meanwhile", version.key, bucket.name)

    async def _abort_uploads(self, bucket: Bucket, rules: Sequence[Rule], now_ms: int) -> None:
        aborting = [(rule.prefix, rule.abort_days) for rule in rules if rule.abort_days is not None]
        if not aborting:
            return
        for upload in await self._uploads.all(bucket):
            if any(
                upload.key.startswith(prefix)
                and midnight_after(upload.initiated_ms, days) <= now_ms
                for prefix, days in aborting
            ):
                await self._abort(upload)

    async def _abort(self, upload: Multipart) -> None:
        try:
            await self._uploads.abort(upload)
        except NoSuchUpload:
            _logger.debug("the upload of %s has ended meanwhile", upload.key)

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _roots(prefixes: Iterable[str]) -> list[str]:
    """Leave out prefixes that begin with another one."""
    roots: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not roots or not prefix.startswith(roots[-1]):
            roots.append(prefix)
    return roots


async def _together(works: Iterable[Awaitable[None]]) -> None:
    """Do some things at the same time; raise what the first of them raises once all are over."""
    for error in await asyncio.gather(*works, return_exceptions=True):
        if error is not None:
            raise error
