"""Objects that are made at the same time, and what listeners are told of them."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3.changes import Change, Effects, Origin
from ingle.services.s3.errors import NoSuchBucket, PreconditionFailed
from ingle.services.s3.model import Bucket, Content, Facts, Version
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, new_version
from tests.services.conftest import ACCOUNT, REGION

ORIGIN = Origin("id", "me", "", "me")
_numbers = itertools.count()


class Listener:
    """Keeps what it is told once that is committed."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int]] = []
        self.lost: list[tuple[str, str, int]] = []
        self.fails_for = ""

    async def changed(
        self,
        connection: AsyncConnection,
        changes: Sequence[Change],
        effects: Effects,
        *,
        reversible: bool,
    ) -> None:
        entries = [(each.name, each.version.key, each.version.id) for each in changes]
        effects.add(lambda: self.told.extend(entries), lambda: self.lost.extend(entries))
        if any(each.version.key == self.fails_for for each in changes):
            raise RuntimeError("not today")


def content(in_file: bool = False) -> Content:
    return Content(f"{next(_numbers):032x}", 1, 1, "", None, in_file, b"x", "", 0)


async def add(
    versions: VersionStore, bucket: Bucket, key: str, new: bool = False, in_file: bool = False
) -> Version:
    """Make an object; with `new`, only where there is none."""

    def check(found: Version | None) -> None:
        if new and found is not None:
            raise PreconditionFailed

    version = new_version(bucket, key, 0, 1, "", None, Facts())
    made = content(in_file)
    if in_file:
        path = versions._contents.path(made.id)
        path.write_bytes(b"x")
    return await versions.add(bucket, version, made, "ObjectCreated:Put", ORIGIN, check)


async def bucket_of(store: BucketStore, versioning: str = "") -> Bucket:
    settings = {"versioning": versioning} if versioning else {}
    bucket = await store.add("bucket", ACCOUNT, REGION, 0, settings)
    assert bucket is not None
    return bucket


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
async def test_of_those_who_make_the_same_key_at_once_one_wins(
    store: BucketStore, versioning: str
) -> None:
    versions, bucket = VersionStore(store), await bucket_of(store, versioning)
    await add(versions, bucket, "0")
    keys = [str(number % 4) for number in range(20)]
    made = await asyncio.gather(
        *(add(versions, bucket, key, new=True) for key in keys), return_exceptions=True
    )
    winners = [each.key for each in made if isinstance(each, Version)]
    assert sorted(winners) == ["1", "2", "3"]
    losers = [each for each in made if not isinstance(each, Version)]
    assert all(isinstance(each, PreconditionFailed) for each in losers)


@pytest.mark.parametrize("versioning", ["", "Enabled", "Suspended"])
async def test_what_is_made_at_once_is_each_found_under_its_key(
    store: BucketStore, versioning: str
) -> None:
    versions, bucket = VersionStore(store), await bucket_of(store, versioning)
    for _ in range(2):
        made = await asyncio.gather(*(add(versions, bucket, str(each)) for each in range(30)))
        for each in made:
            found = await versions.find(bucket, each.key)
            assert found is not None
            assert (found.id, found.is_latest) == (each.id, True)
            assert found.version_id == each.version_id
    assert len({each.id for each in made}) == 30


async def test_a_listener_is_told_of_every_change_that_is_committed(store: BucketStore) -> None:
    versions, bucket, listener = VersionStore(store), await bucket_of(store), Listener()
    versions.tell(listener)
    listener.fails_for = "3"
    made = await asyncio.gather(
        *(add(versions, bucket, str(each), in_file=True) for each in range(6)),
        return_exceptions=True,
    )
    kept = [each for each in made if isinstance(each, Version)]
    assert [each.key for each in kept] == ["0", "1", "2", "4", "5"]
    assert listener.told == [("ObjectCreated:Put", each.key, each.id) for each in kept]
    assert await versions.find(bucket, "3") is None
    # All of them at once, and then that one alone.
    assert [key for _, key, _ in listener.lost].count("3") >= 1
    # What was not made leaves no file either.
    folder = versions._contents.partial.parent
    assert sum(each.is_file() for each in folder.rglob("*")) == 5
    await versions.delete(bucket, "0", None, 0, ORIGIN, lambda found: None)
    assert listener.told[-1][:2] == ("ObjectRemoved:Delete", "0")
    assert sum(each.is_file() for each in folder.rglob("*")) == 4


async def test_nothing_is_made_in_a_bucket_that_is_gone(store: BucketStore) -> None:
    versions, bucket = VersionStore(store), await bucket_of(store)
    await store.remove(bucket)
    made = await asyncio.gather(
        *(add(versions, bucket, str(each)) for each in range(3)), return_exceptions=True
    )
    assert all(isinstance(each, NoSuchBucket) for each in made)


async def test_a_bucket_that_goes_in_the_same_commit_is_told_to_be_gone(store: BucketStore) -> None:
    versions, bucket = VersionStore(store), await bucket_of(store)
    for _ in range(5):  # whether they share a commit is for the writer to say
        gone, *made = await asyncio.gather(
            store.remove(bucket),
            *(add(versions, bucket, str(each)) for each in range(3)),
            return_exceptions=True,
        )
        assert gone is None
        assert all(isinstance(each, NoSuchBucket) for each in made)
        bucket = await bucket_of(store)


async def test_another_fault_is_not_taken_for_a_bucket_that_is_gone(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions, bucket = VersionStore(store), await bucket_of(store)
    monkeypatch.setattr(f"{__name__}._numbers", itertools.repeat(7))
    await add(versions, bucket, "a")
    with pytest.raises(IntegrityError):
        await add(versions, bucket, "b")
