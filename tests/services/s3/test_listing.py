"""Listings, compared with what is slow and obvious."""

import asyncio
import itertools
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3 import walking
from ingle.services.s3.changes import Origin
from ingle.services.s3.listing import Listing
from ingle.services.s3.model import Bucket, Content, Facts
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, new_version
from ingle.services.s3.walking import END, common_prefix, walk
from ingle.storage.database import Database
from tests.services.conftest import ACCOUNT, KEYS, REGION, context

_LETTERS = st.sampled_from(["a", "b", "/", "//", "é", "\x00", "\U0001f642", "%"])
_KEYS = st.lists(_LETTERS, min_size=1, max_size=5).map("".join)
ORIGIN = Origin("id", "me", "", "me")
_numbers = itertools.count()


async def filled(store: BucketStore, keys: Sequence[str]) -> Bucket:
    """Make a bucket with these objects, and some that are deleted or overwritten."""
    versions = VersionStore(store)
    bucket = await store.add("bucket", ACCOUNT, REGION, 0, {"versioning": "Enabled"})
    assert bucket is not None
    for number, key in enumerate(keys):
        for _ in range(1 + number % 2):
            content = Content(f"{next(_numbers):032x}", 1, 0, "", None, False, b"", "", 0)
            version = new_version(bucket, key, 0, 0, "", None, Facts())
            await versions.add(bucket, version, content, "", ORIGIN, lambda found: None)
    gone = keys[::3]
    for key in gone:
        await versions.delete(bucket, key, None, 0, ORIGIN, lambda found: None)
    return bucket


def naive(keys: Sequence[str], prefix: str, delimiter: str) -> list[bytes]:
    """What a listing has, keys and common prefixes."""
    found = set()
    for key in keys:
        raw = key.encode()
        if raw.startswith(prefix.encode()):
            folded = common_prefix(raw, prefix.encode(), delimiter.encode())
            found.add(raw if folded is None else folded)
    return sorted(found)


@settings(max_examples=15, deadline=None)
@given(
    keys=st.lists(_KEYS, unique=True, max_size=20),
    prefix=st.one_of(st.just(""), _KEYS),
    delimiter=st.sampled_from(["", "/", "//", "é", "a/", "\x00"]),
    size=st.integers(1, 7),
)
def test_pages_of_a_walk_are_the_whole_listing(
    keys: list[str], prefix: str, delimiter: str, size: int
) -> None:
    async def check(folder: Path) -> None:
        database = await Database.open(folder)
        try:
            (folder / "objects").mkdir()
            store = await BucketStore.open(database, folder / "objects", KEYS)
            bucket = await filled(store, keys)
            there = [key for number, key in enumerate(keys) if number % 3]
            found: list[bytes] = []
            after = b""
            while True:

                async def page(connection: AsyncConnection) -> object:
                    return await walk(
                        connection,
                        bucket.id,
                        prefix.encode(),
                        delimiter.encode(),
                        after,  # noqa: B023 - called at once
                        size,
                    )

                entries = await database.read(page)
                assert isinstance(entries, list)
                found += [each.name for each in entries]
                if len(entries) < size:
                    break
                after = entries[-1].after
            assert found == naive(there, prefix, delimiter)
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


@settings(max_examples=15, deadline=None)
@given(
    keys=st.lists(_KEYS, unique=True, max_size=40),
    prefix=st.one_of(st.just(""), _KEYS),
    delimiter=st.sampled_from(["", "/", "é", "a/"]),
    size=st.integers(1, 70),
)
def test_pages_of_versions_are_all_versions_once(
    keys: list[str], prefix: str, delimiter: str, size: int
) -> None:
    async def check(folder: Path) -> None:
        database = await Database.open(folder)
        try:
            (folder / "objects").mkdir()
            store = await BucketStore.open(database, folder / "objects", KEYS)
            await filled(store, keys)
            request = {"Bucket": "bucket", "Prefix": prefix, "Delimiter": delimiter}
            request["MaxKeys"] = size
            versions: list[tuple[str, str]] = []
            folded: list[str] = []
            while True:
                page = await Listing(store).versions(context(), request)
                shown = [*page["Versions"], *page["DeleteMarkers"]]
                versions += [(each["Key"], each["VersionId"]) for each in shown]
                folded += [each["Prefix"] for each in page["CommonPrefixes"]]
                if not page["IsTruncated"]:
                    break
                assert len(shown) + len(page["CommonPrefixes"]) == size
                request["KeyMarker"] = page["NextKeyMarker"]
                request["VersionIdMarker"] = page.get("NextVersionIdMarker", "")
            assert len(versions) == len(set(versions))
            names = [each.decode() for each in naive(keys, prefix, delimiter)]
            counts = {key: 1 + number % 2 + (number % 3 == 0) for number, key in enumerate(keys)}
            # A key may be its own common prefix.
            alone = Counter(key for key, _ in versions)
            assert alone == {key: counts[key] for key in names if key not in folded}
            assert sorted([*alone, *folded], key=str.encode) == names
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


async def test_walks_use_the_index_of_what_is_there(database: Database) -> None:
    values = {
        "bucket": 1,
        "begin": b"",
        "upper": END,
        "most": 3,
        "behind": 1,
        "delimiter": b"/",
        "width": -1,
    }
    for statement in (walking._PLAIN, walking._FOLDED):

        async def explain(connection: AsyncConnection) -> str:
            plan = text(f"EXPLAIN QUERY PLAN {statement.text}")  # noqa: B023
            found = await connection.execute(plan, values)
            return " ".join(row.detail for row in found)

        plan = await database.read(explain)
        assert "ix_s3_versions_objects (bucket_id=? AND key>" in plan
        assert "ix_s3_versions_objects (bucket_id=?)" not in plan
        assert "SCAN v" not in plan
        assert "TEMP B-TREE" not in plan.replace("USE TEMP B-TREE FOR ORDER BY", "", 1)
