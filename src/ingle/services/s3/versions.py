"""Keeps the versions of objects. Every change of an object is made here, in one transaction."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3 import rows, tables
from ingle.services.s3.changes import Change, Effects, Listener, NobodyListens, Origin
from ingle.services.s3.errors import NoSuchBucket, NoSuchKey, NoSuchVersion
from ingle.services.s3.gathering import Gatherer
from ingle.services.s3.model import (
    ENABLED,
    NULL,
    Bucket,
    Content,
    Facts,
    Version,
)
from ingle.services.s3.store import BucketStore
from ingle.storage.tasks import finish
from ingle.wire.errors import ServiceError

T = TypeVar("T")

Check = Callable[[Version | None], None]
"""Looks at what a key means before that is changed; raises to leave everything as it is."""

_LOOKED_AT = 100
_COLUMNS = tables.versions.c
_OF_CONTENT = tables.contents.c


@dataclass(frozen=True, slots=True)
class Whole:
    """An object as it is read.

    Attributes:
        version: what is told of it.
        contents: its bytes, in their order.
    """

    version: Version
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True)
class _Addition:
    """An object of one content that is to be made; see `VersionStore.add`."""

    bucket: Bucket
    version: Version
    content: Content
    name: str
    origin: Origin
    check: Check


@dataclass(slots=True)
class _Work:
    """What goes on in one transaction.

    Attributes:
        files: the contents whose files nobody needs any more.
        changes: what listeners are told of.
        effects: what they want to do once it is over.
    """

    files: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    effects: Effects = field(default_factory=Effects)


class VersionStore:
    """All versions of all objects.

    Args:
        buckets: where they are kept, and the buckets that they are in.
    """

    def __init__(self, buckets: BucketStore) -> None:
        self._buckets = buckets
        self._database = buckets.database
        self._contents = buckets.contents
        self._listener: Listener = NobodyListens()
        self._additions = Gatherer(self._add_all, lambda each: (each.bucket.id, each.version.key))

    def tell(self, listener: Listener) -> None:
        """Tell somebody of every change, within its transaction."""
        self._listener = listener

    async def find(self, bucket: Bucket, key: str, version_id: str | None = None) -> Version | None:
        """Find a version of an object, or what its key means now; a delete marker too."""

        async def run(connection: AsyncConnection) -> Version | None:
            return await _find(connection, bucket, key, version_id)

        return await self._database.read(run)

    async def made_of(self, bucket: Bucket, key: str, upload_id: str) -> Version | None:
        """Find what was made of a multipart upload, among the newest versions of a key."""

        async def run(connection: AsyncConnection) -> Version | None:
            query = select(tables.versions).where(
                _COLUMNS.bucket_id == bucket.id, _COLUMNS.key == key.encode()
            )
            newest = query.order_by(_COLUMNS.id.desc()).limit(_LOOKED_AT)
            for version in map(rows.version, await connection.execute(newest)):
                if version.facts.upload_id == upload_id:
                    return version
            return None

        return await self._database.read(run)

    async def whole(
        self, bucket: Bucket, key: str, version_id: str | None, check: Check
    ) -> Whole | None:
        """Find an object with its bytes, which stay until `Contents.release` is called with them.

        Args:
            bucket: the bucket.
            key: the object's.
            version_id: of which version; None for what the key means now.
            check: looks at it first.

        Returns:
            None where there is none; a delete marker has no contents.
        """

        async def run(connection: AsyncConnection) -> Whole | None:
            version = await _find(connection, bucket, key, version_id)
            check(version)
            if version is None:
                return None
            query = select(tables.contents).where(_OF_CONTENT.object_id == version.id)
            found = await connection.execute(query.order_by(_OF_CONTENT.number))
            return Whole(version, [rows.content(row) for row in found])

        with self._contents.looking() as pin:
            whole = await self._database.read(run)
            if whole is not None:
                pin(whole.contents)
        return whole

    async def put(
        self,
        bucket: Bucket,
        key: str,
        version: Version,
        keep: Callable[[AsyncConnection, int], Awaitable[None]],
        name: str,
        origin: Origin,
        check: Check,
    ) -> Version:
        """Make a version what a key means.

        Args:
            bucket: the bucket.
            key: the key.
            version: what to make; its row and its version id are given here.
            keep: gives the contents to the row of this number, within the transaction.
            name: of the event.
            origin: whose request it is.
            check: looks at what the key means before.

        Raises:
            NoSuchBucket: it was deleted.
        """

        async def run(connection: AsyncConnection, work: _Work) -> Version:
            bucket_now = self._still(bucket)
            found = await _find(connection, bucket, key, None)
            check(found)
            made = await self._make_latest(connection, work, bucket_now, version, found)
            await keep(connection, made.id)
            work.changes.append(Change(name, bucket_now, made, origin))
            return made

        return await self._write(run, bucket)

    async def add(
        self,
        bucket: Bucket,
        version: Version,
        content: Content,
        name: str,
        origin: Origin,
        check: Check,
    ) -> Version:
        """Do as `put` does with an object of one content, which goes where that fails."""
        addition = _Addition(bucket, version, content, name, origin, check)
        return await finish(self._additions.add(addition))

    async def _add_all(self, additions: "Sequence[_Addition]") -> Sequence[Version | Exception]:
        """Make objects, all in one transaction where that can be."""
        work = _Work()
        results: Sequence[Version | Exception]
        try:
            if len(additions) == 1:
                results = [await self._add_one(additions[0])]
            else:
                results = await self._database.write(
                    lambda connection: self._add_within(connection, work, additions)
                )
        except Exception:
            work.effects.undo()
            # What is wrong with one of them need not be with the others.
            results = [await self._add_one(each) for each in additions]
        else:
            self._finish(work)
        failed = zip(additions, results, strict=True)
        self._contents.remove(
            each.content.id
            for each, result in failed
            if isinstance(result, Exception) and each.content.in_file
        )
        return results

    async def _add_one(self, each: "_Addition") -> Version | Exception:
        async def keep(connection: AsyncConnection, number: int) -> None:
            values = {**rows.content_values(each.content), "object_id": number}
            await connection.execute(insert(tables.contents).values(values))

        version = each.version
        try:
            return await self.put(
                each.bucket, version.key, version, keep, each.name, each.origin, each.check
            )
        except Exception as error:
            return error

    async def _add_within(
        self, connection: AsyncConnection, work: _Work, additions: "Sequence[_Addition]"
    ) -> Sequence[Version | Exception]:
        results: list[Version | Exception] = []
        possible: list[tuple[int, _Addition, Bucket]] = []
        there = await _latest(connection, additions)
        for each in additions:
            found = there.get((each.bucket.id, each.version.key))
            try:
                bucket = self._still(each.bucket)
                each.check(found)
            except ServiceError as error:
                results.append(error)
                continue
            possible.append((len(results), each, bucket))
            results.append(each.version)
        if not possible:
            return results
        wanted = [
            (bucket, each.version, there.get((bucket.id, each.version.key)))
            for _, each, bucket in possible
        ]
        made = await self._make_room(connection, work, wanted)
        numbers = await connection.scalars(
            insert(tables.versions).returning(_COLUMNS.id, sort_by_parameter_order=True),
            [_values(version) for version in made],
        )
        contents = []
        for number, version, (position, each, bucket) in zip(numbers, made, possible, strict=True):
            numbered = replace(version, id=number)
            results[position] = numbered
            contents.append({**rows.content_values(each.content), "object_id": number})
            work.changes.append(Change(each.name, bucket, numbered, each.origin))
        await connection.execute(insert(tables.contents), contents)
        await self._tell(connection, work)
        return results

    async def add_within(
        self,
        connection: AsyncConnection,
        bucket: Bucket,
        version: Version,
        content: Content,
        name: str,
        origin: Origin,
    ) -> Callable[[], None]:
        """Do as `add` does within a transaction of somebody else.

        Args:
            content: one that is not in a file.

        Returns:
            What to do once that is committed.
        """
        work = _Work()
        bucket_now = self._still(bucket)
        found = await _find(connection, bucket, version.key, None)
        made = await self._make_latest(connection, work, bucket_now, version, found)
        values = {**rows.content_values(content), "object_id": made.id}
        await connection.execute(insert(tables.contents).values(values))
        work.changes.append(Change(name, bucket_now, made, origin))
        await self._tell(connection, work, reversible=False)

        def afterwards() -> None:
            self._finish(work)

        return afterwards

    async def delete(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        now_ms: int,
        origin: Origin,
        check: Check,
        kind: str = "ObjectRemoved",
    ) -> Version | None:
        """Delete a version of an object, or put a delete marker in its place, as the bucket has it.

        Args:
            bucket: the bucket.
            key: the object's.
            version_id: what to delete for good; None for what the key means.
            now_ms: the time.
            origin: whose request it is.
            check: looks at what is deleted.
            kind: of the event.

        Returns:
            The delete marker that was made or deleted, or the version that was deleted; None where
            there was none.
        """

        async def run(connection: AsyncConnection, work: _Work) -> Version | None:
            bucket_now = self._still(bucket)
            found = await _find(connection, bucket, key, version_id)
            check(found)
            if version_id is not None or not bucket_now.versioning:
                if found is None:
                    return None
                await self._remove(connection, work, [found.id])
                await _promote(connection, bucket, key)
                change = Change(f"{kind}:Delete", bucket_now, found, origin)
                work.changes.append(change)
                return found
            marker = _marker(bucket, key, now_ms)
            made = await self._make_latest(connection, work, bucket_now, marker, found)
            change = Change(f"{kind}:DeleteMarkerCreated", bucket_now, made, origin)
            work.changes.append(change)
            return made

        return await self._write(run, bucket)

    async def set_tags(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        tags: dict[str, str],
        name: str,
        origin: Origin,
        check: Check,
    ) -> Version:
        """Set the tags of a version in place of those that it has.

        Raises:
            NoSuchKey: there is none.
            NoSuchVersion: likewise, where a version was named.
        """

        async def run(connection: AsyncConnection, work: _Work) -> Version:
            found = await _find(connection, bucket, key, version_id)
            check(found)
            if found is None:
                raise NoSuchKey(Key=key) if version_id is None else NoSuchVersion(Key=key)
            facts = replace(found.facts, tags=tags)
            values = rows.facts_values(facts)
            await connection.execute(
                update(tables.versions).where(_COLUMNS.id == found.id).values(values)
            )
            tagged = replace(found, facts=facts)
            work.changes.append(Change(name, self._still(bucket), tagged, origin))
            return tagged

        return await self._write(run, bucket)

    async def _write(
        self,
        run: Callable[[AsyncConnection, _Work], Awaitable[T]],
        bucket: Bucket,
    ) -> T:
        """Run a change to its end; once it is committed, remove the files that nobody needs."""

        async def change() -> T:
            work = _Work()

            async def within(connection: AsyncConnection) -> T:
                result = await run(connection, work)
                await self._tell(connection, work)
                return result

            try:
                result = await self._database.write(within)
            except BaseException as error:
                work.effects.undo()
                if isinstance(error, IntegrityError):
                    self._still(bucket)  # it may have gone away in the same commit
                raise
            self._finish(work)
            return result

        return await finish(change())

    def _finish(self, work: _Work) -> None:
        self._contents.remove(work.files)
        work.effects.apply()

    def _still(self, bucket: Bucket) -> Bucket:
        """Return a bucket as it is by now."""
        now = self._buckets.get(bucket.name)
        if now is None or now.id != bucket.id:
            raise NoSuchBucket(BucketName=bucket.name)
        return now

    async def _make_latest(
        self,
        connection: AsyncConnection,
        work: _Work,
        bucket: Bucket,
        version: Version,
        found: Version | None,
    ) -> Version:
        """Insert a version, in place of what its key meant."""
        [made] = await self._make_room(connection, work, [(bucket, version, found)])
        inserted = await connection.execute(insert(tables.versions).values(_values(made)))
        return replace(made, id=rows.primary_key(inserted))

    async def _make_room(
        self,
        connection: AsyncConnection,
        work: _Work,
        wanted: Sequence[tuple[Bucket, Version, Version | None]],
    ) -> Sequence[Version]:
        """Let keys mean nothing any more; return what is to be inserted.

        Args:
            connection: the transaction's.
            work: takes what is to be done after it.
            wanted: versions, each with its bucket and what its key means now.
        """
        made, replaced, hidden = [], [], []
        for bucket, version, found in wanted:
            keeps = bucket.versioning == ENABLED
            if found is not None and not keeps:
                last: Version | None = found
                if found.version_id != NULL:
                    last = await _find(connection, bucket, version.key, NULL)
                if last is not None:
                    replaced.append(last.id)
            if found is not None and bucket.versioning:
                hidden.append(found.id)
            version_id = _new_version_id() if keeps else NULL
            made.append(replace(version, version_id=version_id, is_latest=True))
        if replaced:
            await self._remove(connection, work, replaced)
        if hidden:
            await connection.execute(
                update(tables.versions).where(_COLUMNS.id.in_(hidden)).values(is_latest=False)
            )
        return made

    async def _remove(
        self, connection: AsyncConnection, work: _Work, numbers: Sequence[int]
    ) -> None:
        files = select(_OF_CONTENT.id).where(_OF_CONTENT.object_id.in_(numbers))
        work.files += await connection.scalars(files.where(_OF_CONTENT.in_file))
        await connection.execute(delete(tables.versions).where(_COLUMNS.id.in_(numbers)))

    async def _tell(
        self, connection: AsyncConnection, work: _Work, *, reversible: bool = True
    ) -> None:
        if work.changes:
            await self._listener.changed(
                connection, work.changes, work.effects, reversible=reversible
            )


def new_version(
    bucket: Bucket,
    key: str,
    now_ms: int,
    size: int,
    etag: str,
    checksum: Any,
    facts: Facts,
    parts: int = 0,
) -> Version:
    """Describe a version that is to be made."""
    return Version(0, bucket.id, key, NULL, True, False, now_ms, size, etag, parts, checksum, facts)


def version_with(bucket: Bucket, key: str, content: Content, facts: Facts) -> Version:
    """Describe a version that is to be made of one content."""
    return new_version(
        bucket, key, content.modified_ms, content.size, content.etag, content.checksum, facts
    )


def _marker(bucket: Bucket, key: str, now_ms: int) -> Version:
    return Version(0, bucket.id, key, NULL, True, True, now_ms, 0, "", 0, None, Facts())


def _new_version_id() -> str:
    return secrets.token_urlsafe(24)


def _values(version: Version) -> dict[str, Any]:
    return {
        "bucket_id": version.bucket_id,
        "key": version.key.encode(),
        "version_id": version.version_id,
        "is_latest": version.is_latest,
        "is_marker": version.is_marker,
        "modified_ms": version.modified_ms,
        "size": version.size,
        "etag": version.etag,
        "parts": version.parts,
        "checksum": None if version.checksum is None else version.checksum.packed(),
        **rows.facts_values(version.facts),
    }


async def _find(
    connection: AsyncConnection, bucket: Bucket, key: str, version_id: str | None
) -> Version | None:
    query = select(tables.versions).where(
        _COLUMNS.bucket_id == bucket.id, _COLUMNS.key == key.encode()
    )
    if version_id is not None:
        query = query.where(_COLUMNS.version_id == version_id)
    # The newest is what the key means, also after the deletion of a newer one.
    row = (await connection.execute(query.order_by(_COLUMNS.id.desc()).limit(1))).first()
    return None if row is None else rows.version(row)


async def _latest(
    connection: AsyncConnection, additions: Sequence[_Addition]
) -> dict[tuple[int, str], Version]:
    """Find what keys mean, by bucket and key."""
    keys: dict[int, list[bytes]] = {}
    for each in additions:
        keys.setdefault(each.bucket.id, []).append(each.version.key.encode())
    found: dict[tuple[int, str], Version] = {}
    for bucket_id, names in keys.items():
        query = select(tables.versions).where(
            _COLUMNS.bucket_id == bucket_id, _COLUMNS.key.in_(names), _COLUMNS.is_latest
        )
        for version in map(rows.version, await connection.execute(query)):
            found[bucket_id, version.key] = version
    return found


async def _promote(connection: AsyncConnection, bucket: Bucket, key: str) -> None:
    """Let the newest version that is left be what the key means."""
    newest = await _find(connection, bucket, key, None)
    if newest is not None and not newest.is_latest:
        await connection.execute(
            update(tables.versions).where(_COLUMNS.id == newest.id).values(is_latest=True)
        )
