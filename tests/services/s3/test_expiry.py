"""The task that deletes what has expired."""

from typing import Any

from ingle.services.s3.lifecycle.configuring import checked_rules
from ingle.services.s3.lifecycle.expiring import Expiry
from ingle.services.s3.model import Bucket, Version
from ingle.services.s3.store import BucketStore
from ingle.services.s3.uploads import UploadStore
from ingle.services.s3.versions import VersionStore
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION
from tests.services.s3.test_versions import Listener, add

EXPIRES = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}


async def with_rules(store: BucketStore, *rules: dict[str, Any], versioning: str = "") -> Bucket:
    settings: dict[str, Any] = {"lifecycle": {"Rules": checked_rules(rules)}}
    if versioning:
        settings["versioning"] = versioning
    bucket = await store.add("bucket", ACCOUNT, REGION, 0, settings)
    assert bucket is not None
    return bucket


async def test_listeners_are_told_that_rules_deleted_something(
    store: BucketStore, clock: ManualClock
) -> None:
    versions, listener = VersionStore(store), Listener()
    versions.tell(listener)
    bucket = await with_rules(store, EXPIRES)
    made = await add(versions, bucket, "key")
    await Expiry(store, versions, UploadStore(store), clock).run()
    assert listener.told[-1] == ("LifecycleExpiration:Delete", "key", made.id)
    assert await versions.find(bucket, "key") is None


async def test_versions_get_a_marker_in_front(store: BucketStore, clock: ManualClock) -> None:
    versions, listener = VersionStore(store), Listener()
    versions.tell(listener)
    bucket = await with_rules(store, EXPIRES, versioning="Enabled")
    made = await add(versions, bucket, "key")
    expiry = Expiry(store, versions, UploadStore(store), clock)
    await expiry.run()
    assert [name for name, *_ in listener.told[1:]] == ["LifecycleExpiration:DeleteMarkerCreated"]
    found = await versions.find(bucket, "key")
    assert found is not None
    assert found.is_marker
    assert await versions.find(bucket, "key", made.version_id) is not None
    # Looking again changes nothing.
    await expiry.run()
    assert len(listener.told) == 2


async def test_more_objects_than_fit_a_page_expire(store: BucketStore, clock: ManualClock) -> None:
    versions = VersionStore(store)
    bucket = await with_rules(store, {**EXPIRES, "Filter": {"Prefix": "a/"}})
    for number in range(230):
        await add(versions, bucket, f"a/{number}")
    await add(versions, bucket, "b")
    await Expiry(store, versions, UploadStore(store), clock).run()
    assert await versions.find(bucket, "b") is not None
    there = [await versions.find(bucket, f"a/{number}") for number in range(230)]
    assert there == [None] * 230


class Overwriting(VersionStore):
    """Puts a new object in the place of one that is about to be deleted."""

    async def delete(self, bucket: Bucket, key: str, *rest: Any) -> Version | None:
        await add(self, bucket, key)
        return await super().delete(bucket, key, *rest)


async def test_what_was_written_meanwhile_stays(store: BucketStore, clock: ManualClock) -> None:
    versions = Overwriting(store)
    bucket = await with_rules(store, EXPIRES)
    before = await add(versions, bucket, "key")
    await Expiry(store, versions, UploadStore(store), clock).run()
    found = await versions.find(bucket, "key")
    assert found is not None
    assert found.id > before.id
