"""The blob store."""

import asyncio
import hashlib
import os
import stat
from pathlib import Path

import pytest

from ingle.storage.blobs import BlobStore
from ingle.storage.errors import BlobCorrupt, BlobMissing


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path)


async def test_a_blob_is_found_under_its_sha256(store: BlobStore, tmp_path: Path) -> None:
    digest = await store.put(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert store.path(digest) == tmp_path / digest[:2] / digest[2:4] / digest
    assert store.path(digest).read_bytes() == await store.read(digest) == b"hello"
    assert stat.S_IMODE(store.path(digest).stat().st_mode) == 0o600
    assert await store.exists(digest)
    assert list((tmp_path / "partial").iterdir()) == []


async def test_putting_the_same_content_twice_keeps_one_file(store: BlobStore) -> None:
    digests = await asyncio.gather(*(store.put(b"same") for _ in range(20)))
    assert len(set(digests)) == 1
    folder = store.path(digests[0]).parent
    assert [entry.name for entry in folder.iterdir()] == [digests[0]]


async def test_a_deleted_blob_is_gone_and_deleting_again_is_fine(store: BlobStore) -> None:
    digest = await store.put(b"hello")
    await store.delete(digest)
    await store.delete(digest)
    assert not await store.exists(digest)
    with pytest.raises(BlobMissing, match=digest):
        await store.read(digest)


async def test_a_damaged_blob_is_noticed_and_healed_by_another_put(store: BlobStore) -> None:
    digest = await store.put(b"hello")
    store.path(digest).write_bytes(b"jello")
    with pytest.raises(BlobCorrupt, match=digest):
        await store.read(digest)
    await store.put(b"hello")
    assert await store.read(digest) == b"hello"


async def test_what_an_interrupted_put_left_is_swept(store: BlobStore, tmp_path: Path) -> None:
    assert await store.sweep_partial() == 0
    digest = await store.put(b"hello")
    (tmp_path / "partial" / ".leftover").write_bytes(b"hel")
    assert await store.sweep_partial() == 1
    assert list((tmp_path / "partial").iterdir()) == []
    assert await store.exists(digest)


async def test_a_put_that_fails_leaves_nothing(
    store: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("disk is full")

    await store.put(b"another")
    digest = hashlib.sha256(b"hello").hexdigest()
    store.path(digest).parent.mkdir(parents=True)
    monkeypatch.setattr("ingle.storage.blobs.sync_folder", lambda _folder: None)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk is full"):
        await store.put(b"hello")
    assert not await store.exists(digest)
    assert list((tmp_path / "partial").iterdir()) == []


async def test_a_put_is_synced_before_it_is_named_and_its_name_after(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noting_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    await store.put(b"hello")
    assert steps == ["folder", "folder", "file", "rename", "folder"]


@pytest.mark.parametrize("name", ["", "abc", "../" * 21 + "x", "A" * 64, "a" * 64 + "\n"])
def test_what_is_no_digest_is_no_path(store: BlobStore, name: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        store.path(name)
