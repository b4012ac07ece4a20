"""The data folder and its lock."""

import gc
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ingle.storage.encryption import KeyFileUnusable
from ingle.storage.errors import FolderInUse, FormatTooNew, NotADataFolder
from ingle.storage.folder import FORMAT, DataFolder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a" / "b" / "data") as folder:
        assert folder.path == tmp_path / "a" / "b" / "data"
        assert folder.credentials == folder.path / "credentials"
        for made in (folder.path, folder.blobs, folder.code, folder.logs):
            assert made.is_dir()
            assert mode(made) == 0o700
        for name in ("lock", "format", "secret.key"):
            assert mode(folder.path / name) == 0o600
        assert (folder.path / "format").read_text() == f"{FORMAT}\n"


def test_a_relative_path_stays_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with DataFolder.open(Path(".ingle")) as folder:
        assert folder.path == tmp_path / ".ingle"


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with DataFolder.open(path):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys, pathlib; from ingle.storage.folder import DataFolder, FolderInUse\n"
                "try: DataFolder.open(pathlib.Path(sys.argv[1]))\n"
                "except FolderInUse as error: print(error.pid, error)",
                str(path),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        pid, _, message = done.stdout.partition(" ")
        assert int(pid) == os.getpid()
        for word in (str(path), f"process {os.getpid()}", "Stop that server", "--data-dir"):
            assert word in message
        with pytest.raises(FolderInUse):
            DataFolder.open(path)
    folder = DataFolder.open(path)
    folder.close()
    folder.close()


def test_opening_does_not_leak_descriptors(tmp_path: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    gc.collect()  # what other tests left would be closed in between
    with DataFolder.open(tmp_path / "data"):
        before = count()
        with pytest.raises(FolderInUse):
            DataFolder.open(tmp_path / "data")
        assert count() == before
    assert count() == before - 1


def test_a_folder_from_a_newer_ingle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    DataFolder.open(path).close()
    (path / "format").write_text("7\n")
    with pytest.raises(FormatTooNew, match=r"format 7; .* up to 2\. Upgrade Ingle"):
        DataFolder.open(path)


def test_a_folder_of_an_older_ingle_gets_a_key_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    DataFolder.open(path).close()
    (path / "secret.key").unlink()
    (path / "format").write_text("1\n")
    DataFolder.open(path).close()
    assert (path / "format").read_text() == f"{FORMAT}\n"
    assert (path / "secret.key").exists()


def test_later_starts_and_an_interrupted_first_one_keep_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with DataFolder.open(path) as folder:
        assert folder.secret_key == path / "secret.key"
        key = folder.secret_key.read_bytes()
    DataFolder.open(path).close()
    assert (path / "secret.key").read_bytes() == key
    (path / "format").unlink()
    DataFolder.open(path).close()
    assert (path / "secret.key").read_bytes() == key


def test_a_lost_key_file_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "data"
    DataFolder.open(path).close()
    (path / "secret.key").unlink()
    for _ in range(2):
        with pytest.raises(KeyFileUnusable, match=r"secret\.key is missing.*from the backup"):
            DataFolder.open(path)


def test_a_damaged_format_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    DataFolder.open(path).close()
    (path / "format").write_text("what\n")
    with pytest.raises(NotADataFolder, match="damaged"):
        DataFolder.open(path)


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.mkdir(mode=0o755)
    (path / "holiday.jpg").touch()
    with pytest.raises(NotADataFolder, match=r"holds 'holiday.jpg'"):
        DataFolder.open(path)
    assert [entry.name for entry in path.iterdir()] == ["holiday.jpg"]
    assert mode(path) == 0o755


@pytest.mark.parametrize(
    "leftover",
    [
        "lock",
        "credentials",
        ".format.abc",
        ".secret.key.abc",
        "lost+found",
    ],
)
def test_an_interrupted_first_start_is_taken_up_again(tmp_path: Path, leftover: str) -> None:
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    (path / leftover).touch()
    with DataFolder.open(path):
        assert (path / "format").exists()


def test_a_folder_open_to_others_is_tightened_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "data"
    path.mkdir(mode=0o755)
    with DataFolder.open(path):
        assert mode(path) == 0o700
    assert "had mode 755" in caplog.text


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(NotADataFolder, match="--data-dir"):
            DataFolder.open(path)
