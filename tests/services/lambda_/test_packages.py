import asyncio
import hashlib
import shutil
from pathlib import Path

import pytest

from ingle.services.lambda_.errors import InvalidZipFile
from ingle.services.lambda_.folders import Folders
from ingle.services.lambda_.model import Package
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.storage.blobs import BlobStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import KEYS, context
from tests.services.lambda_.conftest import Bench, create_request
from tests.services.lambda_.zips import HELLO, zipped

CONTENT = zipped({"app.py": HELLO})
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LONG_AFTER_S = 1801.0


async def created(bench: Bench) -> Path:
    """Make a function and return the folder of its code."""
    service = await bench.open()
    await service.create_function(context(), create_request(Code={"ZipFile": CONTENT}))
    return bench.code / DIGEST


async def test_an_unpacked_package_that_is_missing_is_restored_from_its_zip(bench: Bench) -> None:
    folder = await created(bench)
    shutil.rmtree(folder)
    await bench.open()
    assert bench.packages.folder(DIGEST) is None
    assert await bench.packages.ready(DIGEST) == folder
    assert bench.packages.folder(DIGEST) == folder
    assert (folder / "app.py").read_bytes() == HELLO


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
async def test_a_zip_that_is_missing_or_damaged_is_not_unpacked(
    bench: Bench, damage: object
) -> None:
    assert callable(damage)
    shutil.rmtree(await created(bench))
    damage(bench.blobs.path(DIGEST))
    await bench.open()
    with pytest.raises(InvalidZipFile, match="missing or damaged") as caught:
        await bench.packages.ready(DIGEST)
    assert str(bench.code.parent) not in caught.value.message
    assert list(bench.code.iterdir()) == []


async def test_a_start_removes_what_a_crash_left(bench: Bench) -> None:
    folder = await created(bench)
    (bench.code / ".partial-1234" / "deep").mkdir(parents=True)
    (bench.code / ("0" * 64)).mkdir()
    # A package whose function was never written.
    orphan = zipped({"orphan.py": ""})
    digest = hashlib.sha256(orphan).hexdigest()
    await bench.store.add_package(Package(digest, len(orphan)))
    await bench.blobs.put(orphan)
    await bench.open()
    assert list(bench.code.iterdir()) == [folder]
    assert not await bench.blobs.exists(digest)
    assert await bench.store.unused_packages() == []
    assert await bench.blobs.exists(DIGEST)


async def test_a_package_that_two_functions_have_outlives_the_first(bench: Bench) -> None:
    service = await bench.open()
    for name in ("one", "two"):
        await service.create_function(context(), create_request(name, Code={"ZipFile": CONTENT}))
    await service.delete_function(context(), {"FunctionName": "one"})
    assert await bench.blobs.exists(DIGEST)
    await service.delete_function(context(), {"FunctionName": "two"})
    assert not await bench.blobs.exists(DIGEST)


async def test_the_unpacked_package_stays_while_a_sandbox_may_be_running_it(bench: Bench) -> None:
    folder = await created(bench)
    service = await bench.open()
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert folder.exists()
    await bench.clock.advance(LONG_AFTER_S)
    await service.create_function(context(), create_request(Code={"ZipFile": zipped({"a": "b"})}))
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert not folder.exists()


async def test_an_unpacked_package_that_is_used_again_stays(bench: Bench) -> None:
    folder = await created(bench)
    service = await bench.open()
    await service.delete_function(context(), {"FunctionName": "hello"})
    await service.create_function(context(), create_request(Code={"ZipFile": CONTENT}))
    await bench.clock.advance(LONG_AFTER_S)
    other = create_request("other", Code={"ZipFile": zipped({"a": "b"})})
    await service.create_function(context(), other)
    await service.delete_function(context(), {"FunctionName": "other"})
    assert (folder / "app.py").exists()
    assert await bench.blobs.exists(DIGEST)


async def test_adding_and_deleting_the_same_code_at_once_never_loses_it(bench: Bench) -> None:
    service = await bench.open()

    async def churn(name: str) -> None:
        for _ in range(5):
            request = create_request(name, Code={"ZipFile": CONTENT})
            await service.create_function(context(), request)
            assert await bench.blobs.exists(DIGEST)
            assert (bench.code / DIGEST / "app.py").exists()
            await service.delete_function(context(), {"FunctionName": name})

    await asyncio.gather(*(churn(f"f{number}") for number in range(4)))
    assert not await bench.blobs.exists(DIGEST)
    assert await bench.store.unused_packages() == []


async def test_a_creation_that_is_cut_off_leaves_all_or_nothing(bench: Bench) -> None:
    service = await bench.open()
    where = ("000000000000", "us-east-1")
    for doubled in range(8):
        request = create_request(f"f{doubled}", Code={"ZipFile": CONTENT})
        task = asyncio.create_task(service.create_function(context(), request))
        for _ in range(2**doubled):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        remembered = bench.store.functions(*where)
        assert (await LambdaStore.open(bench.database, KEYS)).functions(*where) == remembered
        for each in remembered:
            assert await bench.blobs.exists(DIGEST)
            await service.delete_function(context(), {"FunctionName": each.name})
    assert await bench.store.unused_packages() == []
    assert not await bench.blobs.exists(DIGEST)


async def test_a_disk_that_cannot_be_written_is_reported_as_such(
    tmp_path: Path, database: Database, clock: ManualClock
) -> None:
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    store = await LambdaStore.open(database, KEYS)
    locks: KeyedLocks[str] = KeyedLocks()
    folders = Folders(Path("/dev/null/code"), clock, {}, locks)
    packages = Packages(store, BlobStore(blobs), folders, locks)
    with pytest.raises(Exception, match="could not be unpacked: Not a directory"):
        async with packages.added(CONTENT):
            pass
    assert await store.unused_packages() == []
