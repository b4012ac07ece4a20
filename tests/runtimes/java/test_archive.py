"""The archive of classes."""

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import archive as archives
from ingle.runtimes.java import major_of
from ingle.runtimes.java.archive import archive, place
from ingle.runtimes.kept import withdraw
from tests.runtimes.java.driver import pretender


def written(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def mapped(pid: int, path: Path) -> bool:
    real = os.path.realpath(path)
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return any(line.endswith(real) for line in lines)


def test_a_runtime_that_has_an_archive_uses_it(start, class_archive):
    runtime = start("example.Interfaces$Hello")
    assert mapped(runtime.pid, class_archive)


def test_the_runtimes_own_classes_are_in_the_archive(bring_up, put, tmp_path):
    put("functions")
    runtime = bring_up(f"-Xlog:class+load:file={tmp_path}/loaded")
    runtime.initialise("example.Interfaces$Hello")
    assert runtime.invoke({"name": "Ann"}).value == "Hello, Ann!"
    lines = (tmp_path / "loaded").read_text().splitlines()
    own = [line for line in lines if " ingle.runtime." in line]
    assert len(own) > 50
    assert [line for line in own if "source: shared objects file" not in line] == []


def test_a_runtime_without_an_archive_serves_as_well(bring_up, put):
    put("functions")
    runtime = bring_up(archived=False)
    runtime.initialise("example.Interfaces$Hello")
    assert runtime.invoke({"name": "Ann"}).value == "Hello, Ann!"


async def test_an_archive_is_made_once(java, tmp_path):
    first = await archive(java, tmp_path / "new" / "folder")
    assert first is not None
    assert first == place(java, tmp_path / "new" / "folder")
    made = written(first)
    assert await archive(java, tmp_path / "new" / "folder") == first
    assert written(first) == made
    assert sorted(first.parent.iterdir()) == sorted([first, first.resolve()])


async def test_an_archive_of_a_former_version_is_removed(class_archive, java, tmp_path):
    former = tmp_path / (class_archive.name.rsplit("-", 1)[0] + "-0000000000000000.jsa")
    others = tmp_path / "java-000000000000-0000000000000000.jsa"
    former.touch()
    others.touch()
    made = await archive(java, tmp_path)
    assert made is not None
    assert sorted(tmp_path.iterdir()) == sorted([others, made, made.resolve()])


@pytest.fixture
def copied(class_archive, tmp_path):
    """The archive in a folder of its own."""
    folder = shutil.copytree(class_archive.parent, tmp_path / "archives", symlinks=True)
    return folder / class_archive.name


async def test_nothing_is_used_after_a_start_before_it_was_looked_at(copied, java):
    whole = copied.resolve()
    draft = copied.parent / ".draft-abc"
    (draft / "var").mkdir(parents=True)
    withdraw(copied.parent)
    assert list(copied.parent.iterdir()) == [whole]
    made = written(whole)
    assert await archive(java, copied.parent) == copied
    assert written(copied) == made


@pytest.mark.parametrize("damage", ["cut", "changed"])
async def test_an_archive_that_is_damaged_is_made_anew(copied, java, damage):
    whole = copied.read_bytes()
    broken = copied.resolve()
    middle = len(whole) // 2
    copied.write_bytes(whole[:middle] if damage == "cut" else whole[:middle] + whole[middle + 1 :])
    withdraw(copied.parent)
    assert await archive(java, copied.parent) == copied
    assert copied.stat().st_size > middle * 1.9
    digest = hashlib.sha256(copied.read_bytes()).hexdigest()
    assert copied.resolve().stem.endswith(f"-{digest}")
    assert sorted(copied.parent.iterdir()) == sorted([copied, copied.resolve()])
    assert broken.exists() == (broken == copied.resolve())


async def test_java_8_has_none(tmp_path):
    java = Interpreter("java8", Path("/nonexistent/java"), "1.8.0_412", Path("/nonexistent"))
    assert await archive(java, tmp_path / "folder") is None
    assert not (tmp_path / "folder").exists()


async def test_a_java_that_fails_to_make_one_starts_without_and_it_is_logged(tmp_path, caplog):
    java = pretender(tmp_path / "java", "echo 'no\narchives  here'; exit 3")
    assert await archive(java, tmp_path / "folder") is None
    assert "Java 17.0.1 starts without an archive of its classes: no archives here" in caplog.text
    assert list((tmp_path / "folder").iterdir()) == []


async def test_a_java_that_hangs_is_ended(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(archives, "_TIMEOUT_S", 0.2)
    java = pretender(tmp_path / "java", "exec sleep 1000")
    assert await archive(java, tmp_path / "folder") is None
    assert "it took too long to make one" in caplog.text
    assert list((tmp_path / "folder").iterdir()) == []


async def test_an_updated_java_gets_a_new_one(java, tmp_path):
    names = {archives._name(each) for each in (java, replace(java, version="17.99.1"))}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("version", "major"), [("1.8.0_412", 8), ("11.0.2", 11), ("17.0.15", 17), ("25", 25)]
)
def test_the_feature_release_is_told_from_the_version(version, major):
    assert major_of(version) == major


def test_the_archive_is_readable_by_any_user(class_archive):
    assert class_archive.stat().st_mode & 0o777 == 0o644


async def test_a_folder_that_cannot_be_written_is_an_error(java, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        await archive(java, tmp_path / "file" / "folder")
    shutil.rmtree(tmp_path)
